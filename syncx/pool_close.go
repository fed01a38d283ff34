package syncx

import (
	"context"
	"fmt"

	"github.com/weirgo/weir/internal/ctxerr"
)

// Close ends the pool. From its start, Get returns [ErrClosed], also to those who
// wait, TryGet is false, and what is put back is destroyed. It destroys what is
// idle, one after another, and waits until everything is given back and destroyed.
// If ctx is done before, it returns an error that is the one of ctx and says how
// many are left; they are destroyed all the same when they are put back. It may be
// called again, and at the same time, to wait once more. Called by who holds an
// item, or by one of the pool's functions, it waits for ctx.
func (p *Pool[T]) Close(ctx context.Context) error {
	p.mu.Lock()
	dead := p.closeLocked()
	p.mu.Unlock()
	if p.opts.Destroy == nil {
		p.destroyAll(dead)
	} else if dead != nil {
		go p.destroyAll(dead) // not here: Destroy knows nothing of ctx
	}
	select {
	case <-p.empty:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	left := p.open
	p.mu.Unlock()
	if left == 0 {
		return nil
	}
	return fmt.Errorf("syncx: closing a Pool: %d left: %w", left, ctxerr.Err(ctx))
}

// closeLocked returns what is to be destroyed, which only the first call has.
func (p *Pool[T]) closeLocked() (dead *entry[T]) {
	if p.closed {
		return nil
	}
	p.closed = true
	if p.alarm != nil {
		p.alarm.Stop()
		p.rings = never
	}
	for p.line.grantLocked(grant[T]{closed: true}) {
	}
	dead = p.idle.top
	for range p.idle.len {
		p.condemnLocked(fateClosed)
	}
	p.idle = stack[T]{}
	p.emptyLocked()
	return dead
}

// emptyLocked tells those who close if there is nothing left.
func (p *Pool[T]) emptyLocked() {
	if p.closed && p.open == 0 {
		close(p.empty)
	}
}
