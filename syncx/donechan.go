package syncx

import (
	"sync"
	"sync/atomic"
)

// A DoneChan says that something has ended, to any number of goroutines: a channel
// that may be closed more than once, and by its owner alone. The zero value is
// ready. It must not be copied after first use. All methods are safe for
// concurrent use.
//
// Where there is a context anyway, take [context.WithCancel].
type DoneChan struct {
	closed atomic.Bool
	mu     sync.Mutex
	ch     chan struct{} // guarded by mu; made when first asked for
}

// Close closes the channel. Only the first call does something.
func (d *DoneChan) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed.Load() {
		return
	}
	close(d.chanLocked())
	d.closed.Store(true)
}

// Done returns the channel, the same at each call.
func (d *DoneChan) Done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.chanLocked()
}

func (d *DoneChan) chanLocked() chan struct{} {
	if d.ch == nil {
		d.ch = make(chan struct{})
	}
	return d.ch
}

// Closed reports whether Close was called.
func (d *DoneChan) Closed() bool { return d.closed.Load() }
