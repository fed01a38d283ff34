package load_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

// requireSane requires that all numbers are such as numbers of their kind can be.
func requireSane(t *testing.T, s *load.Shedder) load.Stats {
	t.Helper()
	st := s.Stats()
	for name, v := range map[string]float64{
		"Workers": st.Workers, "Rate": st.Rate, "Offered": st.Offered, "Pushback": st.Pushback,
		"Service": float64(st.Service), "InFlight": float64(st.InFlight), "Waiting": float64(st.Waiting),
	} {
		require.True(t, v >= 0 && v <= math.MaxFloat64, "%s is %v", name, v)
	}
	require.LessOrEqual(t, st.Pushback, 1.0)
	require.Equal(t, st.Limits[3], st.Limit)
	require.GreaterOrEqual(t, st.Limits[0], 1)
	for i := range 3 {
		require.LessOrEqual(t, st.Limits[i], st.Limits[i+1], "limits: %v", st.Limits)
	}
	require.LessOrEqual(t, st.Limit, 1<<20)
	s.Metrics(func(m weir.Metric) bool {
		require.True(t, m.Value >= 0 && m.Value <= math.MaxFloat64, "%s is %v", m.Name, m.Value)
		return true
	})
	return st
}

func TestFreshShedderKnowsNothing(t *testing.T) {
	require.Equal(t, load.Stats{Limit: 3, Limits: [4]int{3, 3, 3, 3}}, blind(load.Options{}).Stats())
}

// pulse makes rounds of calls. In each as many as are admitted come in at once, stay,
// and then leave together; then it is quiet.
func pulse(t *testing.T, s *load.Shedder, rounds int, stay, quiet time.Duration) {
	t.Helper()
	succeeded := uint64(0)
	for i := range rounds {
		var permits []weir.Permit
		for range 20 {
			if p, err := s.Allow(context.Background()); err == nil {
				permits = append(permits, p)
			}
		}
		require.NotEmpty(t, permits, "round %d", i)
		time.Sleep(stay)
		leave(weir.Success, permits...)
		time.Sleep(quiet)
		succeeded += uint64(len(permits))
		if i%100 == 0 {
			requireSane(t, s)
		}
	}
	st := requireSane(t, s)
	require.Zero(t, st.InFlight)
	require.Equal(t, succeeded, st.Succeeded)
	require.Equal(t, uint64(rounds*20), st.Succeeded+st.Refused)
}

func TestNumbersStaySaneWhateverTheClockDoes(t *testing.T) {
	for name, c := range map[string]struct {
		rounds      int
		stay, quiet time.Duration
	}{
		"the clock stands still":             {5000, 0, 0},
		"calls take no time":                 {5000, 0, time.Microsecond},
		"calls take a nanosecond":            {5000, 1, 0},
		"calls take a nanosecond, then idle": {5000, 1, time.Millisecond},
		"calls take 50 us":                   {5000, 50 * time.Microsecond, 0},
		"a call an hour":                     {2000, time.Millisecond, time.Hour},
		"calls take an hour":                 {2000, time.Hour, time.Hour},
		"calls take no time, a month apart":  {1000, 0, 30 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pulse(t, blind(load.Options{}), c.rounds, c.stay, c.quiet)
			})
		})
	}
}

func TestNumbersStaySaneWhereTimeIsReal(t *testing.T) {
	s := blind(load.Options{})
	for range 100_000 {
		leave(weir.Success, enter(t, s, 1)...)
	}
	st := requireSane(t, s)
	require.Equal(t, uint64(100_000), st.Succeeded)
	require.Zero(t, st.Refused)
}

func TestNumbersStaySaneWhenTheKindOfCallChangesByManyOrders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := blind(load.Options{})
		for _, stay := range []time.Duration{time.Microsecond, time.Hour, 1, time.Minute, 0, time.Millisecond} {
			for range 50 {
				p := enter(t, s, 1)
				time.Sleep(stay)
				leave(weir.Success, p...)
				requireSane(t, s)
			}
		}
		require.Zero(t, s.Stats().Refused, "one at a time is never too many")
	})
}

func TestServiceOfMicrosecondsIsKeptBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := blind(load.Options{}), newService(4) // 80,000 calls a second
		calls := v.calls(s, 50*time.Microsecond)
		arrive(time.Second, 6*time.Microsecond, calls)
		before := requireSane(t, s).Succeeded
		arrive(time.Second, 6*time.Microsecond, calls)
		require.Greater(t, requireSane(t, s).Succeeded-before, uint64(70_000))
	})
}

func TestLessCriticalClassesAreShedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := blind(load.Options{}), newService(10)
		var served [4]share
		n := 0
		calls := func() func() {
			n++
			i := n % 4
			p, err := s.Allow(of(allClasses[i]))
			served[i].count(err == nil)
			if n%20 == 0 {
				requireSane(t, s) // so are the limits, in order
			}
			if err != nil {
				return nil
			}
			return func() {
				v.serve(around(10 * time.Millisecond))
				p.Done(weir.Success)
			}
		}
		arrive(20*time.Second, time.Second/2500, calls)
		served = [4]share{}
		arrive(20*time.Second, time.Second/2500, calls) // 2.5 times the capacity
		for i := range 3 {
			require.LessOrEqual(t, served[i].ratio(), served[i+1].ratio()+0.02, "class %d: %v", i, served)
		}
		require.Greater(t, served[3].ratio(), 0.95, "the most critical quarter fits: %v", served)
		require.Less(t, served[0].ratio(), 0.1, "the least critical do not: %v", served)
	})
}

func TestStatsMeasureWhatThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := warm(load.Options{})
		var seen survey
		seen.of(s, 30*time.Second, time.Millisecond/2, v.calls(s, 10*time.Millisecond))
		means := seen.means()
		require.InEpsilon(t, 1000, means["Rate"], 0.25)
		require.InEpsilon(t, 10*time.Millisecond, means["Service"], 0.35)
		require.InEpsilon(t, 10, means["Workers"], 0.35)
		require.InEpsilon(t, 2000, seen.offered/seen.n, 0.1)
		require.Zero(t, s.Stats().Pushback)
	})
}
