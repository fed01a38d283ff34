package weirredis_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/weirredis"
)

var (
	badBreaker = breaker.Options{Buckets: 1}
	// patientBreaker never refuses.
	patientBreaker = breaker.Options{Protection: 1 << 30, TripAfter: -1}
)

func TestTakeFailsWithoutAskingTheSourceIfRedisFails(t *testing.T) {
	m, client := inMemory(t)
	m.fail = func(string) error { return errNode }
	c := closing(t, weirredis.CacheOptions[person]{Client: client, Breaker: patientBreaker})
	_, err := c.Take(bg, "a", mustNot(t))
	require.EqualError(t, err, "weirredis: node memory: the node does not answer")
	require.ErrorIs(t, err, errNode)
	_, _, err = c.Get(bg, "a")
	require.ErrorIs(t, err, errNode)
	require.ErrorIs(t, c.Set(bg, "a", ada), errNode)
	require.ErrorIs(t, c.Delete(bg, "a"), errNode)
	require.Equal(t, weirredis.CacheStats{Failures: 4, PendingDeletes: 1}, c.Stats())
}

func TestTakeAsksTheSourceIfToldTo(t *testing.T) {
	m, client := inMemory(t)
	m.fail = func(string) error { return errNode }
	c := closing(t, weirredis.CacheOptions[person]{Client: client, Breaker: patientBreaker, LoadWhenDown: true})
	for range 2 {
		v, err := c.Take(bg, "a", gives(ada))
		require.NoError(t, err)
		require.Equal(t, ada, v)
		_, err = c.Take(bg, "b", fails(weirredis.ErrNotFound))
		require.True(t, err == weirredis.ErrNotFound)
		_, err = c.Take(bg, "c", fails(errDown))
		require.True(t, err == errDown)
	}
	require.NotContains(t, m.log, "set")
}

func TestLoadedValueIsReturnedThoughRedisFailsToKeepIt(t *testing.T) {
	m, client := inMemory(t)
	m.fail = func(cmd string) error {
		if cmd == "set" {
			return errNode
		}
		return nil
	}
	c := closing(t, weirredis.CacheOptions[person]{Client: client, Breaker: patientBreaker})
	v, err := c.Take(bg, "a", gives(ada))
	require.NoError(t, err)
	require.Equal(t, ada, v)
	_, err = c.Take(bg, "b", fails(weirredis.ErrNotFound))
	require.True(t, err == weirredis.ErrNotFound)
	require.Equal(t, uint64(2), c.Stats().Unkept)
}

func TestCorruptValueThatCannotBeDeletedIsAFailure(t *testing.T) {
	m, client := inMemory(t)
	m.values["a"] = "{"
	m.fail = func(cmd string) error {
		if cmd == "del" {
			return errNode
		}
		return nil
	}
	c := closing(t, weirredis.CacheOptions[person]{Client: client, Breaker: patientBreaker})
	_, err := c.Take(bg, "a", mustNot(t))
	require.ErrorIs(t, err, errNode)
}

func TestKeyOfAnotherKindIsAnErrorOfThatKeyOnly(t *testing.T) {
	c, m := people(t)
	_, err := m.Push("list", "x")
	require.NoError(t, err)
	for range 100 {
		_, err = c.Take(bg, "list", mustNot(t))
		require.ErrorContains(t, err, "WRONGTYPE")
		require.NotErrorIs(t, err, weir.ErrRejected)
	}
	require.True(t, m.Exists("list"), "it is not ours to delete")
	_, err = c.Take(bg, "a", gives(ada))
	require.NoError(t, err)
}

func TestBreakerOfANodeThatIsDownFailsFastAndLeavesTheOthersAlone(t *testing.T) {
	var nodes []weirredis.CacheNode
	var servers []*miniredis.Miniredis
	for i := range 3 {
		m := miniredis.RunT(t)
		client := redis.NewClient(&redis.Options{
			Addr: m.Addr(), ContextTimeoutEnabled: true, DialerRetries: 1, MaxRetries: -1,
		})
		t.Cleanup(func() { require.NoError(t, client.Close()) })
		nodes = append(nodes, weirredis.CacheNode{Name: fmt.Sprint("n", i), Client: client})
		servers = append(servers, m)
	}
	c := closing(t, weirredis.CacheOptions[int]{Name: "x", Nodes: nodes, Timeout: 5 * time.Second, Breaker: breaker.Options{
		TripDelay: -1, ProbeInterval: 100 * time.Millisecond, ProbeSuccesses: 1,
	}})
	owner := map[string]int{}
	for i := range 60 {
		key := fmt.Sprint(i)
		require.NoError(t, c.Set(bg, key, i))
		for n, m := range servers {
			if m.Exists(key) {
				owner[key] = n
			}
		}
	}
	servers[1].Close()
	refused := 0
	for range 20 {
		for i := range 60 {
			key := fmt.Sprint(i)
			v, err := c.Take(bg, key, func(context.Context) (int, error) {
				t.Error("the source is asked")
				return 0, nil
			})
			if owner[key] != 1 {
				require.NoError(t, err)
				require.Equal(t, i, v)
				continue
			}
			require.ErrorContains(t, err, "weirredis: node n1: ")
			if errors.Is(err, weir.ErrRejected) {
				refused++
			}
		}
	}
	require.Greater(t, refused, 100)
	require.Equal(t, uint64(refused), c.Stats().Refused)
	state := map[string]float64{}
	c.Metrics(func(m weir.Metric) bool {
		if m.Name == "weir_breaker_state" {
			state[m.Labels[0].Value] = m.Value
		}
		return true
	})
	require.Equal(t, map[string]float64{"x/n0": 0, "x/n1": float64(breaker.Open), "x/n2": 0}, state)

	require.NoError(t, servers[1].Restart())
	eventually(t, "the node is used again", func() bool {
		_, _, err := c.Get(bg, keyOf(owner, 1))
		return err == nil
	})
}

func keyOf(owner map[string]int, node int) string {
	for key, n := range owner {
		if n == node {
			return key
		}
	}
	panic("no key")
}

func TestKeysAreSpreadOverNodesByWeight(t *testing.T) {
	var memories []*memory
	var nodes []weirredis.CacheNode
	for i, weight := range []int{1, 1, 2} {
		m, client := inMemory(t)
		memories = append(memories, m)
		nodes = append(nodes, weirredis.CacheNode{Name: fmt.Sprint("n", i), Client: client, Weight: weight})
	}
	c := closing(t, weirredis.CacheOptions[int]{Nodes: nodes, Prefix: "p:"})
	const n = 4000
	var keys []string
	for i := range n {
		keys = append(keys, fmt.Sprint(i))
		require.NoError(t, c.Set(bg, keys[i], i))
	}
	for i, share := range []int{n / 4, n / 4, n / 2} {
		require.InDelta(t, share, len(memories[i].values), n/20)
	}
	for i, key := range keys {
		v, found, err := c.Get(bg, key)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, i, v)
	}
	memories[0].fail = func(string) error { return errNode }
	memories[1].fail = func(string) error { return errNode }
	err := c.Delete(bg, keys...)
	require.ErrorContains(t, err, "weirredis: node n0: the node")
	require.ErrorContains(t, err, "weirredis: node n1: the node")
	require.Empty(t, memories[2].values, "those of the third are deleted all the same")
	require.Equal(t, len(memories[0].values)+len(memories[1].values), c.Stats().PendingDeletes)
}
