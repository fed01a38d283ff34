package admission_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/load"

	"github.com/weirgo/weir/bench/internal/admission"
	"github.com/weirgo/weir/bench/internal/suite"
)

var rhythms = map[string]int{"nearly all": 120, "every second": 64, "hardly any": 1}

func moment(cpus int) suite.Setting { return suite.Setting{CPUs: cpus, Time: time.Millisecond} }

// A fixed limit counts what becomes of calls.
type fixed struct {
	mu                       sync.Mutex
	limit                    int
	held                     []int
	admitted, refused, ended int
	disorder                 bool // a call ended before an older one
}

func (f *fixed) ask(call int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.held) == f.limit {
		f.refused++
		return false
	}
	f.admitted++
	f.held = append(f.held, call)
	return true
}

func (f *fixed) done(call int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended++
	f.disorder = f.disorder || f.held[0] != call
	f.held = f.held[1:]
}

func TestCrowdKeepsALimitFullInItsRhythm(t *testing.T) {
	for name, ends := range rhythms {
		t.Run(name, func(t *testing.T) {
			f := &fixed{limit: 50}
			_, err := admission.Crowded(ends, f.ask, f.done).Measure(moment(1))
			require.NoError(t, err)
			// At some moment of its last beat.
			require.GreaterOrEqual(t, len(f.held), f.limit-1)
			require.Equal(t, f.admitted, f.ended+len(f.held))
			asked := f.admitted + f.refused
			share := float64(admission.Beat-ends) / admission.Beat
			require.InEpsilon(t, share*float64(asked), f.refused, 0.01)
		})
	}
}

func TestCrowdEndsTheOldestCallFirst(t *testing.T) {
	f := &fixed{limit: 50}
	// One caller only: several number their calls apart from each other.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	_, err := admission.Crowded(64, f.ask, f.done).Measure(moment(1))
	require.NoError(t, err)
	require.Positive(t, f.ended)
	require.False(t, f.disorder)
}

func TestCrowdFindsOutWhoRefusesNobody(t *testing.T) {
	for name, ends := range rhythms {
		t.Run(name, func(t *testing.T) {
			_, err := admission.Crowded(ends, func(int) bool { return true }, func(int) {}).Measure(moment(2))
			require.ErrorContains(t, err, "did not do the work")
		})
	}
}

func TestCrowdFindsOutWhoAdmitsNobody(t *testing.T) {
	for _, ends := range []int{120, 64} {
		_, err := admission.Crowded(ends, func(int) bool { return false }, func(int) {}).Measure(moment(2))
		require.ErrorContains(t, err, "did not do the work")
	}
}

func TestCrowdHasTheShedderRefuseForItsLimit(t *testing.T) {
	for name, ends := range rhythms {
		t.Run(name, func(t *testing.T) {
			st := admission.CrowdedShedder(ends).Stats()
			require.GreaterOrEqual(t, st.InFlight, st.Limit-2)
			require.NotEmpty(t, st.Refusals)
			for _, r := range st.Refusals {
				require.Equal(t, load.ReasonLimit, r.Reason)
			}
			require.NoError(t, st.Signals[0].Err)
			require.Zero(t, st.Signals[0].Squeeze)
		})
	}
}

func TestCallersOneByOneAreNeverRefused(t *testing.T) {
	st := admission.CrowdedShedder(admission.Beat).Stats()
	require.Empty(t, st.Refusals)
	require.Positive(t, st.Succeeded)
}
