package weirredis_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// startSentinel starts one that watches a master named "weir".
func startSentinel(t testing.TB, master *server) *server {
	t.Helper()
	s := &server{t: t, path: binary(t), dir: t.TempDir()}
	t.Cleanup(s.kill)
	for range 5 {
		s.port = freePort(t)
		config := filepath.Join(s.dir, "sentinel.conf")
		require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, strings.Join([]string{
			"port %d", "bind 127.0.0.1", "dir %s", "logfile log",
			"sentinel monitor weir 127.0.0.1 %d 1",
			"sentinel down-after-milliseconds weir 300", "sentinel failover-timeout weir 3000", "",
		}, "\n"), s.port, s.dir, master.port), 0o600))
		if s.run(config, "--sentinel") {
			return s
		}
		s.kill()
	}
	require.FailNow(t, "the sentinel does not start")
	return nil
}

func TestFaultSentinelReplacesTheMaster(t *testing.T) {
	master := startServer(t, "--repl-diskless-sync-delay", "0")
	replica := startServer(t, "--replicaof", "127.0.0.1 "+strconv.Itoa(master.port))
	rc, mc := replica.client(), master.client()
	eventually(t, "the replica follows the master", func() bool {
		return strings.Contains(do(t, mc, "INFO", "replication").(string), "state=online")
	})
	sentinel := startSentinel(t, master)
	sc := sentinel.client()
	eventually(t, "the sentinel knows the replica", func() bool {
		return strings.Contains(fmt.Sprint(do(t, sc, "SENTINEL", "REPLICAS", "weir")), strconv.Itoa(replica.port))
	})
	l := startLoad(t, short, func() redis.UniversalClient {
		c := redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: "weir", SentinelAddrs: []string{sentinel.addr()}, ContextTimeoutEnabled: true,
		})
		t.Cleanup(func() { require.NoError(t, c.Close()) })
		return c
	}, "k")
	l.outage(func() {
		master.kill()
		eventually(t, "the replica is the master", func() bool {
			return strings.Contains(do(t, rc, "INFO", "replication").(string), "role:master")
		})
		time.Sleep(100 * time.Millisecond)
	})
	l.mustBeBounded(1)
	require.NotNil(t, do(t, rc, "GET", "weir:{k}"), "the replica goes on with what it knew")
}
