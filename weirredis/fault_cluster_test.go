package weirredis_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

func (c *cluster) connect() redis.UniversalClient { return c.client() }

// EVALSHA meets MOVED, ASK and, where the key is but the script is not, NOSCRIPT.
func TestFaultSlotMovesFromNodeToNode(t *testing.T) {
	c := startCluster(t)
	slot := slotOf(t, c.admin[0], "weir:{k}")
	node := c.owner(slot)
	l := startLoad(t, patient, c.connect, "k")
	l.outage(func() {
		for range 6 {
			to := (node + 1) % len(c.nodes)
			do(t, c.admin[to], "SCRIPT", "FLUSH")
			c.migrate(slot, node, to, func() { time.Sleep(100 * time.Millisecond) })
			node = to
		}
	})
	l.mustBeExact()
	require.Zero(t, l.degraded.Load())
}

// While one of three masters hangs, limiters turn to their stand-ins for its keys.
func TestFaultNodeOfAClusterIsAway(t *testing.T) {
	c := startCluster(t)
	keys := []string{"a", "b", "c"}
	on := map[int]bool{}
	for _, key := range keys {
		on[c.owner(slotOf(t, c.admin[0], "weir:{"+key+"}"))] = true
	}
	require.Len(t, on, len(c.nodes), "a key on each node")
	away := c.owner(slotOf(t, c.admin[0], "weir:{a}"))
	l := startLoad(t, short, c.connect, keys...)
	l.outage(func() {
		c.nodes[away].pause()
		time.Sleep(time.Second)
		c.nodes[away].resume()
	})
	l.mustBeBounded(0)
}
