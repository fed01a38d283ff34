package breaker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/breaker"
)

// throttle makes two of three calls fail until the breaker throttles, but not
// long enough in a row for it to open. It needs a bubble.
func throttle(t *testing.T, b *breaker.Breaker) {
	t.Helper()
	for range 200 {
		_ = times(2, b, fail)
		_ = times(1, b, succeed)
		time.Sleep(5 * time.Millisecond)
	}
	require.Equal(t, breaker.Throttling, b.State())
}

func TestFailuresAreForgottenAfterTheWindowWithoutACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		throttle(t, b)
		require.Positive(t, b.Stats().DropRatio)
		time.Sleep(9 * time.Second)
		require.Equal(t, breaker.Throttling, b.State(), "the window still holds them")
		time.Sleep(2 * time.Second)
		st := b.Stats()
		require.Equal(t, breaker.Closed, st.State)
		require.Zero(t, st.DropRatio)
		require.Zero(t, st.WindowAccepted+st.WindowFailed+st.WindowThrottled)
		require.Equal(t, 1000, times(1000, b, succeed))
	})
}

func TestFirstCallAfterSilenceIsNotJudgedByWhatIsLongPast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A window of a second, a thousand failures, three seconds of nothing.
		b := breaker.New(breaker.Options{Window: time.Second, Buckets: 10, TripAfter: -1})
		_ = times(1000, b, fail)
		require.Equal(t, breaker.Throttling, b.State())
		time.Sleep(3 * time.Second)
		require.Equal(t, 1000, times(1000, b, succeed))
		require.Equal(t, breaker.Closed, b.State())
	})
}

func TestWindowSlidesByBuckets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		time.Sleep(time.Microsecond) // off the edge of a bucket
		require.Equal(t, 3, times(3, b, succeed))
		require.Equal(t, 2, times(2, b, fail))
		time.Sleep(5 * time.Second)
		require.Equal(t, 4, times(4, b, succeed))
		st := b.Stats()
		require.Equal(t, [2]uint64{7, 2}, [2]uint64{st.WindowAccepted, st.WindowFailed})
		time.Sleep(4750 * time.Millisecond)
		st = b.Stats()
		require.Equal(t, [2]uint64{7, 2}, [2]uint64{st.WindowAccepted, st.WindowFailed})
		time.Sleep(250 * time.Millisecond)
		st = b.Stats()
		require.Equal(t, [2]uint64{4, 0}, [2]uint64{st.WindowAccepted, st.WindowFailed})
		time.Sleep(5 * time.Second)
		st = b.Stats()
		require.Equal(t, [2]uint64{0, 0}, [2]uint64{st.WindowAccepted, st.WindowFailed})
		require.Equal(t, [2]uint64{7, 2}, [2]uint64{st.Accepted, st.Failed}, "counters only grow")
	})
}

func TestThrottledCallsFadeOutOnceItWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{})
		throttle(t, b)
		for range 300 { // some are refused at first: Recovery is five seconds
			_ = times(1, b, succeed)
			time.Sleep(20 * time.Millisecond)
		}
		require.Zero(t, b.Stats().DropRatio)
		require.Equal(t, 1000, times(1000, b, succeed))
		time.Sleep(1250 * time.Millisecond) // the state lingers for a tenth of the window, and a bucket
		require.Equal(t, breaker.Closed, b.State())
	})
}

// Nine failures, a quiet hour, and one more: that is no streak that lasts.
func TestSilenceEndsAStreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{Protection: 1000})
		require.Equal(t, 9, times(9, b, fail))
		time.Sleep(time.Hour)
		require.Equal(t, 1, times(1, b, fail))
		require.Equal(t, breaker.Closed, b.State())
	})
}
