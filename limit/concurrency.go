package limit

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
	"github.com/weirgo/weir/internal/stripe"
)

var (
	// ErrFull refuses a call because Max calls are in flight and the queue, if
	// there is one, is full.
	ErrFull = weir.NewRejection("limit: too many calls in flight")
	// ErrQueueTimeout refuses a call because it queued for MaxWait in vain.
	ErrQueueTimeout = weir.NewRejection("limit: waited too long for a call in flight to end")
)

// ConcurrencyOptions configures a [Concurrency].
type ConcurrencyOptions struct {
	// Name tells this limit apart in metrics.
	Name string
	// Max is how many calls may be in flight at a time: 1 to 1,048,576. There is
	// no default.
	Max int
	// MaxQueue is how many further calls may wait for their turn, up to
	// 1,048,576. The default is none: a call that finds no permit is refused at
	// once. Negative is none, too.
	MaxQueue int
	// MaxWait is how long a call waits in the queue before it is refused. The
	// default is 1 s; negative means as long as its context lives.
	MaxWait time.Duration
	// MaxHold is how long a permit may stay out, from when it is first missed
	// because another call is refused or has to queue, before it counts as
	// forgotten. The default is 1 h; negative means for ever. Calls that are
	// refused or queue look after it eight times per MaxHold (at most once per
	// millisecond); so where they keep coming it is taken back a quarter of
	// MaxHold late at most. Calls that really last longer, such as streams, are
	// no longer counted then.
	MaxHold time.Duration
}

const (
	maxConcurrency = 1 << 20
	defaultMaxWait = time.Second
	defaultMaxHold = time.Hour
)

// Validate returns what makes the options impossible, nil if nothing does.
func (o ConcurrencyOptions) Validate() error {
	switch {
	case o.Max < 1 || o.Max > maxConcurrency:
		return errMax
	case o.MaxQueue > maxConcurrency:
		return errMaxQueue
	}
	return nil
}

func (o ConcurrencyOptions) withDefaults() ConcurrencyOptions {
	o.MaxQueue = max(0, o.MaxQueue)
	if o.MaxWait == 0 {
		o.MaxWait = defaultMaxWait
	}
	if o.MaxHold == 0 {
		o.MaxHold = defaultMaxHold
	}
	return o
}

// Concurrency is a [weir.Guard] that admits at most Max calls at a time, and
// lets a bounded number wait, first come, first served.
//
// It is made by [NewConcurrency]; the zero value does not work. It must not be
// copied. The outcome of a call does not matter to it. A permit that is never
// settled occupies its place until it has been missed for MaxHold; then it is
// taken back, and settling it later does nothing.
//
// While permits are free, Allow and Done cost one compare-and-swap each, take no
// lock and allocate nothing; goroutines that run at once use different cache
// lines. A refusal allocates nothing. A call that queues allocates its place in
// the queue; one that loses the last place to another at that very moment has
// allocated it in vain. The fewer permits are free, the longer one is searched
// for: by a load per permit of a group of 64, and one per group that has none.
// Memory grows with the highest number of calls ever in flight, by some 80 B
// each. There is no goroutine and nothing to close.
type Concurrency struct {
	opts  ConcurrencyOptions
	slots slots

	// waiting is the length of queue, to be read without the lock. While it is
	// not 0, newcomers line up instead of taking a permit.
	waiting atomic.Int64
	// full says that the queue had no room left after free permits, if any, were
	// handed out, and that nobody has left it since.
	full  atomic.Bool
	mu    sync.Mutex
	queue waitQueue // guarded by mu

	reclaim  reclaimer
	refused  atomic.Uint64
	timedOut atomic.Uint64
}

// NewConcurrency returns a limit. It panics if o is impossible; see Validate.
func NewConcurrency(o ConcurrencyOptions) *Concurrency {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	l := &Concurrency{opts: o.withDefaults()}
	l.slots.init(l, o.Max)
	l.reclaim.init(l.opts.MaxHold)
	return l
}

// Allow admits a call if a permit is free, else lets it wait if the queue has
// room. It returns [ErrFull] or [ErrQueueTimeout], or, once ctx is done, the
// error of ctx.
func (l *Concurrency) Allow(ctx context.Context) (weir.Permit, error) {
	if ctx.Err() != nil {
		return weir.Permit{}, ctxerr.Err(ctx)
	}
	hint := stripe.Hint()
	if l.waiting.Load() == 0 {
		if p, ok := l.slots.likely(hint).TryIssue(); ok {
			return p, nil
		}
		if p, ok := l.slots.take(hint); ok {
			return p, nil
		}
	}
	return l.allowSlow(ctx)
}

// allowSlow is Allow when no permit was free, or others are waiting already.
func (l *Concurrency) allowSlow(ctx context.Context) (weir.Permit, error) {
	l.reclaim.sweep(&l.slots)
	if l.opts.MaxQueue == 0 {
		// Nobody can be waiting; the sweep may have found something.
		if p, ok := l.slots.take(stripe.Hint()); ok {
			return p, nil
		}
	} else if w := l.enqueue(); w != nil {
		return l.await(ctx, w)
	}
	l.refused.Add(1)
	return weir.Permit{}, ErrFull
}
