package syncx

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir/internal/ctxerr"
)

// A Pool keeps up to MaxOpen resources that are costly to make, such as
// connections, and lends each to one caller at a time.
//
//	item, err := pool.Get(ctx)
//	if err != nil {
//		return err
//	}
//	if err := use(item.Value); err != nil {
//		pool.Discard(item) // broken
//		return err
//	}
//	pool.Put(item)
//
// It is made by [NewPool]; the zero value does not work. It must not be copied.
// All methods are safe for concurrent use, and may be called by Create, Destroy
// and Healthy, too, which are called without any lock. A Get within Create, or by
// who holds an item, waits for itself if there is no place left, until its
// context is done.
//
// What was put back last is lent first, so that what is not needed grows old and
// ends. While all is lent, callers wait in the order of their coming: an item goes
// straight to the first one when it is put back, and its place when it is
// discarded, and a caller who gives up meanwhile passes on what it was given. An
// error or a panic of Create is for the Get that called it, and its place goes to
// the next in line. A resource keeps its place until Destroy has returned, so
// there are never more than MaxOpen of them; the place of an item that is never
// given back is lost.
//
// When ctx is done, a Get that waits returns at once; one whose Create runs does
// when that returns, and what it has created is kept for others.
//
// A panic or [runtime.Goexit] in one of the three functions leaves the pool in
// order. It goes through the method that called the function; for what expires
// and for Close, see OnPanic. A resource whose Healthy panics is destroyed.
//
// Get and Put of an idle item take a short lock each and allocate nothing; with
// MaxIdleTime, MaxLifetime they also read the clock. There is no goroutine. Where
// resources may expire, there is one runtime timer while some are idle; a timer
// that is set lives on until it fires, and to look for what has expired takes time
// in proportion to how many are idle. A pool that is no longer used should be
// closed, for the sake of its resources.
//
// [sync.Pool] is for memory that may be dropped at any time: it has no bound and
// no end.
type Pool[T any] struct {
	opts    PoolOptions[T] // with defaults
	epoch   time.Time
	expires bool // whether time matters
	checks  bool // whether what is lent is looked at before
	waiters sync.Pool

	mu     sync.Mutex // guards what follows, and never held while user code runs
	idle   stack[T]   // empty while somebody waits
	line   line[grant[T]]
	open   int // places that are taken, by what is idle, lent, created or destroyed
	busy   int // of those, where something is created or destroyed
	closed bool
	empty  chan struct{} // closed when closed and nothing is open
	alarm  *time.Timer   // nil until first used
	rings  time.Duration // when alarm is set to, or earlier; never if it is not

	waits    uint64
	created  uint64
	failures uint64
	ended    [fates]uint64

	waited atomic.Int64 // nanoseconds
}

// A grant is what a waiter gets: an entry, or a place to create one in, or the
// news that the pool is closed.
type grant[T any] struct {
	entry  *entry[T]
	closed bool
}

// NewPool returns an empty pool. It panics if o is impossible; see Validate.
func NewPool[T any](o PoolOptions[T]) *Pool[T] {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	o = o.withDefaults()
	p := &Pool[T]{
		opts: o, epoch: time.Now(), rings: never, empty: make(chan struct{}),
		expires: o.MaxIdleTime > 0 || o.MaxLifetime > 0,
	}
	p.checks = p.expires || o.Healthy != nil
	p.waiters.New = func() any { return newWaiter[grant[T]]() }
	return p
}

// now is the time since the pool was made, or 0 if time does not matter.
func (p *Pool[T]) now() time.Duration {
	if !p.expires {
		return 0
	}
	return time.Since(p.epoch)
}

// Get lends an idle item, or creates one if there is room, or waits. It returns
// the error of ctx once that is done, also if an item came at the same moment; the
// error of Create; or [ErrClosed].
func (p *Pool[T]) Get(ctx context.Context) (Item[T], error) {
	if ctx.Err() != nil {
		return Item[T]{}, ctxerr.Err(ctx)
	}
	p.mu.Lock()
	e := p.idle.top
	if e == nil {
		return p.getUnlock(ctx)
	}
	p.idle.removeLocked(e)
	it := e.item()
	p.mu.Unlock()
	if p.checks {
		return p.check(ctx, e)
	}
	return it, nil
}

// getUnlock is Get when nothing is idle. The caller holds mu; it is given up.
func (p *Pool[T]) getUnlock(ctx context.Context) (Item[T], error) {
	if p.closed {
		p.mu.Unlock()
		return Item[T]{}, ErrClosed
	}
	if p.open < p.opts.MaxOpen {
		p.open++
		p.busy++
		p.mu.Unlock()
		return p.create(ctx)
	}
	w := p.waiters.Get().(*waiter[grant[T]])
	p.line.pushLocked(w)
	p.waits++
	p.mu.Unlock()
	return p.await(ctx, w)
}

func (p *Pool[T]) await(ctx context.Context, w *waiter[grant[T]]) (Item[T], error) {
	start := time.Since(p.epoch)
	g, ok := p.line.await(ctx, &p.mu, w)
	p.waited.Add(int64(time.Since(p.epoch) - start))
	p.waiters.Put(w) // out of the line, and its channel is empty
	switch {
	case !ok:
		return Item[T]{}, ctxerr.Err(ctx)
	case g.closed:
		return Item[T]{}, ErrClosed
	case g.entry == nil:
		return p.create(ctx)
	case p.checks:
		return p.check(ctx, g.entry)
	}
	return p.lend(ctx, g.entry)
}

// lend hands e out, unless ctx is done: then e stays for others.
func (p *Pool[T]) lend(ctx context.Context, e *entry[T]) (Item[T], error) {
	if ctx.Err() != nil {
		p.keep(e)
		return Item[T]{}, ctxerr.Err(ctx)
	}
	return e.item(), nil
}

// TryGet lends an idle item. It is false if there is none: it never waits, and
// creates nothing. It may call Healthy, and Destroy for each that is not.
func (p *Pool[T]) TryGet() (Item[T], bool) {
	for {
		p.mu.Lock()
		e := p.idle.top
		if e == nil {
			p.mu.Unlock()
			return Item[T]{}, false
		}
		p.idle.removeLocked(e)
		p.mu.Unlock()
		if p.fit(e) {
			return e.item(), true
		}
		p.destroy(e)
	}
}
