package threading_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/threading"
)

func TestOrderHoldsAsTheBufferGrows(t *testing.T) {
	s := threading.NewStableRunner(threading.StableOptions{Buffer: 1000}, strconv.Itoa)
	pushed, got := 0, 0
	for pushed < 5000 {
		for range 13 {
			if pushed-got == 1000 {
				break
			}
			require.NoError(t, s.Push(background(), pushed))
			pushed++
		}
		for range 5 {
			v, err := s.Get(background())
			require.NoError(t, err)
			require.Equal(t, strconv.Itoa(got), v)
			got++
		}
	}
	require.NoError(t, s.Close(background()))
}

func TestGetterWhoFindsNothingLeftIsToldOfTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := threading.NewStableRunner(threading.StableOptions{Workers: 1}, random[int])
		require.NoError(t, s.Push(t.Context(), 1))
		var wg sync.WaitGroup
		ends := make(chan error, 3)
		for range 3 {
			wg.Go(func() {
				_, err := s.Get(t.Context())
				ends <- err
			})
		}
		synctest.Wait()
		require.NoError(t, s.Close(t.Context()))
		wg.Wait()
		require.ElementsMatch(t, []error{nil, threading.ErrClosed, threading.ErrClosed}, []error{<-ends, <-ends, <-ends})
	})
}

func TestOneWakeUpForTwoReachesBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := threading.NewStableRunner(threading.StableOptions{Workers: 1, Buffer: 2}, strconv.Itoa)
		push := func(ctx context.Context) { require.NoError(t, s.Push(ctx, 1)) }
		get := func(ctx context.Context) {
			_, err := s.Get(ctx)
			require.NoError(t, err)
		}
		bothWait := func(wait, help func(context.Context)) {
			var wg sync.WaitGroup
			a, b := halting(t.Context()), halting(t.Context())
			a.start(&wg, wait)
			b.start(&wg, wait)
			help(t.Context())
			help(t.Context())
			synctest.Wait()
			close(a.proceed)
			close(b.proceed)
			wg.Wait()
		}
		bothWait(get, push)
		push(t.Context())
		push(t.Context())
		bothWait(push, get)
	})
}

func TestWakeUpOfOneWhoGivesUpIsForTheOther(t *testing.T) {
	for range 50 { // it takes the wake-up or the end of its context, at random
		synctest.Test(t, func(t *testing.T) {
			s := threading.NewStableRunner(threading.StableOptions{Workers: 1, Buffer: 1}, strconv.Itoa)
			require.NoError(t, s.Push(t.Context(), 0))
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			a, b := halting(ctx), halting(t.Context())
			a.start(&wg, func(ctx context.Context) { require.Equal(t, context.Canceled, s.Push(ctx, 1)) })
			b.start(&wg, func(ctx context.Context) { require.NoError(t, s.Push(ctx, 2)) })
			_, err := s.Get(t.Context())
			require.NoError(t, err)
			cancel()
			close(a.proceed)
			synctest.Wait()
			close(b.proceed)
			wg.Wait()
		})
	}
}

// Two on each side come at the same time: a wake-up that stands for both must
// reach both, without help from those who come later.
func TestNoWakeUpIsLostBetweenPushersAndGetters(t *testing.T) {
	s := threading.NewStableRunner(threading.StableOptions{Workers: 2, Buffer: 2}, strconv.Itoa)
	push := func() { require.NoError(t, s.Push(background(), 1)) }
	get := func() {
		_, err := s.Get(background())
		require.NoError(t, err)
	}
	for range 5000 {
		push()
		push()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(push)
			wg.Go(get)
		}
		wg.Wait()
		get()
		get()
	}
}
