package mr_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/mr"
)

func add(a, b int) int { return a + b }

func addTo(_ context.Context, so, i int) (int, error) { return so + i, nil }

func TestFoldCountsEachItemOnce(t *testing.T) {
	for _, workers := range []int{0, 1, 2, 7, 300} {
		for _, n := range []int{0, 1, 2, 31, 32, 33, 5000, 100_000} {
			sum, err := mr.FoldSlice(t.Context(), upTo(n), addTo, add, mr.Options{Workers: workers})
			require.NoError(t, err)
			require.Equal(t, n*(n-1)/2, sum)
		}
	}
}

func TestFoldOfSlowItemsUsesAllWorkers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		start := time.Now()
		var merges atomic.Int64
		sum, err := mr.FoldSlice(t.Context(), upTo(160), func(ctx context.Context, so, i int) (int, error) {
			time.Sleep(time.Second)
			return addTo(ctx, so, i)
		}, func(a, b int) int { merges.Add(1); return a + b }, mr.Options{Workers: 16})
		require.NoError(t, err)
		require.Equal(t, 159*160/2, sum)
		require.Equal(t, 10*time.Second, time.Since(start))
		require.EqualValues(t, 15, merges.Load())
	})
}

// A histogram is made anew by each worker from the zero map.
func TestFoldBeginsWithTheZeroValue(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	items, want := make([]int, 20_000), map[int]int{}
	for i := range items {
		items[i] = random.IntN(50)
		want[items[i]]++
	}
	got, err := mr.FoldSlice(t.Context(), items, func(_ context.Context, so map[int]int, i int) (map[int]int, error) {
		if so == nil {
			so = map[int]int{}
		}
		so[i]++
		return so, nil
	}, func(a, b map[int]int) map[int]int {
		for k, n := range b {
			a[k] += n
		}
		return a
	}, mr.Options{Workers: 8})
	require.NoError(t, err)
	require.True(t, maps.Equal(want, got))
}

func TestFoldDropsWhatComesWithAnError(t *testing.T) {
	odd := errors.New("odd")
	fold := func(_ context.Context, so, i int) (int, error) {
		if i%2 == 1 {
			return -1, odd
		}
		return so + i, nil
	}
	sum, err := mr.FoldSlice(t.Context(), upTo(10), fold, add, mr.Options{})
	require.Equal(t, odd, err)
	require.Zero(t, sum)
	sum, err = mr.FoldSlice(t.Context(), upTo(10), fold, add, mr.Options{CollectErrors: true})
	require.ErrorIs(t, err, odd)
	require.Equal(t, 0+2+4+6+8, sum)
}

func TestPanicOfMergeReachesTheCaller(t *testing.T) {
	bubble(t, func(t *testing.T) {
		defer func() {
			p, ok := recover().(*weir.Panic)
			require.True(t, ok)
			require.Equal(t, "merge", p.Value)
			require.Contains(t, string(p.Stack), "fold_test.go")
		}()
		_, _ = mr.FoldSlice(t.Context(), upTo(2), func(ctx context.Context, so, i int) (int, error) {
			time.Sleep(time.Second)
			return addTo(ctx, so, i)
		}, func(int, int) int { panic("merge") }, mr.Options{Workers: 2})
	})
}

func TestPanicOfFoldIsRaisedInTheCaller(t *testing.T) {
	defer func() {
		p, ok := recover().(*weir.Panic)
		require.True(t, ok)
		require.Equal(t, "fold", p.Value)
	}()
	_, _ = mr.FoldSlice(t.Context(), upTo(100), func(_ context.Context, so, i int) (int, error) {
		if i == 50 {
			panic("fold")
		}
		return so, nil
	}, add, mr.Options{})
}

func TestFoldNeedsItsFunctions(t *testing.T) {
	require.PanicsWithValue(t, "mr: fold is nil", func() {
		_, _ = mr.FoldSlice[int, int](t.Context(), nil, nil, add, mr.Options{})
	})
	require.PanicsWithValue(t, "mr: merge is nil", func() {
		_, _ = mr.FoldSlice(t.Context(), nil, addTo, nil, mr.Options{})
	})
}
