package collection

import (
	"runtime"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/panics"
)

// A crew is the goroutines that run a clockwork's callbacks. One starts when
// something is due and ends when nothing is left, so that there are none at rest.
// A worker that takes an entry sees to it first that another one is on its way to
// the next: so nothing that is due waits for a slow callback while there may be
// more workers, and one worker does for a thousand fast ones.
type crew struct {
	busy    int  // workers, from before they start until they are done for good
	coming  bool // one of them has yet to look for work
	running int  // workers in a callback
	// members are the workers by goroutine, for Close to know its own.
	members map[uint64]struct{}
	closing int           // members that wait in Close
	quiet   bool          // at some time since the first Close all workers did: those may go
	changed chan struct{} // closed when busy is less than before; nil if nobody waits
}

// call starts a worker if there is work for one more. The caller holds mu.
func (c *clockwork[T]) call() {
	if c.hires() {
		c.crew.coming = true
		go c.work()
	}
}

func (c *clockwork[T]) hires() bool {
	if c.ready.first == nil || c.closed || c.crew.coming || c.crew.busy >= c.workers {
		return false
	}
	c.crew.busy++
	return true
}

func (c *clockwork[T]) work() {
	me := goroutine()
	c.mu.Lock()
	c.crew.coming = false
	c.serve(me)
}

// join makes the caller, which holds mu and gives it up, a worker if one is
// needed.
func (c *clockwork[T]) join(me uint64) {
	if c.hires() {
		c.serve(me)
	} else {
		c.mu.Unlock()
	}
}

// serve is a worker's life. It holds mu at the beginning and not at the end.
func (c *clockwork[T]) serve(me uint64) {
	inside := false // in a callback, without mu
	defer func() {
		if inside { // it has ended this goroutine
			c.mu.Lock()
			c.crew.running--
		}
		c.leave(me)
		c.mu.Unlock()
	}()
	if c.crew.members == nil {
		c.crew.members = map[uint64]struct{}{}
	}
	c.crew.members[me] = struct{}{}
	for p := c.take(); p != nil; p = c.take() {
		c.call()
		c.crew.running++
		c.mu.Unlock()
		inside = true
		c.run(p)
		c.mu.Lock()
		inside = false
		c.crew.running--
	}
}

// leave ends a worker's life, for those who wait for that, and for what became
// due since it looked.
func (c *clockwork[T]) leave(me uint64) {
	delete(c.crew.members, me)
	c.crew.busy--
	c.crew.change()
	c.call()
}

// change wakes those who wait for the crew.
func (c *crew) change() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// run runs a callback, and reports its panic.
func (c *clockwork[T]) run(p *pending[T]) {
	defer func() {
		if v := recover(); v != nil {
			c.caught(weir.CaughtPanic(v))
		}
	}()
	c.act(p)
}

func (c *clockwork[T]) caught(p *weir.Panic) {
	c.mu.Lock()
	c.panicked++
	c.mu.Unlock()
	if c.onPanic == nil {
		panics.Log("collection: panic in a callback", p.Value, p.Stack)
		return
	}
	defer func() {
		if v := recover(); v != nil { // nobody else could catch it here
			panics.Log("collection: panic in a callback", p.Value, p.Stack)
			again := weir.CaughtPanic(v)
			panics.Log("collection: panic in OnPanic", again.Value, again.Stack)
		}
	}()
	c.onPanic(p)
}

// goroutine returns a number that no other living goroutine has, read from where
// the runtime prints it ("goroutine 7 [running]:"). It takes a microsecond, which
// a worker spends once, without the lock. Nothing else can tell whether Close is
// called from a callback, and to wait there for that callback would be to wait
// for ever.
func goroutine() (id uint64) {
	var text [32]byte
	n := runtime.Stack(text[:], false)
	for _, b := range text[min(n, len("goroutine ")):n] {
		if b < '0' || b > '9' {
			break
		}
		id = id*10 + uint64(b-'0')
	}
	return id
}
