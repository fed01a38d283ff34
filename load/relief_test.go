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

// hang makes calls, so and so many a second, all of which hang, and returns how many
// were let in.
func hang(s *load.Shedder, length time.Duration, perSecond int) (admitted int) {
	every := time.Second / time.Duration(perSecond)
	for range int(length / every) {
		time.Sleep(every)
		if _, err := s.Allow(context.Background()); err == nil {
			admitted++
		}
	}
	return admitted
}

func TestWhileAllCallsHangOneASecondIsLetIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := blind(load.Options{})
		enter(t, s, 3)
		require.Zero(t, hang(s, time.Second, 100), "not before a second is over")
		require.InDelta(t, 600, hang(s, 10*time.Minute, 100), 10)
		require.Equal(t, uint64(0), requireSane(t, s).Succeeded)
	})
}

// The same where capacity is known: the law has other things to think of then.
func TestWhileAllCallsHangOneASecondIsLetInThoughItWentWellBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := warm(load.Options{})
		for p, err := s.Allow(context.Background()); err == nil; p, err = s.Allow(context.Background()) {
			defer p.Done(weir.Ignored)
		}
		for i := range 6 {
			relieved, all := 0, 0
			for range 1000 {
				// A hundred a second is less than came before, so there may be room for a while.
				room := s.Stats().InFlight < s.Stats().Limit
				in := hang(s, 10*time.Millisecond, 100)
				if all += in; !room {
					relieved += in
				}
			}
			require.LessOrEqual(t, relieved, 12, "ten seconds no. %d", i)
			require.GreaterOrEqual(t, all, 6, "ten seconds no. %d", i)
			if i > 0 {
				require.Equal(t, all, relieved, "there is no more room")
			}
		}
	})
}

// Three calls never end. All that come afterwards would go well.
func TestServiceGoesOnThoughTheWholeLimitHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := blind(load.Options{}), newService(10)
		hung := enter(t, s, 3)
		calls := v.calls(s, 10*time.Millisecond)
		arrive(2*time.Minute, 100*time.Millisecond, calls)
		before := requireSane(t, s)
		require.NotZero(t, before.Succeeded)
		arrive(3*time.Minute, 100*time.Millisecond, calls)
		st := requireSane(t, s)
		refused, served := st.Refused-before.Refused, st.Succeeded-before.Succeeded
		require.Less(t, float64(refused), 0.02*float64(served), "at a hundredth of the capacity, of %d", served)
		require.Equal(t, 3, st.InFlight)
		leave(weir.Ignored, hung...)
		require.Zero(t, s.Stats().InFlight)
	})
}

// One call in so many never ends, for ever and from the start.
func TestServiceGoesOnThoughSomeHang(t *testing.T) {
	for _, every := range []int{50, 1000} {
		t.Run(fmt.Sprint("one in ", every), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, v := blind(load.Options{}), newService(10)
				n := 0
				calls := func() func() {
					n++
					p, err := s.Allow(context.Background())
					if err != nil || n%every == 1 {
						return nil
					}
					return func() {
						v.serve(around(10 * time.Millisecond))
						p.Done(weir.Success)
					}
				}
				arrive(2*time.Minute, 10*time.Millisecond, calls) // a tenth of the capacity
				before := requireSane(t, s)
				arrive(3*time.Minute, 10*time.Millisecond, calls)
				require.Greater(t, requireSane(t, s).Succeeded-before.Succeeded, uint64(16_000), "of some 17,700")
			})
		})
	}
}

func TestCapacityComesBackAfterEverythingHung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := warm(load.Options{})
		hung := []weir.Permit{}
		arrive(30*time.Second, time.Millisecond, func() func() {
			if p, err := s.Allow(context.Background()); err == nil {
				hung = append(hung, p)
			}
			return nil
		})
		leave(weir.Failure, hung...)
		calls := v.calls(s, 10*time.Millisecond)
		arrive(10*time.Second, time.Millisecond/2, calls)
		before := requireSane(t, s)
		arrive(10*time.Second, time.Millisecond/2, calls)
		require.Greater(t, requireSane(t, s).Succeeded-before.Succeeded, uint64(9_000), "of 10,000")
	})
}

// Nothing has ended for an hour because nothing was there. That is no standstill.
func TestCallsThatCameAfterALongSilenceDoNotHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := blind(load.Options{MaxLimit: 2})
		for range 3 {
			time.Sleep(time.Hour)
			held := enter(t, s, 2)
			requireRefused(t, s, context.Background(), load.ReasonLimit)
			leave(weir.Success, held...)
		}
	})
}

func TestSilenceIsNotTakenForWantOfCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := warm(load.Options{})
		before := s.Stats()
		time.Sleep(time.Hour)
		burst := []weir.Permit{}
		for range 1000 { // all at once: most are too many
			if p, err := s.Allow(context.Background()); err == nil {
				burst = append(burst, p)
			}
		}
		time.Sleep(10 * time.Millisecond)
		leave(weir.Success, burst...)
		st := requireSane(t, s)
		require.InEpsilon(t, before.Rate, st.Rate, 0.6, "it is of few calls")
		require.InEpsilon(t, before.Workers, st.Workers, 0.3)
		arrive(3*time.Second, time.Millisecond/2, v.calls(s, 10*time.Millisecond))
		require.Greater(t, s.Stats().Succeeded-st.Succeeded, uint64(2_700), "of 3,000")
	})
}

// Failures and cancels end, too, however slowly. While no call lasts for more than a
// second, none hangs, and the limit is the limit.
func TestCallsThatEndBadlyAreNotTakenToHang(t *testing.T) {
	for _, o := range []weir.Outcome{weir.Failure, weir.Ignored, weir.Overloaded} {
		t.Run(o.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := blind(load.Options{MinLimit: 10, MaxLimit: 10})
				n, most := 0, 0
				arrive(2*time.Minute, 10*time.Millisecond, func() func() {
					p, err := s.Allow(context.Background())
					if err != nil {
						return nil
					}
					n++
					outcome, took := o, time.Second
					if n%10 == 0 {
						outcome, took = weir.Success, 10*time.Millisecond
					}
					most = max(most, s.Stats().InFlight)
					return func() {
						time.Sleep(took)
						p.Done(outcome)
					}
				})
				require.Equal(t, 10, most)
			})
		})
	}
}

// What hung for a while and then ends leaves no room behind that is not there.
func TestCallsThatEndAfterAllMakeNoMoreRoomThanTheyTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := blind(load.Options{MinLimit: 20, MaxLimit: 20}), newService(10)
		hung := enter(t, s, 15)
		arrive(30*time.Second, 10*time.Millisecond, v.calls(s, 10*time.Millisecond))
		leave(weir.Failure, hung...)
		require.Zero(t, s.Stats().InFlight)
		admitted := 0
		for range 100 {
			if _, err := s.Allow(context.Background()); err == nil {
				admitted++
			}
		}
		require.Equal(t, 20, admitted)
	})
}
