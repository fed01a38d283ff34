package weirprom

import (
	"maps"
	"sync"
	"sync/atomic"
)

const (
	// maxLabels is how many labels a recorder can have: a key of so many strings is
	// looked up without being allocated.
	maxLabels = 4
	// other is the value of all labels where there is no room for more series.
	other = "other"

	defaultMaxSeries = 1000
)

// A labelKey is the values of up to maxLabels labels.
type labelKey [maxLabels]string

// cells are what is recorded for each combination of label values. Combinations are
// few and stay, so looking one up takes no lock and making one copies them all.
type cells[T any] struct {
	max  int                     // of combinations; negative is no bound
	n    int                     // of labels
	make func(values []string) T // of safe values

	now atomic.Pointer[map[labelKey]T] // what it points to is never changed
	mu  sync.Mutex                     // of those who change it
}

func (c *cells[T]) init(limit, labels int, create func(values []string) T) {
	if limit == 0 {
		limit = defaultMaxSeries
	}
	c.max, c.n, c.make = limit, labels, create
	c.now.Store(&map[labelKey]T{})
}

func (c *cells[T]) get(key labelKey) T {
	if cell, ok := (*c.now.Load())[key]; ok {
		return cell
	}
	return c.add(key)
}

func (c *cells[T]) add(key labelKey) T {
	for i := range key {
		key[i] = safeValue(key[i])
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	have := *c.now.Load()
	if _, ok := have[key]; !ok && c.max >= 0 && len(have) >= c.max {
		key = c.others()
	}
	if cell, ok := have[key]; ok {
		return cell
	}
	cells := maps.Clone(have)
	cells[key] = c.make(key[:c.n:c.n])
	c.now.Store(&cells)
	return cells[key]
}

func (c *cells[T]) others() (key labelKey) {
	for i := range c.n {
		key[i] = other
	}
	return key
}
