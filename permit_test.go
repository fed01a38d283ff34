package weir_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

func TestPermitIsAtMostTwoWords(t *testing.T) {
	require.LessOrEqual(t, unsafe.Sizeof(weir.Permit{}), uintptr(16))
}

func TestZeroPermitDoesNothing(t *testing.T) {
	var p weir.Permit
	require.NotPanics(t, func() {
		p.Done(weir.Success)
		p.Done(weir.Failure)
		p.Done(weir.Outcome(99)) // settles nothing, so there is nothing to complain of
	})
}

func TestPermitSettlesOnceThoughDoneTwice(t *testing.T) {
	var got []weir.Outcome
	p := weir.PermitFunc(func(o weir.Outcome) { got = append(got, o) })
	p.Done(weir.Overloaded)
	p.Done(weir.Success)
	require.Equal(t, []weir.Outcome{weir.Overloaded}, got)
}

func TestPermitSettlesOnceThroughItsCopies(t *testing.T) {
	var got []weir.Outcome
	p := weir.PermitFunc(func(o weir.Outcome) { got = append(got, o) })
	a, b := p, p
	b.Done(weir.Ignored)
	a.Done(weir.Success)
	p.Done(weir.Failure)
	require.Equal(t, []weir.Outcome{weir.Ignored}, got)
}

func TestPermitSettlesOnceFromManyGoroutines(t *testing.T) {
	for range 200 {
		var calls atomic.Int64
		p := weir.PermitFunc(func(weir.Outcome) { calls.Add(1) })
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() { p.Done(weir.Outcome(i % 4)) })
		}
		wg.Wait()
		require.Equal(t, int64(1), calls.Load())
	}
}

func TestPermitsSettleOnceWhenGoroutinesRaceForThem(t *testing.T) {
	const permits, rounds = 20_000, 20
	var calls atomic.Int64
	for range rounds {
		race := make([]weir.Permit, permits)
		for i := range race {
			race[i] = weir.PermitFunc(func(weir.Outcome) { calls.Add(1) })
		}
		sweep(permits, func(i int) { race[i].Done(weir.Success) })
	}
	require.Equal(t, int64(permits*rounds), calls.Load())
}

func TestUnknownOutcomeSettlesAsFailureThenPanics(t *testing.T) {
	var got []weir.Outcome
	p := weir.PermitFunc(func(o weir.Outcome) { got = append(got, o) })
	require.PanicsWithValue(t, "weir: Done with an unknown outcome(4)", func() { p.Done(weir.Overloaded + 1) })
	require.Equal(t, []weir.Outcome{weir.Failure}, got)
	p.Done(weir.Outcome(255)) // settled already: a later call does nothing, whatever it says
	require.Len(t, got, 1)
}

func TestPermitFuncPanicsOnNil(t *testing.T) {
	require.PanicsWithValue(t, "weir: PermitFunc with a nil func", func() { weir.PermitFunc(nil) })
}

func TestPermitStaysSettledWhenItsSettlerPanics(t *testing.T) {
	calls := 0
	p := weir.PermitFunc(func(weir.Outcome) { calls++; panic("settler") })
	require.PanicsWithValue(t, "settler", func() { p.Done(weir.Success) })
	require.NotPanics(t, func() { p.Done(weir.Success) })
	require.Equal(t, 1, calls)
}

func TestSettlerMaySettleItsOwnPermitAgain(t *testing.T) {
	calls := 0
	var p weir.Permit
	p = weir.PermitFunc(func(weir.Outcome) { calls++; p.Done(weir.Failure) })
	p.Done(weir.Success)
	require.Equal(t, 1, calls)
}
