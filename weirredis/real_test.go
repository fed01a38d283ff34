package weirredis_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirredis"
)

// checkBurst takes what a key has, of tokens and of windows, and one event more.
func checkBurst(t testing.TB, s *weirredis.Store, key string) {
	t.Helper()
	buckets := []limit.Bucket{{Rate: limit.PerHour(10), Burst: 5}, {Rate: limit.PerHour(1), Burst: 3}}
	windows := []limit.Window{
		{Quota: 3, Period: 100 * 365 * 24 * time.Hour},
		{Quota: 3, Period: 100 * 24 * time.Hour, Sliding: true},
		{Quota: 3, Period: 700 * 24 * time.Hour, Align: time.Local},
	}
	for i := range 4 {
		taken, err := s.TakeTokens(context.Background(), key, 1, 0, buckets)
		require.NoError(t, err)
		require.Equal(t, i < 3, taken.OK, "%d: %+v", i, taken)
		require.Equal(t, max(0, 2-i), taken.Remaining, i)
		for j, w := range windows {
			taken, err := s.TakeWindow(context.Background(), fmt.Sprint(key, j), 1, w)
			require.NoError(t, err)
			require.Equal(t, i < 3, taken.OK, "%d: %+v", i, taken)
			require.Equal(t, max(0, 2-i), taken.Remaining, i)
		}
	}
}

func serverTime(t testing.TB, c *redis.Client) time.Time {
	t.Helper()
	now, err := c.Time(context.Background()).Result()
	require.NoError(t, err)
	return now
}

func TestRealServerAgreesOnBurstAndQuota(t *testing.T) {
	checkBurst(t, storeOf(startServer(t).client()), "k")
}

// go-zero's keys lived for floor(burst/rate*2) seconds: with a burst below half
// the rate for 0, which Redis refuses, and every process was on its own.
func TestBurstBelowHalfTheRateIsSharedByAll(t *testing.T) {
	server := startServer(t)
	c := server.client()
	stores := []*weirredis.Store{storeOf(c), storeOf(server.client())}
	for _, b := range []limit.Bucket{
		{Rate: limit.PerSecond(100), Burst: 10}, {Rate: limit.PerSecond(1_000_000), Burst: 1}, {Rate: limit.PerSecond(1_000_000_000), Burst: 1},
	} {
		ctx, key := context.Background(), b.Rate.String()
		from, allowed := serverTime(t, c), 0
		for i := range 40 {
			taken, err := stores[i%2].TakeTokens(ctx, key, 1, 0, []limit.Bucket{b})
			require.NoError(t, err)
			if taken.OK {
				allowed++
			}
		}
		elapsed := serverTime(t, c).Sub(from)
		require.LessOrEqual(t, allowed, b.Burst+int(elapsed.Seconds()*float64(b.Rate.Events)), "%v in %v", b, elapsed)
		require.GreaterOrEqual(t, allowed, min(40, b.Burst))
	}
}

// N callers get every event, and not one more.
func TestCallersTogetherGetExactlyTheRate(t *testing.T) {
	server := startServer(t)
	c := server.client()
	b := []limit.Bucket{{Rate: limit.PerSecond(500), Burst: 50}}
	sliding := limit.Window{Quota: 100, Period: time.Hour, Sliding: true}
	var allowed, inWindow atomic.Int64
	from := serverTime(t, c)
	stop := time.Now().Add(700 * time.Millisecond)
	var wg sync.WaitGroup
	for range 4 {
		s := storeOf(server.client())
		wg.Go(func() {
			for time.Now().Before(stop) {
				taken, err := s.TakeTokens(context.Background(), "k", 1, 0, b)
				if err == nil && taken.OK {
					allowed.Add(1)
				}
				taken, err = s.TakeWindow(context.Background(), "k", 1, sliding)
				if err == nil && taken.OK {
					inWindow.Add(1)
				}
			}
		})
	}
	wg.Wait()
	elapsed := serverTime(t, c).Sub(from)
	most := 50 + int64(elapsed*500/time.Second)
	t.Logf("allowed %d of %d in %v", allowed.Load(), most, elapsed)
	require.LessOrEqual(t, allowed.Load(), most)
	require.GreaterOrEqual(t, allowed.Load(), most/2)
	require.EqualValues(t, 100, inWindow.Load())
}

func TestRefusalsAndLooksWriteNothing(t *testing.T) {
	c := startServer(t).client()
	s := storeOf(c)
	checkBurst(t, s, "k")
	written := func() (calls []string) {
		for line := range strings.Lines(do(t, c, "INFO", "commandstats").(string)) {
			name, stats, _ := strings.Cut(line, ":")
			if name == "cmdstat_set" || name == "cmdstat_del" {
				count, _, _ := strings.Cut(stats, ",")
				calls = append(calls, name+" "+count)
			}
		}
		return calls
	}
	before := written()
	require.NotEmpty(t, before)
	buckets := []limit.Bucket{{Rate: limit.PerHour(10), Burst: 5}, {Rate: limit.PerHour(1), Burst: 3}}
	for _, n := range []int{0, 1, 5, 100} {
		taken, err := s.TakeTokens(context.Background(), "k", n, 0, buckets)
		require.NoError(t, err)
		require.False(t, taken.OK)
		for _, w := range []limit.Window{{Quota: 3, Period: 1000 * time.Hour}, {Quota: 3, Period: 1000 * time.Hour, Sliding: true}} {
			taken, err = s.TakeWindow(context.Background(), "k"+map[bool]string{false: "0", true: "1"}[w.Sliding], n, w)
			require.NoError(t, err)
			require.False(t, taken.OK)
		}
	}
	require.Equal(t, before, written())
}
