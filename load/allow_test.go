package load_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

var errMoved = errors.New("the client has moved on")

func TestDoneContextWinsWithItsCause(t *testing.T) {
	cancelled, cancel := context.WithCancelCause(context.Background())
	cancel(errMoved)
	for name, s := range map[string]*load.Shedder{
		"room":    blind(load.Options{}),
		"full":    blind(load.Options{InitialLimit: 1}),
		"queue":   blind(load.Options{InitialLimit: 1, MaxQueue: 10}),
		"dry run": blind(load.Options{InitialLimit: 1, DryRun: true}),
	} {
		held := enter(t, s, 1)
		before := s.Stats()
		p, err := s.Allow(cancelled)
		require.Equal(t, weir.Permit{}, p, name)
		require.ErrorIs(t, err, context.Canceled, name)
		require.ErrorIs(t, err, errMoved, name)
		require.NotErrorIs(t, err, weir.ErrRejected, name)
		require.Equal(t, before, s.Stats(), "%s: it is as if nobody had asked", name)
		leave(weir.Success, held...)
	}
}

func TestPassedDeadlineIsReturnedAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		time.Sleep(time.Second)
		synctest.Wait()
		_, err := blind(load.Options{}).Allow(ctx)
		require.True(t, err == context.DeadlineExceeded)
	})
}

func TestInitialLimitIsHowManyAreAdmittedAtFirst(t *testing.T) {
	for initial, want := range map[int]int{0: 3, 1: 1, 2: 2, 7: 7, 1000: 1000, 1 << 17: 1 << 17} {
		for _, class := range allClasses {
			s := blind(load.Options{InitialLimit: initial})
			permits := enter(t, s, want)
			require.Equal(t, want, s.Stats().InFlight)
			require.Equal(t, want, s.Stats().Limit)
			requireRefused(t, s, of(class), load.ReasonLimit)
			leave(weir.Ignored, permits...)
			require.Zero(t, s.Stats().InFlight)
		}
	}
}

func TestRefusalLeavesNothingBehind(t *testing.T) {
	s := blind(load.Options{InitialLimit: 2})
	held := enter(t, s, 2)
	for range 1000 {
		requireRefused(t, s, context.Background(), load.ReasonLimit)
	}
	require.Equal(t, 2, s.Stats().InFlight)
	require.Equal(t, uint64(1000), s.Stats().Refused)
	leave(weir.Ignored, held...)
	leave(weir.Ignored, enter(t, s, 2)...)
	require.Zero(t, s.Stats().InFlight)
}

func TestRoomOfACallThatEndedIsFreeAtOnce(t *testing.T) {
	for o := weir.Success; o <= weir.Overloaded; o++ {
		s := blind(load.Options{MinLimit: 5, MaxLimit: 5})
		held := enter(t, s, 4)
		leave(o, enter(t, s, 1)...)
		leave(o, enter(t, s, 1)...)
		leave(o, held...)
	}
}

// The law may do what it likes between these two.
func TestMinLimitAndMaxLimitHoldUnderAnyLoad(t *testing.T) {
	for name, workers := range map[string]int{"slow service": 1, "fast service": 400} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, v := blind(load.Options{MinLimit: 20, MaxLimit: 30}), newService(workers)
				deadline, cancel := context.WithTimeout(context.Background(), time.Hour)
				defer cancel()
				contexts := []context.Context{context.Background(), deadline}
				var below, above share
				reasons := map[load.Reason]int{}
				n := 0
				arrive(30*time.Second, 2*time.Millisecond, func() func() {
					inFlight := s.Stats().InFlight // others may only leave from here on
					n++
					p, err := s.Allow(contexts[n%2])
					below.count(err != nil && inFlight < 20)
					above.count(err == nil && s.Stats().InFlight > 30)
					if err != nil && inFlight < 20 {
						reasons[reasonOf(t, err)]++
					}
					if err != nil {
						return nil
					}
					return func() {
						v.serve(around(80 * time.Millisecond))
						p.Done(weir.Success)
					}
				})
				require.Zero(t, below.yes, "refused below MinLimit, of %d: %v", below.all, reasons)
				require.Zero(t, above.yes, "admitted above MaxLimit, of %d", above.all)
			})
		})
	}
}

func TestHopelessDeadlineIsRefusedInACrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := warm(load.Options{})
		var hurried, hopeless share
		everybody := v.calls(s, 10*time.Millisecond)
		n := 0
		arrive(10*time.Second, time.Millisecond/2, func() func() {
			if n++; n%10 != 0 {
				return everybody()
			}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Microsecond)
			defer cancel()
			crowded := s.Stats().InFlight > 15
			p, err := s.Allow(ctx)
			if crowded {
				hurried.count(err == nil)
			}
			if err != nil && crowded {
				hopeless.count(reasonOf(t, err) == load.ReasonDeadline)
			}
			p.Done(weir.Ignored)
			return nil
		})
		require.Greater(t, hurried.all, 100)
		require.Zero(t, hurried.yes, "in 10 us nobody can wait for a worker")
		require.InDelta(t, 1, hopeless.ratio(), 0.05)
	})
}

func TestCallsWithTimeEnoughAreNotRefusedForTheirDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := warm(load.Options{})
		var late share
		arrive(10*time.Second, time.Millisecond/2, func() func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			p, err := s.Allow(ctx)
			if err != nil {
				cancel()
				late.count(reasonOf(t, err) == load.ReasonDeadline)
				return nil
			}
			return func() {
				defer cancel()
				v.serve(around(10 * time.Millisecond))
				p.Done(weir.Success)
			}
		})
		require.Greater(t, late.all, 1000)
		require.Zero(t, late.yes)
	})
}

// Without a deadline there is none that cannot be met.
func TestCallsWithoutADeadlineAreNotRefusedForIt(t *testing.T) {
	for name, initial := range map[string]int{"usual": 0, "100 from the start": 100} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, v := blind(load.Options{InitialLimit: initial}), newService(10)
				var late share
				arrive(20*time.Second, time.Millisecond/2, func() func() {
					p, err := s.Allow(context.Background())
					if err != nil {
						late.count(reasonOf(t, err) == load.ReasonDeadline)
						return nil
					}
					return func() {
						v.serve(around(10 * time.Millisecond))
						p.Done(weir.Success)
					}
				})
				require.Zero(t, late.yes, "of %d refusals", late.all)
			})
		})
	}
}
