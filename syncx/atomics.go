package syncx

import (
	"math"
	"sync/atomic"
	"time"
)

// An AtomicDuration is a [time.Duration] that goroutines share. The zero value is
// 0. It must not be copied after first use.
type AtomicDuration struct{ ns atomic.Int64 }

// Load returns the duration.
func (d *AtomicDuration) Load() time.Duration { return time.Duration(d.ns.Load()) }

// Store sets the duration.
func (d *AtomicDuration) Store(v time.Duration) { d.ns.Store(int64(v)) }

// Swap sets the duration and returns what it was.
func (d *AtomicDuration) Swap(v time.Duration) time.Duration {
	return time.Duration(d.ns.Swap(int64(v)))
}

// CompareAndSwap sets the duration to v if it is old.
func (d *AtomicDuration) CompareAndSwap(old, v time.Duration) bool {
	return d.ns.CompareAndSwap(int64(old), int64(v))
}

// Add adds delta and returns the sum.
func (d *AtomicDuration) Add(delta time.Duration) time.Duration {
	return time.Duration(d.ns.Add(int64(delta)))
}

// An AtomicFloat64 is a float64 that goroutines share. The zero value is 0. It
// must not be copied after first use.
type AtomicFloat64 struct{ bits atomic.Uint64 }

// Load returns the number.
func (f *AtomicFloat64) Load() float64 { return math.Float64frombits(f.bits.Load()) }

// Store sets the number.
func (f *AtomicFloat64) Store(v float64) { f.bits.Store(math.Float64bits(v)) }

// Swap sets the number and returns what it was.
func (f *AtomicFloat64) Swap(v float64) float64 {
	return math.Float64frombits(f.bits.Swap(math.Float64bits(v)))
}

// CompareAndSwap sets the number to v if it is old, bit by bit: 0 is not -0, and a
// NaN is itself.
func (f *AtomicFloat64) CompareAndSwap(old, v float64) bool {
	return f.bits.CompareAndSwap(math.Float64bits(old), math.Float64bits(v))
}

// Add adds delta and returns the sum. It tries again when another goroutine comes
// in between, so that no addition is lost.
func (f *AtomicFloat64) Add(delta float64) float64 {
	for {
		old := f.bits.Load()
		sum := math.Float64frombits(old) + delta
		if f.bits.CompareAndSwap(old, math.Float64bits(sum)) {
			return sum
		}
	}
}
