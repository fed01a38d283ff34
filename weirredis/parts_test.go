package weirredis_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirredis"
)

// A wrapped client is one of somebody else's types.
type wrapped struct{ *redis.ClusterClient }

func clusterNowhere(t *testing.T) *redis.ClusterClient {
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}, ContextTimeoutEnabled: true})
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func TestOneServerHasNoParts(t *testing.T) {
	require.Nil(t, storeOf(connect(t, "127.0.0.1:1")).Parts("api:"))
	sentinel := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "m", ContextTimeoutEnabled: true})
	t.Cleanup(func() { require.NoError(t, sentinel.Close()) })
	require.Nil(t, storeOf(sentinel).Parts("api:"))
}

func TestThePartIsThatOfTheWholeKey(t *testing.T) {
	c := clusterNowhere(t)
	for _, s := range []*weirredis.Store{storeOf(c), storeOf(wrapped{c}), storeOf(redis.UniversalClient(c))} {
		parts := map[int]bool{}
		for i := range 2000 {
			name, key := fmt.Sprint("name", i%7, ":"), fmt.Sprint("user", i)
			part := s.Parts(name)(key)
			require.Equal(t, s.Parts("")(name+key), part)
			require.Equal(t, part, s.Parts(name)(key+"} and more"), "the tag ends with the first brace")
			parts[part] = true
		}
		require.Len(t, parts, 64)
		require.Equal(t, 0x31C3/256, s.Parts("1234")("56789"))
	}
}

func TestPartsCostNoAllocation(t *testing.T) {
	of := storeOf(clusterNowhere(t)).Parts("api:")
	require.Zero(t, testing.AllocsPerRun(1000, func() { of("somebody") }))
}

func TestThePartsOfARingAreItsShards(t *testing.T) {
	ring := redis.NewRing(&redis.RingOptions{
		Addrs:                 map[string]string{"a": "127.0.0.1:1", "b": "127.0.0.1:2", "c": "127.0.0.1:3"},
		HeartbeatFrequency:    time.Hour,
		ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { require.NoError(t, ring.Close()) })
	of := storeOf(ring).Parts("api:")
	shards := map[string]int{}
	for i := range 300 {
		key := fmt.Sprint("user", i)
		shard, err := ring.GetShardClientForKey("weir:{api:" + key + "}:w")
		require.NoError(t, err)
		if part, known := shards[shard.Options().Addr]; known {
			require.Equal(t, part, of(key))
		}
		shards[shard.Options().Addr] = of(key)
	}
	require.Len(t, shards, 3)
}

func TestClusterTakesTheSlotThatThePartIsOf(t *testing.T) {
	c := startCluster(t)
	of := storeOf(c.client()).Parts("api:")
	for _, key := range []string{"ada", "a{b", "a}b", "a{b}c", "{ada}", "}", "}ada", "a:}", "ä", ""} {
		require.Equal(t, slotOf(t, c.admin[0], "weir:{api:"+key+"}")/256, of(key), "%q", key)
	}
	of = storeOf(c.client()).Parts("")
	for _, key := range []string{"ada", "}", "}ada", "{}", "{ada}"} {
		require.Equal(t, slotOf(t, c.admin[0], "weir:{"+key+"}")/256, of(key), "%q", key)
	}
}

// While a master is gone, limiters fall back for its keys alone.
func TestFaultMasterOfAClusterIsKilled(t *testing.T) {
	c := startCluster(t)
	const gone = 0
	var theirs, others []string
	for i := range 300 {
		key := fmt.Sprint("user", i)
		slot := slotOf(t, c.admin[0], "weir:{"+key+"}")
		first, last := c.owner(slot&^255), c.owner(slot|255)
		switch {
		case first == gone && last == gone:
			theirs = append(theirs, key)
		case first != gone && last != gone:
			others = append(others, key)
		} // else its part is of two masters
	}
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(1000), Store: storeOf(c.client()), Timeout: 2 * time.Second})
	for _, key := range append(theirs, others...) {
		d, err := l.Allow(context.Background(), key)
		require.NoError(t, err)
		require.False(t, d.Degraded)
	}
	c.nodes[gone].kill()
	killed := time.Now()
	var all sync.WaitGroup
	for _, key := range theirs {
		all.Go(func() {
			d, err := l.Allow(context.Background(), key)
			require.NoError(t, err)
			require.True(t, d.Degraded)
		})
	}
	for range 10 {
		for _, key := range others {
			d, err := l.Allow(context.Background(), key)
			require.NoError(t, err)
			require.False(t, d.Degraded)
		}
	}
	all.Wait()
	t.Logf("%d keys fell back, %d did not; took %v", len(theirs), len(others), time.Since(killed))
	require.False(t, l.Stats().DegradedSince.IsZero())

	c.nodes[gone].restart()
	eventually(t, "the keys of the master are back", func() bool {
		for _, key := range theirs {
			if d, err := l.Allow(context.Background(), key); err != nil || d.Degraded {
				return false
			}
		}
		return true
	})
	require.True(t, l.Stats().DegradedSince.IsZero())
	time.Sleep(time.Second) // go-redis dials once a second while a server is gone
}
