package load_test

import (
	"context"
	"math/rand/v2"
	"sync"
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
	require.Equal(t, []load.RefusalCount{{Reason: load.ReasonLimit, Class: weir.Critical, Count: 98}}, st.SparedFrom)
	require.Equal(t, 98.0, metrics(s)["weir_shedder_spared_total name= reason=limit class=critical"].Value)
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

// burst makes 1,200 calls a second for a second, and returns when all have ended. It
// is random, but the same each time: all that depends on chance happens on one goroutine.
func (v *service) burst(s *load.Shedder, random *rand.Rand, look func()) {
	var calls sync.WaitGroup
	defer calls.Wait()
	for begin := time.Now(); time.Since(begin) < time.Second; {
		look()
		p, _ := s.Allow(context.Background())
		took := v.take(5*time.Millisecond + time.Duration(random.Int64N(int64(10*time.Millisecond))))
		calls.Go(func() {
			time.Sleep(took)
			p.Done(weir.Success)
		})
		time.Sleep(time.Duration(random.ExpFloat64() * float64(time.Second/1200)))
	}
}

// A shedder that is tried out must come to the same numbers as one that works.
func TestDryRunMeasuresTheService(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			s, v := blind(load.Options{DryRun: true}), newService(10)
			rate, offered, n := 0.0, 0.0, 0.0
			for i := range 40 { // bursts, for overload without refusals would pile up
				v.burst(s, random, func() {
					if i >= 20 { // it has learnt enough
						st := s.Stats()
						rate += st.Rate
						offered += st.Offered
						n++
					}
				})
				time.Sleep(time.Second)
			}
			st := requireSane(t, s)
			require.InEpsilon(t, 1000, rate/n, 0.1, "seed %d", seed)
			require.InEpsilon(t, 1200, offered/n, 0.2, "seed %d", seed)
			require.InEpsilon(t, 10*time.Millisecond, st.Service, 0.5, "seed %d", seed)
			require.InEpsilon(t, 10, st.Workers, 0.5, "seed %d", seed)
		})
	}
}
