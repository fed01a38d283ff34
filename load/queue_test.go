package load

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

// fixed returns a shedder with a limit that does not change, and a queue.
func fixed(limit, places int) *Shedder {
	return New(Options{MinLimit: limit, MaxLimit: limit, MaxQueue: places, CPUThreshold: -1})
}

// frozen returns the same, but no window ends, so that nothing is learnt.
func frozen(limit, places int) *Shedder {
	s := fixed(limit, places)
	s.rules.closeAt.Store(math.MaxInt64)
	return s
}

// A visitor calls Allow on a goroutine of its own, inside a bubble. After
// synctest.Wait its fields tell how far it got.
type visitor struct {
	returned atomic.Bool
	after    time.Duration // how long Allow took
	permit   weir.Permit
	err      error
}

// visit starts a visitor, and waits until Allow has returned or waits.
func visit(ctx context.Context, s *Shedder) *visitor {
	v := &visitor{}
	go func() {
		start := time.Now()
		v.permit, v.err = s.Allow(ctx)
		v.after = time.Since(start)
		v.returned.Store(true)
	}()
	synctest.Wait()
	return v
}

// visits starts visitors of the classes, one after the other.
func visits(s *Shedder, classes ...weir.Criticality) (all []*visitor) {
	for _, class := range classes {
		all = append(all, visit(weir.WithCriticality(context.Background(), class), s))
	}
	return all
}

func (v *visitor) requireIn(t *testing.T) {
	t.Helper()
	require.True(t, v.returned.Load())
	require.NoError(t, v.err)
}

func (v *visitor) requireRefused(t *testing.T, reason Reason) {
	t.Helper()
	require.True(t, v.returned.Load())
	var r *Refusal
	require.ErrorAs(t, v.err, &r)
	require.Equal(t, reason, r.Reason)
	require.Zero(t, v.permit)
}

func requireWaiting(t *testing.T, s *Shedder, all ...*visitor) {
	t.Helper()
	for i, v := range all {
		require.False(t, v.returned.Load(), "visitor %d", i)
	}
	require.Equal(t, len(all), s.Stats().Waiting)
}

// take takes n permits, all that there are.
func take(t *testing.T, s *Shedder, n int) (held []weir.Permit) {
	t.Helper()
	for range n {
		p, err := s.Allow(context.Background())
		require.NoError(t, err)
		held = append(held, p)
	}
	return held
}

// next settles a permit, and returns that of the one who must be let in for it.
func next(t *testing.T, p weir.Permit, who *visitor) weir.Permit {
	t.Helper()
	require.False(t, who.returned.Load())
	p.Done(weir.Success)
	synctest.Wait()
	who.requireIn(t)
	return who.permit
}

// requireIdle checks that all permits are back, and nobody waits.
func requireIdle(t *testing.T, s *Shedder) {
	t.Helper()
	synctest.Wait()
	require.Zero(t, s.Stats().InFlight)
	require.Zero(t, s.Stats().Waiting)
	require.Zero(t, s.queue.lenLocked())
}

const (
	low  = weir.Sheddable
	mid  = weir.Critical
	high = weir.CriticalPlus
)

func TestWhoWaitsInAQueueThatEmptiesIsServedFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := frozen(1, 10)
		p := take(t, s, 1)[0]
		for range 5 { // it empties each time
			all := visits(s, mid, mid, mid, mid)
			requireWaiting(t, s, all...)
			for _, v := range all {
				time.Sleep(20 * time.Millisecond)
				p = next(t, p, v)
			}
		}
		p.Done(weir.Success)
		requireIdle(t, s)
	})
}

func TestMostCriticalClassIsServedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := frozen(1, 10)
		p := take(t, s, 1)[0]
		all := visits(s, mid, low, high, weir.SheddablePlus, mid, high)
		for _, i := range []int{2, 5, 0, 4, 3, 1} {
			p = next(t, p, all[i])
		}
		p.Done(weir.Success)
		requireIdle(t, s)
	})
}

