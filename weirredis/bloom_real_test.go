package weirredis_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirredis"
)

func TestRealServerAgreesWithTheLocalFilter(t *testing.T) {
	c := startServer(t).client()
	checkBloom(t, c)
	checkForeignFilters(t, c)
}

func TestProcessesShareOneFilterAndOneOfThemIsFirst(t *testing.T) {
	s := startServer(t)
	const processes, n = 4, 500
	first := make([]atomic.Int32, n)
	var wg sync.WaitGroup
	for range processes {
		b := bloomOf(s.client(), weirredis.BloomOptions{FPR: 1e-9})
		wg.Go(func() {
			for i, key := range numbered(0, n) {
				already, err := b.TestAndAdd(context.Background(), key)
				if err != nil || !already {
					first[i].Add(1)
				}
			}
		})
	}
	wg.Wait()
	for i := range first {
		require.EqualValues(t, 1, first[i].Load(), i)
	}
}

func TestOnlyNewBitsAreWritten(t *testing.T) {
	c := startServer(t).client()
	b := bloomOf(c, weirredis.BloomOptions{})
	require.NoError(t, b.AddN(context.Background(), numbered(0, 300)))
	before := writes(t, c)
	require.Contains(t, before, "cmdstat_setbit")
	require.NoError(t, b.AddN(context.Background(), numbered(0, 300)))
	require.NoError(t, b.Add(context.Background(), []byte("key 7")))
	_, err := b.TestN(context.Background(), numbered(0, 600))
	require.NoError(t, err)
	require.Equal(t, before, writes(t, c))
}

// writes returns how often commands were called that a filter writes with.
func writes(t *testing.T, c *redis.Client) string {
	t.Helper()
	var all []string
	for line := range strings.Lines(do(t, c, "INFO", "commandstats").(string)) {
		count, _, _ := strings.Cut(line, ",")
		if name, _, _ := strings.Cut(count, ":"); name == "cmdstat_setbit" || name == "cmdstat_setrange" || name == "cmdstat_pexpire" {
			all = append(all, count)
		}
	}
	return strings.Join(all, " ")
}

func TestRealFilterExpires(t *testing.T) {
	c := startServer(t).client()
	b := bloomOf(c, weirredis.BloomOptions{TTL: 30 * time.Millisecond})
	require.NoError(t, b.Add(context.Background(), []byte("a")))
	eventually(t, "the filter's end", func() bool {
		found, err := b.Test(context.Background(), []byte("a"))
		require.NoError(t, err)
		return !found
	})
	require.EqualValues(t, 0, do(t, c, "DBSIZE"))
}

func TestServerWithoutMemoryMakesNoHalfFilter(t *testing.T) {
	c := startServer(t).client()
	ctx := context.Background()
	b := bloomOf(c, weirredis.BloomOptions{})
	do(t, c, "CONFIG", "SET", "maxmemory", "1")
	require.ErrorContains(t, b.Add(ctx, nil), `weirredis: key "seen": OOM`)
	require.EqualValues(t, 0, do(t, c, "EXISTS", "seen"))
	found, err := b.Test(ctx, nil)
	require.NoError(t, err)
	require.False(t, found)
	do(t, c, "CONFIG", "SET", "maxmemory", "0")
	require.NoError(t, b.Add(ctx, nil))
}

func TestFiltersLiveAnywhereOnACluster(t *testing.T) {
	c := startCluster(t)
	client, ctx := c.client(), context.Background()
	hit := map[int]bool{}
	for i := range 12 {
		name := fmt.Sprintf("seen:%d", i)
		if i%2 == 0 {
			name = fmt.Sprintf("seen:{tag%d}:keys", i)
		}
		b := bloomOf(client, weirredis.BloomOptions{Key: name, FPR: 1e-9})
		require.NoError(t, b.AddN(ctx, numbered(0, 50)))
		found, err := b.TestN(ctx, numbered(0, 100))
		require.NoError(t, err)
		for j := range found {
			require.Equal(t, j < 50, found[j])
		}
		node := c.owner(slotOf(t, c.admin[0], name))
		hit[node] = true
		require.EqualValues(t, 1, do(t, c.admin[node], "EXISTS", name))
	}
	require.Len(t, hit, 3, "filters on every node")

	// While its slot moves, and afterwards.
	b := bloomOf(client, weirredis.BloomOptions{Key: "seen:1", FPR: 1e-9})
	slot := slotOf(t, c.admin[0], "seen:1")
	from := c.owner(slot)
	added := 50
	c.migrate(slot, from, (from+1)%3, func() {
		require.NoError(t, b.AddN(ctx, numbered(added, added+50)))
		added += 50
	})
	found, err := b.TestN(ctx, numbered(0, added))
	require.NoError(t, err)
	require.NotContains(t, found, false)
	require.NoError(t, b.Delete(ctx))
}

// operations are all there are, each with its error.
func operations(ctx context.Context, b *weirredis.Bloom) []error {
	_, test := b.Test(ctx, nil)
	_, testN := b.TestN(ctx, numbered(0, 3))
	_, both := b.TestAndAdd(ctx, nil)
	return []error{b.Add(ctx, nil), b.AddN(ctx, numbered(0, 3)), b.Delete(ctx), test, testN, both}
}

func TestFilterReportsAServerThatIsDown(t *testing.T) {
	s := startServer(t)
	b := bloomOf(s.client(), weirredis.BloomOptions{Timeout: 50 * time.Millisecond})
	s.kill()
	for _, err := range operations(context.Background(), b) {
		require.ErrorContains(t, err, `weirredis: key "seen": `)
	}
	s.restart()
	eventually(t, "the filter's return", func() bool { return b.Add(context.Background(), nil) == nil })
}

// silence accepts connections, and says nothing.
func silence(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// The contexts never end, so that nothing would, if Timeout did not end it.
func TestServerThatHangsHoldsNobody(t *testing.T) {
	c := redis.NewClient(&redis.Options{
		Addr: silence(t), ContextTimeoutEnabled: true, ReadTimeout: -1, WriteTimeout: -1, DialTimeout: time.Hour,
	})
	defer c.Close()
	b := bloomOf(c, weirredis.BloomOptions{Timeout: 20 * time.Millisecond})
	for _, err := range operations(context.Background(), b) {
		require.ErrorContains(t, err, `weirredis: key "seen": `)
	}
}

func TestCallersDeadlineComesBeforeTheFiltersTimeout(t *testing.T) {
	c := connect(t, silence(t))
	gone := errors.New("the caller has gone")
	for _, timeout := range []time.Duration{time.Hour, -1} {
		b := bloomOf(c, weirredis.BloomOptions{Timeout: timeout})
		ctx, cancel := context.WithTimeoutCause(context.Background(), 20*time.Millisecond, gone)
		for _, err := range operations(ctx, b) {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, err, gone)
			require.NotContains(t, err.Error(), "seen", "the error is the context's own")
		}
		cancel()
	}
}
