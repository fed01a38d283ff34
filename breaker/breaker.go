package breaker

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
)

var (
	// ErrOpen refuses a call because nothing has worked lately.
	ErrOpen = weir.NewRejection("breaker: open")
	// ErrThrottled refuses a call because too many have failed lately.
	ErrThrottled = weir.NewRejection("breaker: throttling")
)

// A Breaker is a [weir.Guard] that refuses calls to a dependency in proportion to
// how badly it works.
//
// What counts. A success is one; failures are what the outcome calls
// [weir.Failure] or [weir.Overloaded], and successes slower than SlowCall. An
// ignored outcome counts for nothing. Neither does a failure of a call whose
// context was cancelled, whatever error it made of that, nor one of a call that ran
// out of time (its context is past its deadline, or, with Do, the error says so; or,
// with a permit, it was cancelled and ended within 25 ms of its deadline, as a server's is
// by a client that gives up) and had less of it than successes usually take: its caller was in too much of a
// hurry to learn anything about the dependency. A call that had time enough and got
// no answer is a failure; if it began before the breaker last opened, only Stats
// count it, for what it tells has been judged already.
//
// When it refuses. Over a sliding window, calls are refused with the probability
// max(0, (total - Protection - chance - K*accepts) / (total + 1)); the state is
// then [Throttling]. A streak of failures that the error rate before it does not
// explain opens the breaker: all calls are refused but for one probe per
// ProbeInterval. A probe is a lease: if it never ends, the next one takes its
// place. Successful probes close the breaker, and so does silence: what nobody
// has asked for during a whole window is presumed well.
//
// A permit that is never settled counts for nothing and costs nothing.
//
// Use New to make one. A Breaker is safe for concurrent use and must not be
// copied. A call that is admitted costs one or two clock readings and one atomic
// add; nothing is allocated and no lock is taken unless it fails. A breaker takes
// less than 2 kB, and up to 1 kB for the texts of errors. It has no
// goroutine, so it is simply dropped.
type Breaker struct {
	// What every call reads and few write.
	epoch   time.Time     // all times are nanoseconds since then
	mode    atomic.Uint32 // an override, and whether the breaker is open
	shown   atomic.Uint32 // the State last announced
	verdict atomic.Uint64 // a verdict: how much to refuse while it is not
	// strained is the last epoch in which the verdict was to refuse some, 0 if that
	// is long ago. A ratio that comes and goes within moments is one state.
	strained atomic.Uint32
	window   window
	streak   streak
	probes   probes
	usual    usual
	opts     Options

	_ [64]byte // what follows is written often, so it has cache lines of its own

	denied  atomic.Uint64 // refused, in whatever state
	spared  atomic.Uint64 // would have been refused, but for DryRun
	ignored atomic.Uint64
	trips   atomic.Uint64
	counted [kinds]atomic.Uint64 // the highest totals Stats has shown
	reasons atomic.Pointer[reasons]
}

// New returns a closed breaker. It panics if o is impossible; see Validate.
func New(o Options) *Breaker {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	b := &Breaker{opts: o.withDefaults(), epoch: time.Now()}
	b.window.init(b.opts.Window, b.opts.Buckets)
	b.probes.interval.Store(int64(b.opts.ProbeInterval))
	b.probes.since.Store(math.MinInt64)
	b.probes.next.Store(math.MinInt64)
	b.shown.Store(uint32(Closed))
	return b
}

// Name returns the name given in the options.
func (b *Breaker) Name() string { return b.opts.Name }

func (b *Breaker) now() int64 { return int64(time.Since(b.epoch)) }

// Allow asks to make one call. It returns [ErrOpen] or [ErrThrottled] if the
// breaker refuses, or the error of ctx if ctx is done.
func (b *Breaker) Allow(ctx context.Context) (weir.Permit, error) {
	a, err := b.enter(ctx)
	if err != nil {
		return weir.Permit{}, err
	}
	return newTicket(b, ctx, a), nil
}

// Do calls fn if the breaker admits it, and returns its error, or why it was not
// called. A panic in fn, or a runtime.Goexit, counts as a failure and goes on
// untouched. Do panics if fn is nil.
func (b *Breaker) Do(ctx context.Context, fn func(context.Context) error) error {
	if fn == nil {
		panic("breaker: Do with a nil func")
	}
	a, err := b.enter(ctx)
	if err != nil {
		return err
	}
	return b.run(ctx, a, fn)
}

// DoFallback is Do, but where the breaker refuses, it returns what fallback makes
// of the refusal. The fallback is not called for an error of fn or of ctx. It
// panics if fn or fallback is nil.
func (b *Breaker) DoFallback(ctx context.Context, fn func(context.Context) error, fallback func(error) error) error {
	if fn == nil || fallback == nil {
		panic("breaker: DoFallback with a nil func")
	}
	a, err := b.enter(ctx)
	switch err {
	case nil:
		return b.run(ctx, a, fn)
	case ErrOpen, ErrThrottled:
		return fallback(err)
	default:
		return err
	}
}

func (b *Breaker) run(ctx context.Context, a attempt, fn func(context.Context) error) error {
	returned := false
	defer func() {
		if !returned {
			b.failed(b.now(), a, reasonPanic, nil)
		}
	}()
	err := fn(ctx)
	returned = true
	b.leave(ctx, a, err)
	return err
}

// RetryAfter implements [weir.RetryAfterer]: how long until the next probe, if the
// breaker is open, else 0.
func (b *Breaker) RetryAfter() time.Duration {
	if b.State() != Open {
		return 0
	}
	return time.Duration(max(0, b.probes.next.Load()-b.now()))
}
