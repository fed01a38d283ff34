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

func TestBatchOfAHandlerThatPanicsIsReportedWithItsItems(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l, s := newLog(), newSink()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 2, OnError: s.take, Handle: failing(l, "lost", nil)})
		addAll(t, b, upTo(1, 6)...)
		require.NoError(t, b.Close(background()))
		require.Equal(t, []batch{{0, []int{1, 2}}, {0, []int{3, 4}}}, s.batches())
		p, ok := errors.AsType[*weir.Panic](s.errors()[0])
		require.True(t, ok)
		require.Equal(t, "lost", p.Value)
		require.Contains(t, string(p.Stack), "failing", "where it was")
		require.Equal(t, executors.ErrGoexit, s.errors()[1])
		require.Equal(t, upTo(1, 6), l.items(), "the next batches are not concerned")
		require.EqualValues(t, 4, b.Stats().Failed)
		requireSettled(t, b.Stats())
	})
}

func TestPanicsOfOnErrorAreLoggedAndCostNothingElse(t *testing.T) {
	text := logged(t, func() {
		l := newLog()
		exits := false
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, Handle: failing(l, "first", "second"),
			OnError: func([]int, error) {
				if exits {
					runtime.Goexit()
				}
				exits = true
				panic("in the hook")
			}})
		addAll(t, b, 1, 2, 3)
		require.NoError(t, b.Close(background()))
		require.Equal(t, []int{1, 2, 3}, l.items())
		require.EqualValues(t, 2, b.Stats().Failed)
	})
	require.Contains(t, text, "executors: panic in OnError")
	require.Contains(t, text, "in the hook")
}

func TestWithoutOnErrorPanicsAreLoggedAndErrorsOnlyCounted(t *testing.T) {
	text := logged(t, func() {
		l := newLog()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, Handle: failing(l, "unheard", errors.New("plain"), nil)})
		addAll(t, b, 1, 2, 3)
		require.NoError(t, b.Close(background()))
		require.EqualValues(t, 3, b.Stats().Failed)
	})
	require.Contains(t, text, "executors: panic in a handler")
	require.Contains(t, text, "unheard")
	require.NotContains(t, text, "plain")
}

// A test that fails in a handler ends by Goexit. It must not hang instead.
func TestWorkersThatGoexitEndsAreReplaced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSink()
		b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, Workers: 2, OnError: s.take,
			Handle: func(context.Context, []int) error {
				time.Sleep(time.Second)
				runtime.Goexit()
				return nil
			}})
		start := time.Now()
		addAll(t, b, upTo(1, 10)...)
		require.NoError(t, b.Close(background()))
		require.Equal(t, 5*time.Second, time.Since(start), "two at a time, all along")
		require.Len(t, s.batches(), 10)
	})
}
