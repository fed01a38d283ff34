package fx_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/fx"
)

// trouble says what happens at which number: at most one thing each.
type trouble struct{ panics, exits, fails, cancels, breaks, sourcePanics int }

// drive runs ParallelMap into the trouble and checks what comes of it against what
// a plain loop would do.
func drive(t *testing.T, n int, o fx.ParallelOptions, tr trouble) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	source := fx.Map(upTo(n), func(v int) int {
		if v == tr.sourcePanics {
			panic(errOther)
		}
		return v
	})
	var got []int
	var errs []error
	var panicked any
	exited := exits(func() {
		defer func() { panicked = recover() }()
		for v, err := range fx.ParallelMap(ctx, source, o, func(_ context.Context, v int) (int, error) {
			switch v {
			case tr.panics:
				panic(errDown)
			case tr.exits:
				runtime.Goexit()
			case tr.fails:
				return v, errDown
			case tr.cancels:
				cancel()
			}
			if v%3 == 0 {
				runtime.Gosched()
			}
			return v, nil
		}) {
			if err != nil {
				errs = append(errs, err)
				continue
			}
			got = append(got, v)
			if v == tr.breaks {
				break
			}
		}
	})
	has := func(v int) bool { return v >= 0 && v < n }
	stopped := has(tr.breaks) || has(tr.cancels)
	switch {
	case panicked != nil:
		p, ok := panicked.(*weir.Panic)
		require.True(t, ok, "%v", panicked)
		require.True(t, p.Value == errDown && has(tr.panics) || p.Value == errOther && has(tr.sourcePanics))
	case exited:
		require.True(t, has(tr.exits))
	case !stopped:
		require.False(t, has(tr.panics) || has(tr.exits) || has(tr.sourcePanics), "nothing is swallowed")
		require.Len(t, got, n-len(errs))
	}
	if !o.Unordered {
		require.True(t, slices.IsSorted(got))
	}
	slices.Sort(got)
	require.Len(t, slices.Compact(got), len(got), "nothing comes twice")
	for _, err := range errs {
		if has(tr.fails) && err == errDown {
			continue
		}
		require.True(t, has(tr.cancels))
		require.True(t, err == context.Canceled)
	}
}

func TestParallelMapSurvivesTroubleAnywhere(t *testing.T) {
	catchLog(t)
	rng := rand.New(rand.NewPCG(3, 4))
	at := func() int { return rng.IntN(120) - 60 }
	for range 3000 {
		drive(t, rng.IntN(60), fx.ParallelOptions{Workers: 1 + rng.IntN(6), Unordered: rng.IntN(2) == 0},
			trouble{at(), at(), at(), at(), at(), at()})
	}
}

func FuzzParallelMap(f *testing.F) {
	f.Add(uint8(20), uint8(3), false, int8(-1), int8(-1), int8(5), int8(-1), int8(-1), int8(-1))
	f.Add(uint8(9), uint8(0), true, int8(3), int8(4), int8(-1), int8(-1), int8(7), int8(8))
	f.Fuzz(func(t *testing.T, n, workers uint8, unordered bool, panics, exits, fails, cancels, breaks, sourcePanics int8) {
		drive(t, int(n), fx.ParallelOptions{Workers: int(workers % 20), Unordered: unordered},
			trouble{int(panics), int(exits), int(fails), int(cancels), int(breaks), int(sourcePanics)})
	})
}
