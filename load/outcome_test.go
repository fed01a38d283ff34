package load_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

func TestEachOutcomeIsCountedApart(t *testing.T) {
	s := blind(load.Options{InitialLimit: 100})
	for o := weir.Success; o <= weir.Overloaded; o++ {
		leave(o, enter(t, s, int(o)+1)...)
	}
	st := s.Stats()
	require.Equal(t, [4]uint64{1, 2, 3, 4}, [4]uint64{st.Succeeded, st.Failed, st.Ignored, st.Overloaded})
	require.Zero(t, st.TimedOut)
}

func TestOnlyFailuresTimeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := blind(load.Options{InitialLimit: 100})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		cancelled, cancelThis := context.WithCancel(context.Background())
		var permits []weir.Permit
		for _, ctx := range []context.Context{ctx, cancelled, context.Background()} {
			for range 4 {
				p, err := s.Allow(ctx)
				require.NoError(t, err)
				permits = append(permits, p)
			}
		}
		time.Sleep(time.Second)
		cancelThis()
		synctest.Wait()
		for i, p := range permits {
			p.Done(weir.Outcome(i % 4))
		}
		st := s.Stats()
		require.Equal(t, [4]uint64{3, 3, 3, 3}, [4]uint64{st.Succeeded, st.Failed, st.Ignored, st.Overloaded})
		require.Equal(t, uint64(1), st.TimedOut, "it is one of the failures")
	})
}

// mixed returns calls of v, of which all but the first of so many end in no time,
// otherwise.
func (v *service) mixed(s *load.Shedder, every int, o weir.Outcome) func() func() {
	good, n := v.calls(s, 10*time.Millisecond), 0
	return func() func() {
		if n++; every > 0 && n%every == 0 {
			return good()
		}
		if p, err := s.Allow(context.Background()); err == nil {
			return func() {
				time.Sleep(time.Microsecond)
				p.Done(o)
			}
		}
		return nil
	}
}

// A survey averages what a shedder says over time: each number alone is of a moment.
type survey struct{ rate, service, workers, offered, n float64 }

// of makes calls for some time, and looks at every tenth.
func (v *survey) of(s *load.Shedder, length, pace time.Duration, calls func() func()) {
	n := 0
	arrive(length, pace, func() func() {
		if n++; n%10 == 0 {
			st := s.Stats()
			v.rate += st.Rate
			v.service += float64(st.Service)
			v.workers += st.Workers
			v.offered += st.Offered
			v.n++
		}
		return calls()
	})
}

func (v *survey) means() map[string]float64 {
	return map[string]float64{"Rate": v.rate / v.n, "Service": v.service / v.n, "Workers": v.workers / v.n}
}

// Half of all calls fail at once. What is good is the same as before.
func TestFailuresThatAreFastChangeNoEstimate(t *testing.T) {
	for name, pace := range map[string]time.Duration{
		"overload": time.Millisecond / 4, "half of what fits": time.Millisecond,
	} {
		for _, o := range []weir.Outcome{weir.Failure, weir.Ignored} {
			t.Run(name+", "+o.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, v := warm(load.Options{})
					var before, after survey
					before.of(s, 30*time.Second, 2*pace, v.calls(s, 10*time.Millisecond))
					after.of(s, 30*time.Second, pace, v.mixed(s, 2, o))
					requireSane(t, s)
					for what, was := range before.means() {
						require.InEpsilon(t, was, after.means()[what], 0.4, what)
					}
				})
			})
		}
	}
}

func TestNothingIsLearntWhileAllCallsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := warm(load.Options{})
		fail := v.mixed(s, 0, weir.Failure)
		arrive(time.Second, time.Millisecond, fail) // what ended before is taken in
		before := s.Stats()
		arrive(time.Minute, time.Millisecond, fail)
		st := requireSane(t, s)
		require.InEpsilon(t, before.Rate, st.Rate, 0.01)
		require.InEpsilon(t, before.Service, st.Service, 0.01)
		require.InEpsilon(t, before.Workers, st.Workers, 0.01)
	})
}

func TestTimeoutsAreASignOfWantOfCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := warm(load.Options{})
		before := s.Stats()
		arrive(10*time.Second, time.Millisecond/2, func() func() {
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			p, err := s.Allow(ctx)
			if err != nil {
				cancel()
				return nil
			}
			return func() {
				defer cancel()
				<-ctx.Done()
				p.Done(weir.Failure)
			}
		})
		st := requireSane(t, s)
		require.Greater(t, st.TimedOut, uint64(100))
		require.Less(t, st.Rate, before.Rate/2)
	})
}

func TestCancelsAloneRefuseNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := blind(load.Options{}), newService(10)
		for range 6000 {
			leave(weir.Ignored, enter(t, s, 1)...)
			time.Sleep(10 * time.Millisecond)
		}
		arrive(30*time.Second, 2*time.Millisecond, v.calls(s, 10*time.Millisecond)) // half of what fits
		before := requireSane(t, s)
		arrive(time.Minute, 2*time.Millisecond, func() func() {
			p, err := s.Allow(context.Background())
			if err != nil {
				return nil
			}
			return func() {
				v.serve(around(10 * time.Millisecond))
				p.Done(weir.Ignored)
			}
		})
		require.Less(t, requireSane(t, s).Refused-before.Refused, uint64(30), "of 30,000, whatever chance brings")
	})
}

// A backend accepts so many calls a second, and pushes back the others at once.
type backend struct {
	accepts float64
	tokens  float64
	at      time.Time
}

func (b *backend) outcome() weir.Outcome {
	now := time.Now()
	b.tokens = min(10, b.tokens+b.accepts*now.Sub(b.at).Seconds())
	if b.at = now; b.tokens < 1 {
		return weir.Overloaded
	}
	b.tokens--
	return weir.Success
}

// crossing sends 1,000 calls a second of all classes through s to b for some time. It
// returns which share of each class was refused.
func crossing(s *load.Shedder, b *backend, length time.Duration) (refused [4]share) {
	n := 0
	arrive(length, time.Millisecond, func() func() {
		n++
		i := n % 4
		p, err := s.Allow(of(allClasses[i]))
		refused[i].count(err != nil)
		if err != nil {
			return nil
		}
		outcome := b.outcome()
		return func() {
			time.Sleep(time.Millisecond)
			p.Done(outcome)
		}
	})
	return refused
}

func overall(all [4]share) float64 {
	var sum share
	for _, s := range all {
		sum.yes += s.yes
		sum.all += s.all
	}
	return sum.ratio()
}

// Of what is accepted further down, a quarter more is sent on, and no more.
func TestCallsThatAreRefusedFurtherDownAreRefusedAtTheDoor(t *testing.T) {
	for name, c := range map[string]struct{ accepts, refused float64 }{
		"half is pushed back":  {500, 1 - 1.25*0.5},
		"90 % is pushed back":  {100, 1 - 1.25*0.1},
		"all is pushed back":   {0, 0.98},
		"a tenth is no matter": {900, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, b := blind(load.Options{}), &backend{accepts: 1e6}
				crossing(s, b, 10*time.Second)
				b.accepts = c.accepts
				crossing(s, b, 10*time.Second)
				refused := crossing(s, b, 20*time.Second)
				require.InDelta(t, c.refused, overall(refused), 0.06, "%v", refused)
				require.InDelta(t, c.refused, requireSane(t, s).Pushback, 0.25, "it is of a moment")
				for i := range 3 {
					require.GreaterOrEqual(t, refused[i].ratio(), refused[i+1].ratio()-0.03, "%v", refused)
				}
				if c.refused < 0.45 { // that is less than the two sheddable quarters
					require.Less(t, refused[2].ratio()+refused[3].ratio(), 0.04, "critical classes: %v", refused)
				}
			})
		})
	}
}

func TestDoorIsOpenSecondsAfterTheLastPushback(t *testing.T) {
	for _, accepts := range []float64{500, 100, 0} {
		t.Run(fmt.Sprint(accepts, " of 1000"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, b := blind(load.Options{}), &backend{accepts: accepts}
				crossing(s, b, 30*time.Second)
				b.accepts = 1e6
				var shares []float64
				for range 60 {
					shares = append(shares, overall(crossing(s, b, time.Second)))
				}
				require.Less(t, shares[10], 0.01, "refused second by second: %.2f", shares)
			})
		})
	}
}

func TestFewPushbacksRefuseNobody(t *testing.T) {
	s := blind(load.Options{})
	for range 9 {
		leave(weir.Overloaded, enter(t, s, 1)...)
	}
	leave(weir.Success, enter(t, s, 1)...)
	require.Zero(t, s.Stats().Pushback)
}

// At a few calls a second as at many, a minute and a hundred calls are enough.
func TestHoursOfPushbackAreForgotten(t *testing.T) {
	for _, pace := range []time.Duration{time.Millisecond, 50 * time.Millisecond, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := blind(load.Options{})
			calls := func(o weir.Outcome) func() func() {
				return func() func() {
					p, err := s.Allow(of(weir.Critical))
					if err != nil {
						return nil
					}
					return func() {
						time.Sleep(time.Millisecond)
						p.Done(o)
					}
				}
			}
			arrive(2000*pace, pace, calls(weir.Success))
			arrive(20_000*pace, pace, calls(weir.Overloaded))
			arrive(time.Minute+100*pace, pace, calls(weir.Success))
			before := requireSane(t, s)
			arrive(1000*pace, pace, calls(weir.Success))
			require.Less(t, requireSane(t, s).Refused-before.Refused, uint64(20), "of 1,000 every %v", pace)
		})
	}
}
