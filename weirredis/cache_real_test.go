package weirredis_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/cache"
	"github.com/weirgo/weir/weirredis"
)

func TestCacheOnARealServer(t *testing.T) {
	s := startServer(t)
	client := s.client()
	c := closing(t, weirredis.CacheOptions[person]{Client: client, Prefix: "p:"})
	var loads atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			v, err := c.Take(t.Context(), "a", func(context.Context) (person, error) {
				loads.Add(1)
				return ada, nil
			})
			if err != nil || v != ada {
				t.Error(v, err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, int64(1), loads.Load())
	_, err := c.Take(bg, "none", fails(weirredis.ErrNotFound))
	require.ErrorIs(t, err, weirredis.ErrNotFound)
	require.NoError(t, c.SetTTL(bg, "short", ada, time.Nanosecond))
	for key, most := range map[string]time.Duration{"p:a": 7 * 24 * time.Hour * 105 / 100, "p:none": time.Minute} {
		ttl := client.PTTL(bg, key).Val()
		require.Positive(t, ttl, key)
		require.LessOrEqual(t, ttl, most)
	}
	eventually(t, "the shortest time is over", func() bool { return client.Exists(bg, "p:short").Val() == 0 })
	require.NoError(t, c.Delete(bg, "a", "none", "other"))
	require.Zero(t, client.DBSize(bg).Val())
}

func TestCacheOnACluster(t *testing.T) {
	c := closing(t, weirredis.CacheOptions[int]{Client: startCluster(t).client(), Timeout: 10 * time.Second})
	var keys []string
	for i := range 300 {
		keys = append(keys, fmt.Sprint(i))
		require.NoError(t, c.Set(bg, keys[i], i))
	}
	for i, key := range keys {
		v, err := c.Take(bg, key, func(context.Context) (int, error) { return -1, nil })
		require.NoError(t, err)
		require.Equal(t, i, v)
	}
	require.NoError(t, c.Delete(bg, keys...), "though they are in many slots")
	for _, key := range keys {
		_, found, err := c.Get(bg, key)
		require.NoError(t, err)
		require.False(t, found)
	}
}

func TestCacheFailsInTimeWhileAServerHangsAndGoesOnAfterwards(t *testing.T) {
	p := startProxy(t, startServer(t).addr())
	client := redis.NewClient(&redis.Options{Addr: p.addr(), ContextTimeoutEnabled: true, MaxRetries: -1})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	c := closing(t, weirredis.CacheOptions[person]{Client: client, Timeout: 50 * time.Millisecond, Breaker: breaker.Options{
		TripDelay: -1, ProbeInterval: 50 * time.Millisecond, ProbeSuccesses: 1,
	}})
	eventually(t, "a value is kept", func() bool { return c.Set(bg, "a", ada) == nil })
	p.delay.Store(int64(5 * time.Second))
	rejected := false
	for range 40 {
		_, err := c.Take(bg, "a", mustNot(t))
		require.Error(t, err, "nobody waits five seconds for an answer")
		rejected = rejected || errors.Is(err, weir.ErrRejected)
	}
	require.True(t, rejected, "and after a few calls, nobody waits at all")
	p.delay.Store(0)
	p.cut()
	eventually(t, "it is used again", func() bool {
		v, found, err := c.Get(bg, "a")
		return err == nil && found && v == ada
	})
}

func TestDeletionThatFailsIsMadeUpForWhenTheServerIsBack(t *testing.T) {
	s := startServer(t)
	client := redis.NewClient(&redis.Options{Addr: s.addr(), ContextTimeoutEnabled: true, DialerRetries: 1, MaxRetries: -1})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	c := closing(t, weirredis.CacheOptions[person]{Client: client, Breaker: patientBreaker})
	s.kill()
	require.Error(t, c.Delete(bg, "a"))
	s.restart()
	require.NoError(t, s.client().Set(bg, "a", "old", 0).Err())
	eventually(t, "it is deleted", func() bool { return s.client().Exists(bg, "a").Val() == 0 })
	require.Zero(t, c.Stats().PendingDeletes)
}

// The second level behind the first: what one says of a value that does not exist,
// the other understands.
func TestCacheIsTheLoadOfACacheInMemory(t *testing.T) {
	second, m := people(t)
	first := cache.New(cache.Options[string, person]{})
	defer first.Close(bg)
	take := func(key string, load loader) (person, error) {
		return first.Take(bg, key, func(ctx context.Context) (person, error) { return second.Take(ctx, key, load) })
	}
	for range 2 {
		v, err := take("a", gives(ada))
		require.NoError(t, err)
		require.Equal(t, ada, v)
		_, err = take("b", fails(cache.ErrNotFound))
		require.True(t, err == cache.ErrNotFound)
	}
	require.Equal(t, []string{"a", "b"}, m.Keys())
	require.Equal(t, uint64(1), second.Stats().Loads)
	require.Equal(t, uint64(1), first.Stats().LoadsNotFound)
	m.SetError("LOADING")
	_, err := take("c", mustNot(t))
	require.ErrorContains(t, err, "LOADING")
	require.Zero(t, first.Stats().Stale)
	m.SetError("")
}
