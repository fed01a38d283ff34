package mr_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/mr"
)

func TestFromChanEndsWithTheChannel(t *testing.T) {
	ch := make(chan int, 10)
	for i := range 10 {
		ch <- i
	}
	close(ch)
	require.Equal(t, upTo(10), slices.Collect(mr.FromChan(t.Context(), ch)))
}

func TestFromChanStopsWithTheLoop(t *testing.T) {
	ch := make(chan int, 10)
	for i := range 10 {
		ch <- i
	}
	for v := range mr.FromChan(t.Context(), ch) {
		if v == 3 {
			break
		}
	}
	require.Len(t, ch, 6)
}

// An idle channel that nobody closes.
func TestIdleChannelEndsWithTheContext(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		ch := make(chan int, 1)
		ch <- 1
		start := time.Now()
		err := run(ctx, mr.FromChan(ctx, ch), nothing, mr.Options{})
		require.True(t, err == context.DeadlineExceeded)
		require.Equal(t, 50*time.Millisecond, time.Since(start))
	})
}

// The bubble would not end if the source was still there.
func TestSourceOfAnIdleChannelEndsWithItsContextAfterAnError(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ch := make(chan int, 1)
		ch <- 1
		start := time.Now()
		err := run(ctx, mr.FromChan(ctx, ch), func(context.Context, int) error { return errTest }, mr.Options{})
		require.Equal(t, errTest, err)
		require.Equal(t, 500*time.Microsecond, time.Since(start))
	})
}

func TestFromChanPrefersADoneContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ch := make(chan int, 1)
	ch <- 1
	for range 100 {
		for range mr.FromChan(ctx, ch) {
			require.Fail(t, "the context was done before")
		}
	}
}

func TestItemsOfAChannelAreDoneAsTheyCome(t *testing.T) {
	eachStream(t, func(t *testing.T, run runFunc) {
		ch := make(chan int)
		var done atomic.Int64
		go func() {
			defer close(ch)
			for i := range 20 {
				ch <- i
				time.Sleep(time.Millisecond)
				require.EqualValues(t, i+1, done.Load())
			}
		}()
		require.NoError(t, run(t.Context(), mr.FromChan(t.Context(), ch), func(context.Context, int) error {
			done.Add(1)
			return nil
		}, mr.Options{}))
	})
}
