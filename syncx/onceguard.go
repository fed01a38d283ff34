package syncx

import "sync/atomic"

// A OnceGuard is taken by one caller of all, for good. The zero value is ready,
// and not taken. It must not be copied after first use.
//
// Who does not take it is not told when the one who did is done. If that matters,
// take [sync.Once].
type OnceGuard struct{ taken atomic.Bool }

// Take reports whether the caller is the first one.
func (g *OnceGuard) Take() bool {
	return !g.taken.Load() && g.taken.CompareAndSwap(false, true)
}

// Taken reports whether there was a first one.
func (g *OnceGuard) Taken() bool { return g.taken.Load() }
