package fx_test

import (
	"iter"
	"testing"

	"github.com/weirgo/weir/fx"
)

const million = 1_000_000

// The same work four ways: the squares of a million ints, of which the even ones
// are summed up. The plain functions are what anybody would write over iter.Seq.
func BenchmarkMapFilterReduce(b *testing.B) {
	square := func(n int) int { return n * n }
	even := func(n int) bool { return n%2 == 0 }
	add := func(sum, n int) int { return sum + n }
	b.Run("weir", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sink = fx.Reduce(fx.Map(fx.From(count(million)), square).Filter(even), 0, add)
		}
		perItem(b)
	})
	b.Run("seq", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sink = reduceSeq(filterSeq(mapSeq(count(million), square), even), 0, add)
		}
		perItem(b)
	})
	b.Run("loop", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sum := 0
			for n := range million {
				if n := square(n); even(n) {
					sum = add(sum, n)
				}
			}
			sink = sum
		}
		perItem(b)
	})
}

// The same, where stages are added by funcs that are not inlined, as they are when
// streams are passed around: now every stage costs a call per item.
func BenchmarkPassedAround(b *testing.B) {
	b.Run("weir", func(b *testing.B) {
		for b.Loop() {
			sink = fx.Reduce(squares(fx.From(count(million))), 0, func(sum, n int) int { return sum + n })
		}
		perItem(b)
	})
	b.Run("seq", func(b *testing.B) {
		for b.Loop() {
			sink = reduceSeq(squaresSeq(count(million)), 0, func(sum, n int) int { return sum + n })
		}
		perItem(b)
	})
}

//go:noinline
func squares(s fx.Stream[int]) fx.Stream[int] {
	return fx.Map(s, func(n int) int { return n * n }).Filter(isEven)
}

//go:noinline
func squaresSeq(s iter.Seq[int]) iter.Seq[int] {
	return filterSeq(mapSeq(s, func(n int) int { return n * n }), isEven)
}

var sink int

func perItem(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/million, "ns/item")
}

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func mapSeq[T, U any](s iter.Seq[T], f func(T) U) iter.Seq[U] {
	return func(yield func(U) bool) {
		for v := range s {
			if !yield(f(v)) {
				return
			}
		}
	}
}

func filterSeq[T any](s iter.Seq[T], keep func(T) bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		for v := range s {
			if keep(v) && !yield(v) {
				return
			}
		}
	}
}

func reduceSeq[T, A any](s iter.Seq[T], initial A, f func(A, T) A) A {
	for v := range s {
		initial = f(initial, v)
	}
	return initial
}
