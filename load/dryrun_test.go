package load_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

func TestDryRunAdmitsAllAndCountsWhatItSpared(t *testing.T) {
	s := blind(load.Options{InitialLimit: 2, DryRun: true})
	permits := enter(t, s, 100)
	st := s.Stats()
	require.Equal(t, 100, st.InFlight)
	require.Equal(t, uint64(98), st.Spared)
	require.Zero(t, st.Refused)
	require.Empty(t, st.Refusals)
	leave(weir.Success, permits...)
	require.Zero(t, s.Stats().InFlight)
	require.Equal(t, uint64(100), s.Stats().Succeeded)
}

func TestDryRunSparesWhateverTheReason(t *testing.T) {
	for name, o := range map[string]load.Options{
		"limit":  {},
		"signal": {Signals: []load.Signal{{Name: "disk", Read: func() (float64, error) { return 9, nil }, Sheds: weir.CriticalPlus}}},
		"queue":  {MaxQueue: 3},
		"caller": {Caller: func(context.Context) string { return "one" }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o.DryRun = true
				s, v := blind(o), newService(100)
				n := 0
				arrive(10*time.Second, time.Millisecond, func() func() {
					n++
					ctx, cancel := context.WithTimeout(of(allClasses[n%4]), 300*time.Millisecond)
					p, err := s.Allow(ctx)
					require.NoError(t, err)
					outcome := weir.Outcome(n % 4)
					return func() {
						defer cancel()
						v.serve(around(200 * time.Millisecond))
						p.Done(outcome)
					}
				})
				st := requireSane(t, s)
				require.Zero(t, st.Refused)
				require.Zero(t, st.InFlight)
				require.NotZero(t, st.Spared)
				require.Equal(t, uint64(n), st.Succeeded+st.Failed+st.Ignored+st.Overloaded)
			})
		})
	}
}

// A shedder that is tried out must come to the same numbers as one that works.
func TestDryRunMeasuresTheService(t *testing.T) {
	for range 5 {
		synctest.Test(t, func(t *testing.T) {
			s, v := blind(load.Options{DryRun: true}), newService(10)
			calls := v.calls(s, 10*time.Millisecond)
			var seen survey
			for i := range 40 { // bursts, for overload without refusals would pile up
				if i == 20 {
					seen = survey{} // it has learnt enough
				}
				seen.of(s, time.Second, time.Second/1200, calls)
				time.Sleep(time.Second)
			}
			requireSane(t, s)
			require.InEpsilon(t, 1000, seen.means()["Rate"], 0.4)
		})
	}
}
