package mr_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/mr"
)

func TestMapKeepsTheOrder(t *testing.T) {
	for _, workers := range []int{1, 2, 16, 300} {
		for _, n := range []int{0, 1, 10, 5000} {
			all, err := mr.Map(t.Context(), count(n), func(_ context.Context, i int) (int, error) { return i, nil },
				mr.Options{Workers: workers})
			require.NoError(t, err)
			require.Equal(t, upTo(n), all)
		}
	}
}

func TestMapKeepsTheOrderWhateverItemsTake(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all, err := mr.Map(t.Context(), count(3000), func(_ context.Context, i int) (int, error) {
			if i%70 < 3 {
				time.Sleep(time.Duration(i%11) * time.Millisecond)
			}
			return i, nil
		}, mr.Options{})
		require.NoError(t, err)
		require.Equal(t, upTo(3000), all)
	})
}

func TestMapReturnsNothingWithAnError(t *testing.T) {
	all, err := mr.Map(t.Context(), count(100), func(_ context.Context, i int) (int, error) {
		if i == 50 {
			return i, errTest
		}
		return i, nil
	}, mr.Options{})
	require.Equal(t, errTest, err)
	require.Nil(t, all)
}

func TestMapLeavesZeroWhereAnErrorWasCollected(t *testing.T) {
	want := upTo(1000)
	for i := 0; i < 1000; i += 7 {
		want[i] = 0
	}
	fn := func(_ context.Context, i int) (int, error) {
		if i%7 == 0 {
			return -1, itemError(i)
		}
		return i, nil
	}
	o := mr.Options{CollectErrors: true}
	all, err := mr.Map(t.Context(), count(1000), fn, o)
	require.ErrorIs(t, err, itemError(994))
	require.Equal(t, want, all)
	all, err = mr.MapSlice(t.Context(), upTo(1000), fn, o)
	require.ErrorIs(t, err, itemError(994))
	require.Equal(t, want, all)
}

func TestForEachCallsEachOnce(t *testing.T) {
	var calls [5000]atomic.Int64
	require.NoError(t, mr.ForEach(t.Context(), count(len(calls)), func(_ context.Context, i int) error {
		calls[i].Add(1)
		return nil
	}, mr.Options{}))
	require.NoError(t, mr.ForEachSlice(t.Context(), upTo(len(calls)), func(_ context.Context, i int) error {
		calls[i].Add(1)
		return nil
	}, mr.Options{}))
	for i := range calls {
		require.EqualValues(t, 2, calls[i].Load())
	}
}
