package syncx

import "sync"

// A Barrier lets one function at a time run. The zero value is ready. It must not
// be copied after first use.
//
// It is a [sync.Mutex] that cannot be left locked: a function that panics or ends
// its goroutine lets the next one in, and its panic goes on. A function that waits
// for another one of the same Barrier waits for ever.
type Barrier struct{ mu sync.Mutex }

// Guard calls fn while no other function that is guarded by b runs.
func (b *Barrier) Guard(fn func()) {
	if fn == nil {
		panic("syncx: Barrier has no nil fn to call")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	fn()
}
