package collection

import "iter"

// A WindowView reads a [RollingWindow] without its current bucket: only intervals
// that are over, so that all have had the same time to fill. It is a small value
// to copy or to make anew for each read, holds no data of its own, and promises
// what the window does. Its zero value is not usable.
type WindowView[T Number] struct{ w *RollingWindow[T] }

// Total sums up the finished buckets of the window. A window of one bucket has
// none, and is always empty here.
func (v WindowView[T]) Total() Bucket[T] {
	epoch, _ := v.w.grid.now()
	return decode[T](v.w.finished(epoch))
}

// Buckets ranges over the finished buckets, oldest first, as
// [RollingWindow.Buckets] does: always exactly one less than the window has.
func (v WindowView[T]) Buckets() iter.Seq[Bucket[T]] {
	return func(yield func(Bucket[T]) bool) { v.w.each(1, yield) }
}
