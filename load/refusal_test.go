package load_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

var _ weir.Guard = (*load.Shedder)(nil)

func TestRefusalSaysWhatItIs(t *testing.T) {
	for _, class := range allClasses {
		s := blind(load.Options{InitialLimit: 1})
		held := enter(t, s, 1)
		p, err := s.Allow(of(class))
		require.Equal(t, weir.Permit{}, p)
		require.ErrorIs(t, err, weir.ErrRejected)
		require.ErrorIs(t, err, load.ErrOverloaded)
		require.NotErrorIs(t, err, context.Canceled)
		require.EqualError(t, err, "load: overloaded (limit, "+class.String()+")")
		require.Equal(t, weir.Ignored, weir.Classify(err), "a guard further up learns nothing from it")

		var refusal *load.Refusal
		require.ErrorAs(t, fmt.Errorf("serving: %w", err), &refusal)
		require.Equal(t, load.ReasonLimit, refusal.Reason)
		require.Equal(t, class, refusal.Class)
		require.Empty(t, refusal.Signal)
		leave(weir.Success, held...)
	}
}

func TestRefusedCallersStayAwayForASecond(t *testing.T) {
	s := blind(load.Options{InitialLimit: 1})
	defer leave(weir.Success, enter(t, s, 1)...)
	_, err := s.Allow(context.Background())
	require.Equal(t, time.Second, weir.RetryAfter(s, err))
	require.Equal(t, time.Second, weir.RetryAfter(s, fmt.Errorf("serving: %w", err)))
}

func TestRefusalsOfOneKindAreOneValue(t *testing.T) {
	s := blind(load.Options{InitialLimit: 1})
	defer leave(weir.Success, enter(t, s, 1)...)
	seen := map[error]bool{}
	for range 10 {
		for _, class := range allClasses {
			_, err := s.Allow(of(class))
			seen[err] = true
		}
	}
	require.Len(t, seen, len(allClasses))
}

func TestDoReturnsRefusalsAndDoesNotCall(t *testing.T) {
	s := blind(load.Options{InitialLimit: 1})
	defer leave(weir.Success, enter(t, s, 1)...)
	err := weir.Do(context.Background(), s, func(context.Context) error {
		t.Error("called")
		return nil
	})
	require.ErrorIs(t, err, load.ErrOverloaded)
}

func TestErrOverloadedIsARefusalItself(t *testing.T) {
	require.ErrorIs(t, load.ErrOverloaded, weir.ErrRejected)
	require.False(t, errors.Is(weir.ErrRejected, load.ErrOverloaded), "other guards refuse, too")
	require.EqualError(t, load.ErrOverloaded, "load: overloaded")
}

func TestReasonsHaveNames(t *testing.T) {
	for reason, want := range map[load.Reason]string{
		load.ReasonLimit: "limit", load.ReasonDeadline: "deadline", load.ReasonSignal: "signal",
		load.ReasonDownstream: "downstream", load.ReasonCaller: "caller", load.ReasonQueue: "queue",
		0: "reason(0)", load.ReasonQueue + 1: "reason(7)", 255: "reason(255)",
	} {
		require.Equal(t, want, reason.String())
	}
}

func TestRefusalsAreCountedByReasonAndClass(t *testing.T) {
	s := blind(load.Options{InitialLimit: 1})
	defer leave(weir.Success, enter(t, s, 1)...)
	require.Empty(t, s.Stats().Refusals)
	for i, class := range allClasses {
		for range i + 1 {
			requireRefused(t, s, of(class), load.ReasonLimit)
		}
	}
	require.Equal(t, []load.RefusalCount{
		{Reason: load.ReasonLimit, Class: weir.Sheddable, Count: 1},
		{Reason: load.ReasonLimit, Class: weir.SheddablePlus, Count: 2},
		{Reason: load.ReasonLimit, Class: weir.Critical, Count: 3},
		{Reason: load.ReasonLimit, Class: weir.CriticalPlus, Count: 4},
	}, s.Stats().Refusals)
	require.Equal(t, uint64(10), s.Stats().Refused)
}