// standing returns a shedder whose queue has not been empty for longer than is
// usual, the permit that is out, and who came first and still waits.
func standing(t *testing.T) (*Shedder, weir.Permit, *visitor) {
	s := frozen(1, 10)
	p := take(t, s, 1)[0]
	all := visits(s, mid)
	for range 5 {
		time.Sleep(20 * time.Millisecond)
		all = append(all, visits(s, mid)...)
		p = next(t, p, all[len(all)-2])
	}
	time.Sleep(time.Nanosecond)
	return s, p, all[len(all)-1]
}

func TestInAStandingQueueWhoCameLastIsServedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p, first := standing(t)
		all := append([]*visitor{first}, visits(s, mid, mid)...)
		for _, i := range []int{2, 1, 0} {
			p = next(t, p, all[i])
		}
		// It has been empty now.
		again := visits(s, mid, mid)
		p = next(t, p, again[0])
		next(t, p, again[1]).Done(weir.Success)
		requireIdle(t, s)
	})
}

func TestInAStandingQueueNobodyWaitsForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p, first := standing(t)
		time.Sleep(time.Duration(impatient) - 1)
		later := visits(s, mid)[0]
		time.Sleep(time.Nanosecond)
		p = next(t, p, later)
		first.requireRefused(t, ReasonQueue)
		require.Equal(t, time.Duration(impatient)+1, first.after)
		p.Done(weir.Success)
		requireIdle(t, s)
	})
}

// The more so the longer a call takes: half of that.
func TestPatienceFollowsFromTheServiceTime(t *testing.T) {
	s := frozen(1, 10)
	for service, want := range map[time.Duration][2]time.Duration{
		0:                      {100 * time.Millisecond, 5 * time.Millisecond},
		10 * time.Millisecond:  {100 * time.Millisecond, 5 * time.Millisecond},
		100 * time.Millisecond: {400 * time.Millisecond, 50 * time.Millisecond},
		time.Second:            {4 * time.Second, 500 * time.Millisecond},
	} {
		s.rules.service.Store(float64(service))
		require.Equal(t, int64(want[0]), s.queue.patience(patient, 4))
		require.Equal(t, int64(want[1]), s.queue.patience(impatient, 0.5))
	}
}

func TestNobodyWaitsLongerThanPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := frozen(1, 10)
		p := take(t, s, 1)[0]
		all := visits(s, low, mid, high)
		time.Sleep(time.Duration(patient) - 1)
		requireWaiting(t, s, all...)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		for _, v := range all {
			v.requireRefused(t, ReasonQueue)
			require.Equal(t, time.Duration(patient), v.after)
		}
		p.Done(weir.Success)
		requireIdle(t, s)
	})
}

func TestQueueHoldsExactlyItsPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := frozen(1, 3)
		p := take(t, s, 1)[0]
		all := visits(s, mid, mid, mid)
		for range 2 {
			refused := visits(s, mid)[0]
			refused.requireRefused(t, ReasonQueue)
			require.Zero(t, refused.after)
		}
		requireWaiting(t, s, all...)
		p = next(t, p, all[0])
		all = append(all[1:], visits(s, mid)...)
		visits(s, mid)[0].requireRefused(t, ReasonQueue)
		for _, v := range all {
			p = next(t, p, v)
		}
		p.Done(weir.Success)
		requireIdle(t, s)
	})
}

func TestMoreCriticalCallTakesThePlaceOfTheLowestClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := frozen(1, 3)
		p := take(t, s, 1)[0]
		all := visits(s, mid, low, low)
		visits(s, low)[0].requireRefused(t, ReasonQueue)
		first := visits(s, high)[0]
		all[1].requireRefused(t, ReasonQueue) // the one who has the least time left
		second := visits(s, high)[0]
		all[2].requireRefused(t, ReasonQueue)
		visits(s, mid)[0].requireRefused(t, ReasonQueue) // there is nobody below
		third := visits(s, high)[0]
		all[0].requireRefused(t, ReasonQueue)
		visits(s, high)[0].requireRefused(t, ReasonQueue)
		for _, v := range []*visitor{first, second, third} {
			p = next(t, p, v)
		}
		p.Done(weir.Success)
		requireIdle(t, s)
	})
}

func TestWhoCannotBeDoneInTimeDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := frozen(1, 10)
		p := take(t, s, 1)[0]
		s.rules.fast.Store(1.0 / float64(10*time.Millisecond))
		s.rules.service.Store(float64(10 * time.Millisecond))
		ahead := visits(s, mid, high, low)
		// Two are ahead of a critical call: three times 10 ms until its turn, and its own.
		for left, in := range map[time.Duration]bool{
			40*time.Millisecond - 1: false, time.Millisecond: false, 40 * time.Millisecond: true,
		} {
			ctx, cancel := context.WithTimeout(context.Background(), left)
			v := visit(ctx, s)
			require.Equal(t, in, !v.returned.Load(), "%v", left)
			if !in {
				v.requireRefused(t, ReasonDeadline)
				require.Zero(t, v.after)
			}
			cancel()
			synctest.Wait()
			requireWaiting(t, s, ahead...)
		}
		for _, i := range []int{1, 0, 2} {
			p = next(t, p, ahead[i])
		}
		p.Done(weir.Success)
		requireIdle(t, s)
	})
}

func TestWhoLeavesTheQueueGetsTheErrorOfItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := frozen(1, 10)
		p := take(t, s, 1)[0]
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(context.Background())
		bounded, stop := context.WithTimeout(context.Background(), 30*time.Millisecond)
		defer stop()
		before, cancelled, after, timed := visit(t.Context(), s), visit(ctx, s), visit(t.Context(), s), visit(bounded, s)
		time.Sleep(10 * time.Millisecond)
		cancel(gone)
		synctest.Wait()
		require.ErrorIs(t, cancelled.err, context.Canceled)
		require.ErrorIs(t, cancelled.err, gone)
		require.Equal(t, 10*time.Millisecond, cancelled.after)
		time.Sleep(20 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, context.DeadlineExceeded, timed.err)
		require.Equal(t, 30*time.Millisecond, timed.after)
		requireWaiting(t, s, before, after)
		p = next(t, p, before)
		next(t, p, after).Done(weir.Success)
		require.Empty(t, s.Stats().Refusals, "who left was not refused")
		requireIdle(t, s)
	})
}

// The permit and the cancellation come at the same moment, in either order.
func TestPermitThatComesTooLateIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, permitFirst := range []bool{true, false} {
			s := frozen(1, 10)
			p := take(t, s, 1)[0]
			ctx, cancel := context.WithCancel(context.Background())
			leaving, waiting := visit(ctx, s), visit(t.Context(), s)
			if permitFirst {
				p.Done(weir.Success)
				cancel()
			} else {
				cancel()
				p.Done(weir.Success)
			}
			synctest.Wait()
			if leaving.err == nil { // it was out before it was cancelled
				leaving.permit.Done(weir.Success)
				synctest.Wait()
			} else {
				require.Equal(t, context.Canceled, leaving.err)
				require.Zero(t, leaving.permit)
			}
			waiting.requireIn(t)
			waiting.permit.Done(weir.Success)
			requireIdle(t, s)
		}
	})
}

func TestWhoLeavesWithAPermitInHandGivesItBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := frozen(1, 10)
		ctx, cancel := context.WithCancel(context.Background())
		held := take(t, s, 1)
		w := &waiter{class: 2, ctx: ctx, turn: make(chan weir.Permit, 1)}
		require.Zero(t, s.queue.enter(w, s.now()))
		held[0].Done(weir.Success) // w has its turn
		cancel()
		p, err := s.queue.await(ctx, w)
		require.Zero(t, p)
		require.Equal(t, context.Canceled, err)
		require.Equal(t, uint64(1), s.Stats().Ignored)
		requireIdle(t, s)
	})
}

func TestWaitIsNotTakenForService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := frozen(1, 10)
		p := take(t, s, 1)[0]
		waiting := visits(s, mid)[0]
		time.Sleep(50 * time.Millisecond)
		p.Done(weir.Ignored)
		synctest.Wait()
		waiting.requireIn(t)
		time.Sleep(3 * time.Millisecond)
		before := s.meter.done.read()
		waiting.permit.Done(weir.Success)
		require.Equal(t, float64(3*time.Millisecond), s.meter.done.read().since(before).mean())
		requireIdle(t, s)
	})
}
