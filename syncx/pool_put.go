package syncx

import "time"

// Put gives back an item that is to be lent again, with the Value that it has now.
// It destroys it, before it returns, if it is too old, or if nobody waits for it
// and MaxIdle are idle, or if the pool is closed. It panics if the item is not one
// that this pool has lent, or if it was given back before.
func (p *Pool[T]) Put(it Item[T]) {
	now := p.now()
	p.takeBackLock(it)
	it.entry.value = it.Value
	p.keepUnlock(it.entry, now)
}

// Discard gives back an item that is of no use any more. It destroys it before it
// returns. It panics where Put does.
func (p *Pool[T]) Discard(it Item[T]) {
	p.takeBackLock(it)
	it.entry.value = it.Value
	p.condemnLocked(fateDiscarded)
	p.mu.Unlock()
	p.destroy(it.entry)
}

// takeBackLock ends the loan, and leaves mu locked.
func (p *Pool[T]) takeBackLock(it Item[T]) {
	e := it.entry
	if e == nil || e.pool != p {
		panic("syncx: an item of another Pool, or of none, is given back")
	}
	p.mu.Lock()
	if e.turn != it.turn {
		p.mu.Unlock()
		panic("syncx: an item of a Pool is given back twice")
	}
	e.turn++
}

// keep gives back what was not lent after all.
func (p *Pool[T]) keep(e *entry[T]) {
	now := p.now()
	p.mu.Lock()
	p.keepUnlock(e, now)
}

// keepUnlock hands e to the first who waits, or keeps it for later, or destroys
// it. The caller holds mu; it is given up.
func (p *Pool[T]) keepUnlock(e *entry[T], now time.Duration) {
	f, destroy := p.fateLocked(e, now)
	if destroy {
		p.condemnLocked(f)
		p.mu.Unlock()
		p.destroy(e)
		return
	}
	if p.line.head != nil {
		e.due = e.expires
		p.line.grantLocked(grant[T]{entry: e})
	} else {
		p.idle.pushLocked(e)
		if p.expires {
			p.expectLocked(e, now)
		}
	}
	p.mu.Unlock()
}

// destroy ends what was condemned. Its place is free when Destroy has returned,
// panicked, or ended the goroutine.
func (p *Pool[T]) destroy(e *entry[T]) {
	defer p.free()
	if p.opts.Destroy != nil {
		p.opts.Destroy(e.value)
	}
}

// free gives up a place in which something was created or destroyed.
func (p *Pool[T]) free() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.freeLocked()
}

func (p *Pool[T]) freeLocked() {
	// Who waits gets the place, which is busy until something is created there.
	if p.line.grantLocked(grant[T]{}) {
		return
	}
	p.open--
	p.busy--
	p.emptyLocked()
}
