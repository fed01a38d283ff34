package fx_test

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/fx"
)

func TestSourcesYieldTheirItemsInOrder(t *testing.T) {
	ch := make(chan int, 3)
	for _, n := range []int{1, 2, 3} {
		ch <- n
	}
	close(ch)
	want := []int{1, 2, 3}
	require.Equal(t, want, fx.Just(1, 2, 3).Collect())
	require.Equal(t, want, fx.Just(want...).Collect())
	require.Equal(t, want, fx.From(slices.Values(want)).Collect())
	require.Equal(t, want, fx.Range(ch).Collect())
	require.Nil(t, fx.Range(ch).Collect(), "a closed channel is empty")
	require.Equal(t, want, slices.Collect(fx.Just(1, 2, 3).Seq()))
	require.Nil(t, fx.Just[int]().Collect())
}

func TestStreamIsRunAnewByEachRange(t *testing.T) {
	s := fx.Just(3, 1, 3, 2).Filter(func(n int) bool { return n > 0 }).Skip(1).Head(3).Tail(2).Reverse()
	s = fx.Distinct(s).Sort(cmp.Compare[int])
	for range 3 {
		require.Equal(t, []int{2, 3}, s.Collect())
	}
}

func TestNothingRunsBeforeTheRange(t *testing.T) {
	asked := 0
	s := naturals(&asked).Filter(isEven).Skip(1).Head(2).Tail(1).Reverse().Sort(cmp.Compare[int]).Buffer(1)
	s = s.Concat(fx.Merge(s), fx.FlatMap(s, func(n int) iter.Seq[int] { return fx.Just(n).Seq() }))
	split := fx.Split(fx.DistinctBy(s, func(n int) int { return n }), 2)
	results := fx.ParallelMap(ctx, split, fx.ParallelOptions{}, func(context.Context, []int) (int, error) { return 0, nil })
	require.Zero(t, asked)
	require.NotNil(t, results)
}

func TestEndlessSourceIsAskedForNoMoreThanIsNeeded(t *testing.T) {
	for name, c := range map[string]struct {
		run  func(fx.Stream[int])
		want int
	}{
		"First":     {func(s fx.Stream[int]) { s.First() }, 1},
		"Head":      {func(s fx.Stream[int]) { s.Head(3).Count() }, 3},
		"Head of 0": {func(s fx.Stream[int]) { s.Head(0).Count() }, 0},
		"Tail of 0": {func(s fx.Stream[int]) { s.Tail(0).Count() }, 0},
		"AnyMatch":  {func(s fx.Stream[int]) { s.AnyMatch(func(n int) bool { return n == 4 }) }, 5},
		"AllMatch":  {func(s fx.Stream[int]) { s.AllMatch(func(n int) bool { return n < 4 }) }, 5},
		"NoneMatch": {func(s fx.Stream[int]) { s.NoneMatch(func(n int) bool { return n == 4 }) }, 5},
		"chain": {func(s fx.Stream[int]) {
			fx.Distinct(fx.Map(s.Filter(isEven).Skip(2), func(n int) int { return n / 4 })).First()
		}, 5},
		"Split": {func(s fx.Stream[int]) { fx.Split(s, 4).First() }, 4},
		"Walk": {func(s fx.Stream[int]) {
			s.Walk(func(n int, emit func(int) bool) { emit(n); emit(n) }).Head(3).Count()
		}, 2},
		"FlatMap": {func(s fx.Stream[int]) {
			fx.FlatMap(s, func(int) iter.Seq[int] { return endless().Seq() }).Head(9).Count()
		}, 1},
		"Concat": {func(s fx.Stream[int]) { fx.Just(1, 2).Concat(s, s).Head(4).Count() }, 2},
		"break": {func(s fx.Stream[int]) {
			for v := range s {
				if v == 6 {
					break
				}
			}
		}, 7},
	} {
		asked := 0
		c.run(naturals(&asked))
		require.Equal(t, c.want, asked, name)
	}
}

func TestFlatMapTakesNilForNothing(t *testing.T) {
	s := fx.FlatMap(upTo(5), func(n int) iter.Seq[int] {
		if isEven(n) {
			return nil
		}
		return fx.Just(n, -n).Seq()
	})
	require.Equal(t, []int{1, -1, 3, -3}, s.Collect())
}

func TestWalkEmitsNothingOneOrMany(t *testing.T) {
	s := upTo(4).Walk(func(n int, emit func(int) bool) {
		for range n {
			require.True(t, emit(n))
		}
	})
	require.Equal(t, []int{1, 2, 2, 3, 3, 3}, s.Collect())
}

func TestWalkThatEmitsOnIsNotHeard(t *testing.T) {
	var told []bool
	s := upTo(4).Walk(func(n int, emit func(int) bool) {
		for range 3 {
			told = append(told, emit(n))
		}
	})
	require.Equal(t, []int{0, 0}, s.Head(2).Collect())
	require.Equal(t, []bool{true, false, false}, told)
}

func TestWalkThatRecoversFromThePanicOfTheLoopIsOver(t *testing.T) {
	seen := 0
	s := upTo(4).Walk(func(n int, emit func(int) bool) {
		defer func() { _ = recover() }()
		emit(n)
	})
	require.Panics(t, func() { s.ForEach(func(int) { seen++; panic(errDown) }) }, "as the language has it")
	require.Equal(t, 1, seen)
	s(func(int) bool { seen++; panic(errDown) })
	require.Equal(t, 2, seen)
}

func TestEmitAfterItsWalkPanics(t *testing.T) {
	var kept func(int) bool
	s := upTo(1).Walk(func(_ int, emit func(int) bool) { kept = emit })
	require.Zero(t, s.Count())
	require.PanicsWithValue(t, "fx: emit or yield called after the func of Walk or FlatMap has returned", func() { kept(1) })
}

