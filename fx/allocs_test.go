package fx_test

import (
	"cmp"
	"context"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/fx"
)

// Whatever a stage allocates when it is run, many items cost no more than few.
func TestStagesAllocateNothingPerItem(t *testing.T) {
	same := func(n int) int { return n % 8 }
	inner := fx.Just(1, 2, 3).Seq()
	for name, stage := range map[string]func(fx.Stream[int]) int{
		"Filter": func(s fx.Stream[int]) int { return s.Filter(isEven).Count() },
		"Map":    func(s fx.Stream[int]) int { return fx.Map(s, same).Count() },
		"Walk": func(s fx.Stream[int]) int {
			return s.Walk(func(n int, emit func(int) bool) { emit(n); emit(n) }).Count()
		},
		"FlatMap":  func(s fx.Stream[int]) int { return fx.FlatMap(s, func(int) iter.Seq[int] { return inner }).Count() },
		"Skip":     func(s fx.Stream[int]) int { return s.Skip(3).Count() },
		"Head":     func(s fx.Stream[int]) int { return s.Head(1 << 30).Count() },
		"Tail":     func(s fx.Stream[int]) int { return s.Tail(8).Count() },
		"Distinct": func(s fx.Stream[int]) int { return fx.Distinct(fx.Map(s, same)).Count() },
		"Concat":   func(s fx.Stream[int]) int { return s.Concat(s).Count() },
		"Reduce":   func(s fx.Stream[int]) int { return fx.Reduce(s, 0, func(a, b int) int { return a + b }) },
		"Max":      func(s fx.Stream[int]) int { n, _ := s.Max(cmp.Compare[int]); return n },
		"Last":     func(s fx.Stream[int]) int { n, _ := s.Last(); return n },
		"Range": func(s fx.Stream[int]) int {
			n := 0
			for v := range s {
				n += v
			}
			return n
		},
	} {
		few, many := upTo(100), upTo(20_000)
		want := testing.AllocsPerRun(10, func() { sink = stage(few) })
		require.Equal(t, want, testing.AllocsPerRun(10, func() { sink = stage(many) }), name)
	}
}

func TestSplitAllocatesOncePerSlice(t *testing.T) {
	s := upTo(10_000)
	allocs := testing.AllocsPerRun(10, func() { sink = fx.Split(s, 100).Count() })
	require.LessOrEqual(t, allocs, 100+20.0)
}

func TestStagesWithGoroutinesAllocateNothingPerItem(t *testing.T) {
	const items = 10_000
	s := upTo(items)
	double := func(_ context.Context, n int) (int, error) { return 2 * n, nil }
	for name, run := range map[string]func(){
		"Buffer": func() { sink = s.Buffer(64).Count() },
		"Merge":  func() { sink = fx.Merge(s, s).Count() },
		"ordered": func() {
			for v := range fx.ParallelMap(ctx, s, workers(4), double) {
				sink = v
			}
		},
		"unordered": func() {
			for v := range fx.ParallelMap(ctx, s, unordered(4), double) {
				sink = v
			}
		},
		"ForEach": func() { _ = fx.ParallelForEach(ctx, s, workers(4), pass) },
	} {
		require.Less(t, testing.AllocsPerRun(3, run), items/100.0, name)
	}
}

func TestCallsAllocateLittle(t *testing.T) {
	ok := func(context.Context) error { return nil }
	budget := fx.NewRetryBudget(fx.RetryBudgetOptions{})
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = fx.Retry(ctx, ok, fx.RetryOptions{Budget: budget}) }), 1.0)
	require.Zero(t, testing.AllocsPerRun(100, func() { budget.Deposit(); budget.TryWithdraw() }))
	require.Zero(t, testing.AllocsPerRun(100, func() { fx.Backoff{}.Pause(3, 0) }))
	var l fx.Latencies
	require.Zero(t, testing.AllocsPerRun(2000, func() { l.Observe(1); l.Quantile(0.9) }))
}
