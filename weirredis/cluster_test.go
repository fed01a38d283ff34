package weirredis_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

const slots = 16_384

// A cluster is three masters without replicas.
type cluster struct {
	t     testing.TB
	nodes []*server
	ids   []string
	admin []*redis.Client
}

func startCluster(t testing.TB) *cluster {
	t.Helper()
	c := &cluster{t: t}
	for i := range 3 {
		s := startServer(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-require-full-coverage", "no")
		c.nodes = append(c.nodes, s)
		c.admin = append(c.admin, s.client())
		c.ids = append(c.ids, do(t, c.admin[i], "CLUSTER", "MYID").(string))
		var own []any
		own = append(own, "CLUSTER", "ADDSLOTS")
		for slot := slots * i / 3; slot < slots*(i+1)/3; slot++ {
			own = append(own, slot)
		}
		do(t, c.admin[i], own...)
		do(t, c.admin[i], "CLUSTER", "SET-CONFIG-EPOCH", i+1)
	}
	for _, s := range c.nodes[1:] {
		do(t, c.admin[0], "CLUSTER", "MEET", "127.0.0.1", s.port)
	}
	for _, a := range c.admin {
		eventually(t, "all nodes know all slots", func() bool {
			info := do(t, a, "CLUSTER", "INFO").(string)
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_slots_assigned:16384") &&
				strings.Contains(info, "cluster_known_nodes:3")
		})
	}
	return c
}

func (c *cluster) client() *redis.ClusterClient {
	var addrs []string
	for _, s := range c.nodes {
		addrs = append(addrs, s.addr())
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, ContextTimeoutEnabled: true})
	c.t.Cleanup(func() { require.NoError(c.t, client.Close()) })
	return client
}

// owner returns which node has a slot.
func (c *cluster) owner(slot int) int {
	for i := range c.nodes {
		if slot < slots*(i+1)/3 {
			return i
		}
	}
	panic("no such slot")
}

// migrate moves a slot in the steps that redis-cli takes, and calls between while
// it belongs to both nodes: first while its keys are still here, then while they
// are there.
func (c *cluster) migrate(slot, from, to int, between func()) {
	c.t.Helper()
	do(c.t, c.admin[to], "CLUSTER", "SETSLOT", slot, "IMPORTING", c.ids[from])
	do(c.t, c.admin[from], "CLUSTER", "SETSLOT", slot, "MIGRATING", c.ids[to])
	between()
	for {
		keys := do(c.t, c.admin[from], "CLUSTER", "GETKEYSINSLOT", slot, 100).([]any)
		if len(keys) == 0 {
			break
		}
		for _, key := range keys {
			do(c.t, c.admin[from], "MIGRATE", "127.0.0.1", c.nodes[to].port, key, 0, 5000)
		}
	}
	between()
	for _, i := range []int{to, from, 3 - to - from} {
		do(c.t, c.admin[i], "CLUSTER", "SETSLOT", slot, "NODE", c.ids[to])
	}
}

func slotOf(t testing.TB, c *redis.Client, key string) int {
	t.Helper()
	n, err := c.ClusterKeySlot(context.Background(), key).Result()
	require.NoError(t, err)
	return int(n)
}

func TestClusterNeedsNothingButTheSlotOfTheKey(t *testing.T) {
	c := startCluster(t)
	client := c.client()
	s := storeOf(client)
	hit := map[int]bool{}
	for i := range 30 {
		checkBurst(t, s, fmt.Sprint("user", i))
		hit[c.owner(slotOf(t, c.admin[0], fmt.Sprintf("weir:{user%d}", i)))] = true
	}
	require.Len(t, hit, 3, "keys on every node")
	require.Equal(t, slotOf(t, c.admin[0], "weir:{a}"), slotOf(t, c.admin[0], "other:{a}:w"),
		"the slot follows from the user's key alone")
}
