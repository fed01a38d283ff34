package limit

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// What a Memory says is what a store may say, at whatever load.
func TestAMemoryNeverSeemsToTalkNonsense(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := [][]Bucket{
			{{PerSecond(10), 10}},
			{{PerSecond(100), 5}, {PerMinute(100), 50}},
			{{Rate{1, 30 * 365 * day}, 4}, {PerHour(7), 7}},
			{{Rate{math.MaxInt32, 1}, math.MaxInt32}},
		}
		windows := []Window{
			{Quota: 5, Period: time.Second},
			{Quota: 50, Period: time.Minute, Sliding: true},
			{Quota: 7, Period: day, Align: time.UTC},
		}
		withins := []time.Duration{0, 1, time.Second, time.Hour, farthest, math.MaxInt64}
		d := newDoor("", doorOptions{store: newFakeStore(), timeout: -1})
		for range 20_000 {
			n := rand.IntN(20) - 3
			_, degraded, err := d.tokens(context.Background(), "key", n, withins[rand.IntN(len(withins))], limits[rand.IntN(len(limits))])
			require.NoError(t, err)
			require.False(t, degraded, "%v", d.stats().lastErr)
			_, degraded, err = d.window(context.Background(), "key", max(0, n), windows[rand.IntN(len(windows))])
			require.NoError(t, err)
			require.False(t, degraded, "%v", d.stats().lastErr)
			time.Sleep(time.Duration(rand.Int64N(int64(2 * time.Second))))
		}
	})
}

func TestAPeriodLimitHasAStandInToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		p := NewPeriod(PeriodOptions{Name: "sms", Quota: 10, Period: time.Minute, Store: s, Replicas: 2})
		allowed := func() (n int, last Decision) {
			for range 20 {
				d, err := p.Take(t.Context(), "key")
				require.NoError(t, err)
				if d.Allowed {
					n++
				}
				last = d
			}
			return n, last
		}
		s.set(hanging)
		n, last := allowed()
		require.Equal(t, 5, n)
		require.True(t, last.Degraded)
		require.Equal(t, "sms:key", s.calls[0].key)
		s.set(nil)
		time.Sleep(time.Second)
		n, last = allowed()
		require.Equal(t, 10, n)
		require.False(t, last.Degraded)
		require.NotZero(t, p.Stats().Degraded)
	})
}
