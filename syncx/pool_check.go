package syncx

import (
	"context"

	"github.com/weirgo/weir/internal/ctxerr"
)

// check lends e if it is fit, else what is created in its place.
func (p *Pool[T]) check(ctx context.Context, e *entry[T]) (Item[T], error) {
	if p.fit(e) {
		return p.lend(ctx, e)
	}
	return p.replace(ctx, e)
}

// fit reports whether e, which the caller has, may be lent. If not, it has been
// counted out and is to be destroyed.
func (p *Pool[T]) fit(e *entry[T]) bool {
	if now := p.now(); p.expires && e.due <= now {
		p.condemn(e.reason(now))
		return false
	}
	if p.opts.Healthy == nil {
		return true
	}
	asked := false
	defer func() {
		if !asked { // it panics, or ends its goroutine
			p.condemn(fateUnhealthy)
			p.destroy(e)
		}
	}()
	healthy := p.opts.Healthy(e.value)
	asked = true
	if !healthy {
		p.condemn(fateUnhealthy)
	}
	return healthy
}

// condemn counts that something is about to be destroyed.
func (p *Pool[T]) condemn(f fate) {
	p.mu.Lock()
	p.condemnLocked(f)
	p.mu.Unlock()
}

func (p *Pool[T]) condemnLocked(f fate) {
	p.busy++
	p.ended[f]++
}

// replace destroys e and creates another one in its place.
func (p *Pool[T]) replace(ctx context.Context, e *entry[T]) (Item[T], error) {
	ended := false
	defer func() {
		if !ended {
			p.free()
		}
	}()
	if p.opts.Destroy != nil {
		p.opts.Destroy(e.value)
	}
	ended = true
	return p.create(ctx)
}

// create makes a resource in a place that the caller has. Whatever else becomes
// of it, the place goes to the next one.
func (p *Pool[T]) create(ctx context.Context) (Item[T], error) {
	if err := p.mayCreate(ctx); err != nil {
		p.free()
		return Item[T]{}, err
	}
	created := false
	defer func() {
		if !created {
			p.fail()
		}
	}()
	v, err := p.opts.Create(ctx)
	if err != nil {
		return Item[T]{}, err
	}
	created = true
	return p.take(ctx, p.newEntry(v))
}

func (p *Pool[T]) mayCreate(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	return ctxerr.Err(ctx)
}

// take lends what was just created, unless the pool was closed or ctx done by
// then.
func (p *Pool[T]) take(ctx context.Context, e *entry[T]) (Item[T], error) {
	p.mu.Lock()
	p.busy--
	p.created++
	closed := p.closed
	if closed {
		p.condemnLocked(fateClosed)
	}
	p.mu.Unlock()
	if closed {
		p.destroy(e)
		return Item[T]{}, ErrClosed
	}
	return p.lend(ctx, e)
}

func (p *Pool[T]) fail() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures++
	p.freeLocked()
}
