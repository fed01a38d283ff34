package collection_test

import (
	"slices"
	"time"

	"github.com/weirgo/weir/collection"
)

// A model is the rolling window as one would explain it: a list of all values
// with their times, and no thought for cost.
type model[T collection.Number] struct {
	buckets  int
	interval time.Duration
	start    time.Time
	values   []timed[T]
}

type timed[T collection.Number] struct {
	at time.Duration
	v  T
}

func newModel[T collection.Number](buckets int, interval time.Duration) *model[T] {
	return &model[T]{buckets: buckets, interval: interval, start: time.Now()}
}

func (m *model[T]) now() time.Duration { return time.Since(m.start) }

func (m *model[T]) add(v T) { m.values = append(m.values, timed[T]{m.now(), v}) }

// list returns the buckets of the window, oldest first.
func (m *model[T]) list() []collection.Bucket[T] {
	current := m.now() / m.interval
	list := make([]collection.Bucket[T], m.buckets)
	for _, x := range m.values {
		if age := int(current - x.at/m.interval); age < m.buckets {
			b := &list[m.buckets-1-age]
			*b = join(*b, one(x.v))
		}
	}
	return list
}

// total sums up the window without its last few buckets.
func (m *model[T]) total(without int) (sum collection.Bucket[T]) {
	for _, b := range m.list()[:m.buckets-without] {
		sum = join(sum, b)
	}
	return sum
}

func one[T collection.Number](v T) collection.Bucket[T] {
	return collection.Bucket[T]{Sum: v, Count: 1, Min: v, Max: v}
}

func join[T collection.Number](a, b collection.Bucket[T]) collection.Bucket[T] {
	switch {
	case a.Count == 0:
		return b
	case b.Count == 0:
		return a
	}
	return collection.Bucket[T]{
		Sum:   a.Sum + b.Sum,
		Count: a.Count + b.Count,
		Min:   min(a.Min, b.Min),
		Max:   max(a.Max, b.Max),
	}
}

func sums[T collection.Number](w *collection.RollingWindow[T]) (list []T) {
	for b := range w.Buckets() {
		list = append(list, b.Sum)
	}
	return list
}

func finishedSums[T collection.Number](w *collection.RollingWindow[T]) (list []T) {
	for b := range w.IgnoreCurrent().Buckets() {
		list = append(list, b.Sum)
	}
	return list
}

func list[T collection.Number](w *collection.RollingWindow[T]) []collection.Bucket[T] {
	return slices.Collect(w.Buckets())
}
