package mr_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/mr"
)

// What a run allocates does not grow with the items: the margin is for goroutines
// that meet in other ways, and for the runtime.
func TestItemsAllocateNothing(t *testing.T) {
	ctx := context.Background()
	fn := func(context.Context, int) error { return nil }
	items := upTo(100_000)
	for name, run := range map[string]func(n int){
		"MapReduce":    func(n int) { _, _ = mr.MapReduce(ctx, count(n), double, sum, mr.Options{}) },
		"ForEach":      func(n int) { _ = mr.ForEach(ctx, count(n), fn, mr.Options{}) },
		"ForEachSlice": func(n int) { _ = mr.ForEachSlice(ctx, items[:n], fn, mr.Options{}) },
	} {
		t.Run(name, func(t *testing.T) {
			allocs := testing.AllocsPerRun(5, func() { run(len(items)) })
			require.Less(t, allocs, 400.0)
		})
	}
}

func TestThousandSleepsAllocateLessThanHundredTimes(t *testing.T) {
	var allocs float64
	synctest.Test(t, func(t *testing.T) {
		allocs = testing.AllocsPerRun(5, func() {
			_, _ = mr.MapReduce(t.Context(), count(1000), func(_ context.Context, i int, yield func(int)) error {
				time.Sleep(time.Millisecond)
				yield(i)
				return nil
			}, sum, mr.Options{Workers: 16})
		})
	})
	require.Less(t, allocs, 100.0)
}

func TestFinishAllocatesNoMoreThanErrgroup(t *testing.T) {
	ctx := context.Background()
	fn := func(context.Context) error { return nil }
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = mr.Finish(ctx, fn, fn, fn) }), 6.0)
}
