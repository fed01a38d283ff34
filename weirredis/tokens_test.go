package weirredis_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirredis"
)

// Rates whose events take no whole number of microseconds, more than one event per
// microsecond, and hardly any event at all.
var oddRates = []limit.Rate{
	limit.PerSecond(1), limit.PerSecond(10), limit.PerMinute(7), limit.PerHour(1000),
	{Events: 3, Per: 7 * time.Microsecond}, {Events: 999_983, Per: time.Second}, {Events: 1_000_003, Per: time.Hour},
	{Events: 7, Per: 3 * time.Nanosecond}, {Events: 1, Per: 7 * 24 * time.Hour}, {Events: 13, Per: 1_234_567_891 * time.Nanosecond},
}

// wide says that miniredis, which keeps TTLs in an int of milliseconds, can keep
// more than 24 days.
const wide = strconv.IntSize == 64

func oddBuckets(rng *rand.Rand) []limit.Bucket {
	buckets := make([]limit.Bucket, 1+rng.IntN(3))
	for i := range buckets {
		r := oddRates[rng.IntN(len(oddRates))]
		if r.Per > time.Hour && !wide {
			r.Per = time.Hour / 10
		}
		buckets[i] = limit.Bucket{Rate: r, Burst: 1 + rng.IntN(1<<rng.IntN(12))}
	}
	return buckets
}

func TestTokensAreExactlyThoseOfTheModel(t *testing.T) {
	for _, back := range []bool{false, true} {
		t.Run(fmt.Sprint("clock goes back: ", back), func(t *testing.T) {
			s, m, c := embedded(t)
			m.ClockTTL(!back) // going back and forth would make a TTL shorter in miniredis
			checkTokens(t, s, m.SetTime, back, func(key string, taken limit.Taken) { checkTTL(t, c, key, taken) })
		})
	}
}

// checkTTL says that a key lives for as long as its state matters.
func checkTTL(t *testing.T, c *redis.Client, key string, taken limit.Taken) {
	t.Helper()
	ttl, err := c.PTTL(context.Background(), key).Result()
	require.NoError(t, err)
	require.GreaterOrEqual(t, ttl, taken.Reset, "forgotten too early: %s", key)
	require.LessOrEqual(t, ttl, taken.Reset+2*time.Millisecond, "kept too long: %s", key)
}

// checkTokens compares a store with the model, in random steps.
func checkTokens(
	t *testing.T, s *weirredis.Store, setTime func(time.Time), back bool, taken func(string, limit.Taken),
) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	for key := range 40 {
		key := fmt.Sprint(key)
		buckets := oddBuckets(rng)
		clock := time.Date(2025+rng.IntN(75), 1, 1, 0, 0, 0, rng.IntN(1e9)/1000*1000, time.UTC).UnixMicro()
		var model tokenModel
		for step := range 50 {
			setTime(time.UnixMicro(clock))
			n := rng.IntN(buckets[0].Burst+2) / (1 + rng.IntN(8))
			within := time.Duration(0)
			if rng.IntN(3) == 0 {
				within = time.Duration(rng.Int64N(int64(20 * time.Second)))
			}
			if rng.IntN(6) == 0 {
				n = -n
			}
			at := fmt.Sprintf("key %s step %d: %d within %v of %v", key, step, n, within, buckets)
			want := model.take(clock, n, within, buckets)
			got, err := s.TakeTokens(context.Background(), key, n, within, buckets)
			require.NoError(t, err, at)
			require.Equal(t, want, got, at)
			if n > 0 && got.OK {
				taken("weir:{"+key+"}", got)
			}
			switch rng.IntN(4) {
			case 0:
				clock += rng.Int64N(2_000_000)
			case 1:
				clock += rng.Int64N(20)
			case 2:
				clock += got.Wait.Microseconds()
			case 3:
				if back {
					clock = max(clock-rng.Int64N(3_000_000), model.at-60_000_000)
				}
			}
		}
	}
}

// As in a limit.Memory: whoever came next would get a place that is taken.
func TestNothingIsGivenBackIfOthersHaveLaterPlaces(t *testing.T) {
	s, m, _ := embedded(t)
	m.SetTime(newYear)
	several := []limit.Bucket{{Rate: limit.PerSecond(1), Burst: 3}, {Rate: limit.PerSecond(2), Burst: 100}}
	for name, buckets := range map[string][]limit.Bucket{"one": several[:1], "several": several} {
		take := func(n int, within time.Duration) limit.Taken {
			taken, err := s.TakeTokens(context.Background(), name, n, within, buckets)
			require.NoError(t, err)
			return taken
		}
		take(3, 0)
		require.Equal(t, 3*time.Second, take(3, time.Hour).Wait)
		require.Equal(t, 4*time.Second, take(1, time.Hour).Wait)
		before := take(0, 0)
		require.Equal(t, 5*time.Second, before.Wait)
		require.Equal(t, limit.Taken{OK: true, Limit: 3, Reset: before.Reset}, take(-3, 3*time.Second), "the one is later")
		require.Equal(t, before, take(0, 0))
		require.Equal(t, limit.Taken{OK: true, Limit: 3, Reset: before.Reset - time.Second}, take(-1, 4*time.Second), "it was the last")
		require.Equal(t, 4*time.Second, take(0, 0).Wait)
	}
}
