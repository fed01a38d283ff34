package syncx

import (
	"runtime"
	"sync/atomic"
)

// A SpinLock is a lock whose waiters do not sleep. The zero value is unlocked. It
// must not be copied after first use.
//
// Prefer [sync.Mutex]: it spins, too, before it sleeps, and lets nobody starve. A
// SpinLock is for a few instructions that almost never meet. Do not take it where
// the holder may be held up, by I/O, a channel or another lock, since waiters burn
// a processor meanwhile; nor where many wait, since there is no order and one may
// wait for long. To a synctest bubble, a goroutine that waits is not blocked.
type SpinLock struct{ locked atomic.Bool }

// Lock waits until the lock is free, and takes it.
func (l *SpinLock) Lock() {
	for !l.TryLock() {
		runtime.Gosched()
	}
}

// TryLock takes the lock if it is free.
func (l *SpinLock) TryLock() bool {
	// Looking first leaves the holder's cache line alone.
	return !l.locked.Load() && l.locked.CompareAndSwap(false, true)
}

// Unlock frees the lock. It panics if it is free. Any goroutine may call it.
func (l *SpinLock) Unlock() {
	if !l.locked.Swap(false) {
		panic("syncx: Unlock of a SpinLock that is not locked")
	}
}