func TestSourceThatGoesOnAfterTheBreakPanics(t *testing.T) {
	stubborn := fx.From(func(yield func(int) bool) {
		yield(1)
		yield(2)
	})
	require.Panics(t, func() { stubborn.Filter(func(int) bool { return true }).First() })
	require.Panics(t, func() { stubborn.Head(1).Count() })
	require.PanicsWithValue(t, "fx: an iterator of FlatMap goes on after yield has returned false", func() {
		fx.FlatMap(upTo(1), func(int) iter.Seq[int] { return stubborn.Seq() }).First()
	})
}

func TestPanicsGoThroughAllStages(t *testing.T) {
	s := fx.Map(failing(3, errDown).Filter(isEven), func(n int) int { return n }).Skip(1)
	require.PanicsWithValue(t, errDown, func() { s.Count() })
	require.PanicsWithValue(t, errDown, func() { upTo(9).ForEach(func(int) { panic(errDown) }) })
}

func TestFromChanEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ch := make(chan int, 1)
		ch <- 7
		start := time.Now()
		require.Equal(t, []int{7}, fx.FromChan(ctx, ch).Collect())
		require.Equal(t, time.Second, time.Since(start))
		ch <- 8
		for range 20 {
			require.Zero(t, fx.FromChan(ctx, ch).Count(), "a done context wins")
			require.Len(t, ch, 1)
		}
		close(ch)
		require.Equal(t, []int{8}, fx.FromChan(t.Context(), ch).Collect())
	})
}

func TestBadInputPanicsAtTheCall(t *testing.T) {
	var none fx.Stream[int]
	s := fx.Just(1)
	for name, call := range map[string]func(){
		"From":                func() { fx.From[int](nil) },
		"Range":               func() { fx.Range[int](nil) },
		"FromChan":            func() { fx.FromChan[int](ctx, nil) },
		"Map":                 func() { fx.Map[int, int](s, nil) },
		"FlatMap":             func() { fx.FlatMap[int, int](s, nil) },
		"Walk":                func() { s.Walk(nil) },
		"Filter":              func() { s.Filter(nil) },
		"DistinctBy":          func() { fx.DistinctBy[int, int](s, nil) },
		"Head":                func() { s.Head(-1) },
		"Tail":                func() { s.Tail(-1) },
		"Skip":                func() { s.Skip(-1) },
		"Sort":                func() { s.Sort(nil) },
		"Group":               func() { fx.Group[int, int](s, nil) },
		"Split":               func() { fx.Split(s, 0) },
		"ChunkWeight":         func() { fx.ChunkWeight(s, 0, func(int) int { return 1 }) },
		"ChunkWeight's func":  func() { fx.ChunkWeight(s, 1, nil) },
		"ChunkTime":           func() { fx.ChunkTime[int](ctx, nil, 1, 1) },
		"ChunkTime's n":       func() { fx.ChunkTime(ctx, make(chan int), 0, 1) },
		"ChunkTime's d":       func() { fx.ChunkTime(ctx, make(chan int), 1, 0) },
		"Concat":              func() { s.Concat(nil) },
		"Merge":               func() { fx.Merge(s, nil) },
		"Buffer":              func() { s.Buffer(-1) },
		"a huge Buffer":       func() { s.Buffer(1<<20 + 1) },
		"ForEach":             func() { s.ForEach(nil) },
		"Max":                 func() { s.Max(nil) },
		"Min":                 func() { s.Min(nil) },
		"Reduce":              func() { fx.Reduce[int, int](s, 0, nil) },
		"AnyMatch":            func() { s.AnyMatch(nil) },
		"AllMatch":            func() { s.AllMatch(nil) },
		"NoneMatch":           func() { s.NoneMatch(nil) },
		"nil Filter":          func() { none.Filter(isEven) },
		"nil Count":           func() { none.Count() },
		"nil Reverse":         func() { none.Reverse() },
		"nil First":           func() { none.First() },
		"nil Distinct":        func() { fx.Distinct(none) },
		"nil Seq":             func() { none.Seq() },
		"ParallelMap":         func() { fx.ParallelMap[int, int](ctx, s, fx.ParallelOptions{}, nil) },
		"ParallelFilter":      func() { fx.ParallelFilter(ctx, s, fx.ParallelOptions{}, nil) },
		"ParallelForEach":     func() { _ = fx.ParallelForEach(ctx, s, fx.ParallelOptions{}, nil) },
		"Workers":             func() { _ = fx.ParallelForEach(ctx, s, fx.ParallelOptions{Workers: -1}, pass) },
		"too many Workers":    func() { _ = fx.ParallelForEach(ctx, s, fx.ParallelOptions{Workers: 65537}, pass) },
		"Parallel":            func() { _ = fx.Parallel(ctx, nil) },
		"Timeout":             func() { _ = fx.Timeout(ctx, 1, nil) },
		"TimeoutCall":         func() { _, _ = fx.TimeoutCall[int](ctx, 1, nil) },
		"Retry":               func() { _ = fx.Retry(ctx, nil, fx.RetryOptions{}) },
		"Hedge":               func() { _, _ = fx.Hedge[int](ctx, fx.HedgeOptions{}, nil) },
		"a negative quantile": func() { new(fx.Latencies).Quantile(-0.1) },
		"Pause":               func() { fx.Backoff{}.Pause(0, 0) },
	} {
		func() {
			defer func() {
				text, ok := recover().(string)
				require.True(t, ok, "%s: panicked with %v", name, text)
				require.Regexp(t, "^fx: ", text, name)
			}()
			call()
		}()
	}
}

func pass(context.Context, int) error { return nil }
