package load

import (
	"errors"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

// failures are readings that say nothing, and what Stats says of them.
var failures = map[string]func() (float64, error){
	"broken": func() (float64, error) { return 5, errors.New("broken") },
	"load: the signal's Read panicked: boom": func() (float64, error) {
		panic("boom")
	},
	"load: the signal's Read panicked: panic called with nil argument": func() (float64, error) {
		panic(nil)
	},
	"load: the signal's Read returned NaN":  func() (float64, error) { return math.NaN(), nil },
	"load: the signal's Read returned +Inf": func() (float64, error) { return math.Inf(1), nil },
	"load: the signal's Read returned -Inf": func() (float64, error) { return math.Inf(-1), nil },
	"load: the signal's Read returned -0.1": func() (float64, error) { return -0.1, nil },
	"load: the signal's Read ended its goroutine": func() (float64, error) {
		runtime.Goexit()
		return 5, nil
	},
}

func TestSignalThatFailsCountsAsCalmAndStatsSayWhy(t *testing.T) {
	for text, fail := range failures {
		read := func() (float64, error) { return 9, nil }
		other := &dial{level: 1.1}
		w := watchOver(0,
			Signal{Name: "failing", Sheds: weir.Critical, Read: func() (float64, error) { return read() }},
			other.signal("other", 0))
		for range 4 {
			w.after(pause)
		}
		require.Equal(t, 1.0, w.share(weir.Critical))

		read = fail
		poll := func() { // on a goroutine that the signal may end
			done := make(chan struct{})
			go func() {
				defer close(done)
				w.after(pause)
			}()
			<-done
		}
		poll()
		require.InDelta(t, 0.5, w.share(weir.Critical), 1e-9, text)
		require.Equal(t, 5, other.reads, "%s: the others are read all the same", text)
		st := w.stats()[0]
		require.EqualError(t, st.Err, text)
		require.Zero(t, st.Level, text)
		poll()
		require.InDelta(t, 0.25, w.share(weir.Critical), 1e-9, text)

		read = func() (float64, error) { return 1, nil }
		poll()
		require.InDelta(t, 0.27, w.share(weir.Critical), 1e-9, "%s: it works again", text)
		require.NoError(t, w.stats()[0].Err)
	}
}

func TestSignalWithoutReadIsInvalidAndHarmless(t *testing.T) {
	require.EqualError(t, Signal{}.validate(), "load: Signal.Read must not be nil")
	require.EqualError(t, (&dial{}).signal("a", weir.CriticalPlus+1).validate(), "load: Signal.Sheds must be a criticality")
	require.NoError(t, (&dial{}).signal("", weir.CriticalPlus).validate())
	require.NoError(t, CPU(0).validate())

	w := watchOver(0, Signal{}, (&dial{level: 9}).signal("b", math.MaxUint8))
	w.after(0)
	require.ErrorContains(t, w.stats()[0].Err, "nil pointer")
	require.Equal(t, 0.25, w.share(weir.CriticalPlus))
}
