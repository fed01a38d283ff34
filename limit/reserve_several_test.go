package limit_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
)

// Whoever waits does so because of one rate, but was counted by the others when
// its place was reserved. If what is cancelled before it came back there alone,
// they would have forgotten it by the time it happens.
func TestCancelGivesBackToAllRatesOrToNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		l := limit.NewToken(limit.TokenOptions{
			Rate: limit.PerSecond(10), Burst: 1,
			Also: []limit.Bucket{{Rate: limit.PerSecond(5), Burst: 20}},
		})
		require.True(t, decide(t, l.Allow, "user").Allowed)
		var early []*limit.Reservation
		for range 15 {
			r, err := l.Reserve(ctx, "user", 1, time.Hour)
			require.NoError(t, err)
			early = append(early, r)
		}
		last, err := l.Reserve(ctx, "user", 1, time.Hour)
		require.NoError(t, err)
		require.Equal(t, 1600*time.Millisecond, last.Delay())
		for _, r := range early {
			r.Cancel(ctx)
		}
		time.Sleep(last.Delay())
		happened := 1
		for start := time.Now(); time.Since(start) < 3900*time.Millisecond; {
			time.Sleep(100 * time.Millisecond)
			if decide(t, l.Allow, "user").Allowed {
				happened++
			}
		}
		require.LessOrEqual(t, happened, 20+19, "in 3.9 seconds, by the slower rate")
	})
}
