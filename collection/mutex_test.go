package collection_test

import (
	"sync"
	"time"

	"github.com/weirgo/weir/collection"
)

// mutexWindow is the plain way to write a rolling window, and a fair one: it
// too remembers the sum of the finished buckets.
type mutexWindow struct {
	mu       sync.Mutex
	buckets  []collection.Bucket[int64]
	finished collection.Bucket[int64]
	epoch    int
	interval time.Duration
	start    time.Time
}

func newMutexWindow(buckets int, interval time.Duration) *mutexWindow {
	return &mutexWindow{
		buckets:  make([]collection.Bucket[int64], buckets),
		interval: interval,
		start:    time.Now(),
	}
}

func (w *mutexWindow) Add(v int64) {
	epoch := int(time.Since(w.start) / w.interval)
	w.mu.Lock()
	w.advanceLocked(epoch)
	b := &w.buckets[w.epoch%len(w.buckets)]
	*b = join(*b, one(v))
	w.mu.Unlock()
}

func (w *mutexWindow) Total() collection.Bucket[int64] {
	epoch := int(time.Since(w.start) / w.interval)
	w.mu.Lock()
	w.advanceLocked(epoch)
	b := join(w.finished, w.buckets[w.epoch%len(w.buckets)])
	w.mu.Unlock()
	return b
}

func (w *mutexWindow) advanceLocked(epoch int) {
	if epoch <= w.epoch {
		return
	}
	for e := max(w.epoch, epoch-len(w.buckets)) + 1; e <= epoch; e++ {
		w.buckets[e%len(w.buckets)] = collection.Bucket[int64]{}
	}
	w.epoch, w.finished = epoch, collection.Bucket[int64]{}
	for _, b := range w.buckets {
		w.finished = join(w.finished, b)
	}
}
