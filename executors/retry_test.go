package executors_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/executors"
)

// waitFor is an error that says how long to wait.
type waitFor time.Duration

func (w waitFor) Error() string             { return "overloaded" }
func (w waitFor) RetryAfter() time.Duration { return time.Duration(w) }

// failing returns a handler that fails with these errors, one after the other, and then
// no more. It panics with what is no error, and calls Goexit for nil.
func failing(l *log, reasons ...any) func(context.Context, []int) error {
	return func(_ context.Context, items []int) error {
		l.add(items)
		if len(reasons) == 0 {
			return nil
		}
		reason := reasons[0]
		reasons = reasons[1:]
		switch reason := reason.(type) {
		case nil:
			runtime.Goexit()
			return nil
		case error:
			return reason
		default:
			panic(reason)
		}
	}
}

func TestFailedBatchIsTriedAgainHoweverItFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l, s := newLog(), newSink()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 2, OnError: s.take,
			Retry:  executors.Retry{Attempts: 4, Base: -1},
			Handle: failing(l, errors.New("down"), "a panic", nil)})
		addAll(t, b, 1, 2)
		require.NoError(t, b.Close(background()))
		require.Equal(t, []batch{{0, []int{1, 2}}, {0, []int{1, 2}}, {0, []int{1, 2}}, {0, []int{1, 2}}}, l.batches())
		require.Empty(t, s.batches())
		st := b.Stats()
		require.EqualValues(t, 3, st.Retries)
		require.EqualValues(t, 2, st.Handled)
		require.EqualValues(t, 1, st.Batches)
	})
}

func TestByDefaultABatchIsTriedOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l, s, down := newLog(), newSink(), errors.New("down")
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 2, OnError: s.take, Handle: failing(l, down)})
		addAll(t, b, 1, 2, 3)
		require.NoError(t, b.Close(background()))
		require.Equal(t, []batch{{0, []int{1, 2}}}, s.batches())
		require.Equal(t, []error{down}, s.errors())
		require.Equal(t, []int{1, 2, 3}, l.items(), "the next one is not concerned")
		require.EqualValues(t, 2, b.Stats().Failed)
	})
}

func TestAttemptsAreNotExceeded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l, s := newLog(), newSink()
		last := errors.New("third")
		b := executors.NewBulk(executors.BulkOptions[int]{OnError: s.take,
			Retry:  executors.Retry{Attempts: 3, Base: -1},
			Handle: failing(l, errors.New("first"), errors.New("second"), last)})
		addAll(t, b, 1)
		require.NoError(t, b.Close(background()))
		require.Len(t, l.batches(), 3)
		require.Equal(t, []error{last}, s.errors())
	})
}

func TestPausesAreBoundedAndDouble(t *testing.T) {
	longest := make([]time.Duration, 4)
	for range 200 {
		bubble(t, func(t *testing.T) {
			l := newLog()
			b := executors.NewBulk(executors.BulkOptions[int]{
				Retry:  executors.Retry{Attempts: 5, Base: time.Second, Max: 4 * time.Second},
				Handle: failing(l, errors.ErrUnsupported, errors.ErrUnsupported, errors.ErrUnsupported, errors.ErrUnsupported)})
			addAll(t, b, 1)
			require.NoError(t, b.Close(background()))
			got := l.batches()
			require.Len(t, got, 5)
			for i := range longest {
				longest[i] = max(longest[i], got[i+1].at-got[i].at)
			}
		})
	}
	for i, bound := range []time.Duration{1, 2, 4, 4} {
		bound *= time.Second
		require.LessOrEqual(t, longest[i], bound)
		require.Greater(t, longest[i], bound*8/10, "chance spreads pauses over the whole of it")
	}
}

func TestRetryAfterIsWaitedForButAMinuteAtMost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1,
			Retry:  executors.Retry{Attempts: 4, Base: -1},
			Handle: failing(l, waitFor(time.Second), waitFor(time.Hour), waitFor(-1))})
		addAll(t, b, 1)
		require.NoError(t, b.Close(background()))
		require.Equal(t, []batch{{0, []int{1}}, {time.Second, []int{1}}, {61 * time.Second, []int{1}}, {61 * time.Second, []int{1}}}, l.batches())
	})
}

func TestOneWorkerKeepsTheOrderOfBatchesThroughRetries(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1,
			Retry:  executors.Retry{Attempts: 2, Base: -1},
			Handle: failing(l, waitFor(time.Second), nil)})
		addAll(t, b, 1, 2)
		require.NoError(t, b.Close(background()))
		require.Equal(t, []int{1, 1, 2}, l.items())
	})
}

func TestRetryIfDecidesWhatIsWorthIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var asked []error
		l, s, poison := newLog(), newSink(), errors.New("poison")
		b := executors.NewBulk(executors.BulkOptions[int]{OnError: s.take,
			Retry: executors.Retry{Attempts: -1, Base: -1, If: func(err error) bool {
				asked = append(asked, err)
				return !errors.Is(err, poison)
			}},
			Handle: failing(l, "a panic", nil, poison)})
		addAll(t, b, 1)
		require.NoError(t, b.Close(background()))
		require.Len(t, asked, 3)
		p, ok := errors.AsType[*weir.Panic](asked[0])
		require.True(t, ok)
		require.Equal(t, "a panic", p.Value)
		require.Equal(t, executors.ErrGoexit, asked[1])
		require.Equal(t, []error{poison}, s.errors())
	})
}

func TestRetryIfThatPanicsGivesTheBatchUpForBothReasons(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l, s, down := newLog(), newSink(), errors.New("down")
		b := executors.NewBulk(executors.BulkOptions[int]{OnError: s.take,
			Retry:  executors.Retry{Attempts: -1, If: func(error) bool { panic("undecided") }},
			Handle: failing(l, down)})
		addAll(t, b, 1)
		require.NoError(t, b.Close(background()))
		require.Len(t, l.batches(), 1)
		require.ErrorIs(t, s.errors()[0], down)
		p, ok := errors.AsType[*weir.Panic](s.errors()[0])
		require.True(t, ok)
		require.Equal(t, "undecided", p.Value)
	})
}

func TestRetryIfThatCallsGoexitGivesTheBatchUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l, s, down := newLog(), newSink(), errors.New("down")
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, OnError: s.take,
			Retry:  executors.Retry{Attempts: -1, If: func(error) bool { runtime.Goexit(); return true }},
			Handle: failing(l, down)})
		addAll(t, b, 1, 2)
		require.NoError(t, b.Close(background()))
		require.Equal(t, []error{down}, s.errors())
		require.Equal(t, []int{1, 2}, l.items())
	})
}
