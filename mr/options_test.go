package mr_test

import (
	"context"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/mr"
)

func TestNegativeWorkersAreImpossible(t *testing.T) {
	o := mr.Options{Workers: -1}
	const want = "mr: Options.Workers is negative"
	require.EqualError(t, o.Validate(), want)
	require.NoError(t, mr.Options{}.Validate())
	for _, run := range streams {
		require.PanicsWithValue(t, want, func() { _ = run(t.Context(), count(1), nothing, o) })
	}
	for _, run := range onSlices {
		require.PanicsWithValue(t, want, func() { _ = run(t.Context(), nil, nothing, o) })
	}
}

func TestNilFunctionsPanicAtTheCall(t *testing.T) {
	ctx, o := t.Context(), mr.Options{}
	value := func(context.Context, int) (int, error) { return 0, nil }
	var noSource iter.Seq[int]
	for want, calls := range map[string][]func(){
		"mr: source is nil": {
			func() { _ = mr.ForEach(ctx, noSource, nothing, o) },
			func() { _, _ = mr.Map(ctx, noSource, value, o) },
			func() { _, _ = mr.MapReduce(ctx, noSource, double, sum, o) },
		},
		"mr: fn is nil": {
			func() { _ = mr.ForEach(ctx, count(0), nil, o) },
			func() { _ = mr.ForEachSlice(ctx, []int{}, nil, o) },
			func() { _, _ = mr.Map[int, int](ctx, count(0), nil, o) },
			func() { _, _ = mr.MapSlice[int, int](ctx, nil, nil, o) },
		},
		"mr: mapper is nil":  {func() { _, _ = mr.MapReduce(ctx, count(0), nil, sum, o) }},
		"mr: reducer is nil": {func() { _, _ = mr.MapReduce[int, int, int](ctx, count(0), double, nil, o) }},
		"mr: a function is nil": {
			func() { _ = mr.Finish(ctx, func(context.Context) error { panic("called") }, nil) },
			func() { mr.FinishVoid(func() { panic("called") }, nil) },
		},
		"mr: the channel is nil": {func() { mr.FromChan[int](ctx, nil) }},
	} {
		for _, call := range calls {
			require.PanicsWithValue(t, want, call)
		}
	}
}
