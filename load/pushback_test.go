package load

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

const decisecond = 1e8 // in ns

// A downstream accepts so many calls per window, and pushes the rest back.
type downstream struct {
	pushback
	accepts float64
}

// window lets so many calls arrive in a tenth of a second, and returns how many went
// further down, and how many were accepted there.
func (d *downstream) window(arrivals float64) (sent, accepted float64) {
	share := d.share()
	sent = arrivals * (1 - share)
	accepted = min(sent, d.accepts)
	d.learn(decisecond, accepted, sent-accepted, arrivals-sent)
	return sent, accepted
}

// settle lets so many arrive per window for a minute.
func (d *downstream) settle(arrivals float64) (sent, accepted float64) {
	for range 600 {
		sent, accepted = d.window(arrivals)
	}
	return sent, accepted
}

// onTop is how many calls per window are sent although they are too many, for with so
// few nothing can be said: as many as are needed in all, over what is remembered.
var onTop = pushFloor * (1 - math.Exp(-decisecond/pushMemory))

func TestAQuarterMoreIsSentThanIsAccepted(t *testing.T) {
	for _, arrivals := range []float64{200, 1000, 10_000, 1e6} {
		d := downstream{accepts: 100}
		sent, accepted := d.settle(arrivals)
		require.Equal(t, d.accepts, accepted, "at %g per window", arrivals)
		require.InDelta(t, pushMultiple*d.accepts+onTop, sent, 0.2, "at %g per window", arrivals)
	}
}

func TestNothingIsHeldBackWhileTheExcessIsSmall(t *testing.T) {
	for _, arrivals := range []float64{1, 50, 100, 124} {
		d := downstream{accepts: 100}
		sent, _ := d.settle(arrivals)
		require.Equal(t, arrivals, sent)
		require.Zero(t, d.share())
	}
}

func TestSomethingIsSentEvenIfNothingIsAccepted(t *testing.T) {
	d := downstream{}
	sent, _ := d.settle(1000)
	require.InDelta(t, onTop, sent, 0.05, "or nobody would find out that it has recovered")
	require.Less(t, d.share(), 1.0)
}

func TestHandfulOfCallsSaysNothing(t *testing.T) {
	var p pushback
	require.Zero(t, p.share(), "of none")
	for range pushFloor {
		p.learn(0, 0, 1, 0)
		require.Zero(t, p.share())
	}
	p.learn(0, 0, 1, 0)
	require.InDelta(t, 1.0/(pushFloor+1), p.share(), 1e-12)
}

// With a call every seven seconds, all of which are pushed back, there is never enough
// to go by.
func TestTrickleIsNeverHeldBack(t *testing.T) {
	var p pushback
	for range 1000 {
		p.learn(70*decisecond, 0, 1, 0)
		require.Zero(t, p.share())
	}
}

func TestPushbackEndsWithinSecondsOfItsReason(t *testing.T) {
	for _, accepts := range []float64{0, 10, 100} {
		d := downstream{accepts: accepts}
		d.settle(1000)
		require.Positive(t, d.share())
		d.accepts = 1e9
		windows := 0
		for d.share() > 0 {
			before := d.share()
			d.window(1000)
			windows++
			require.Less(t, d.share(), before, "it goes down all the time")
		}
		require.Less(t, windows, 50, "tenths of a second, after %g of 1,000 were accepted", accepts)
	}
}

func TestPushbackFollowsWhatIsAccepted(t *testing.T) {
	d := downstream{}
	for _, accepts := range []float64{500, 50, 300} {
		d.accepts = accepts
		sent, _ := d.settle(1000)
		require.InDelta(t, pushMultiple*accepts, sent, 1)
	}
}

func TestSilenceIsForgotten(t *testing.T) {
	d := downstream{}
	d.settle(1000)
	require.Positive(t, d.share())
	d.learn(100*pushMemory, 0, 0, 0)
	require.Zero(t, d.share())
}

func TestShareIsAlwaysAShare(t *testing.T) {
	for _, arrived := range []float64{0, 1e-300, 1, 20, 1e300} {
		for _, accepted := range []float64{0, 0.1, 0.5, 1} {
			p := pushback{arrived, accepted * arrived}
			require.GreaterOrEqual(t, p.share(), 0.0)
			require.LessOrEqual(t, p.share(), 1.0)
		}
	}
}
