package syncx

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
)

// ImmutableOptions configures an [ImmutableResource].
type ImmutableOptions[T any] struct {
	// Load makes the value. Its context is that of a load of a [SingleFlight]: it
	// has the values of the caller who came first, and ends when all who wait have
	// given up. There is no default.
	Load func(ctx context.Context) (T, error)
	// RetryInterval is how long an error is remembered, and returned to all who
	// ask, before Load is called again. The default is 1 s; negative is not at all.
	RetryInterval time.Duration
	// TTL is how long the value is kept before it is loaded again. The default is
	// for ever, as is a negative time.
	TTL time.Duration
	// OnPanic is called with a panic of Load that all callers had left before, on
	// the goroutine of that load. Without it, it is logged through [slog.Default].
	OnPanic func(*weir.Panic)
}

var errLoad = errors.New("syncx: ImmutableOptions.Load must be set")

// Validate returns what makes the options impossible, nil if nothing does.
func (o ImmutableOptions[T]) Validate() error {
	if o.Load == nil {
		return errLoad
	}
	return nil
}

// An ImmutableResource is a value that is loaded when it is first asked for, and
// kept: configuration, a key, a table. To keep many by key, take package cache; for
// what cannot fail, [sync.OnceValue].
//
// It is made by [NewImmutableResource]; the zero value does not work. It must not
// be copied. All methods are safe for concurrent use. All share the value: who
// gets a pointer must not write to what it points to.
//
// However many ask, there is one load at a time, without any lock; a caller whose
// context ends leaves at once, and the others stay. If Load panics or calls
// [runtime.Goexit], so do all who wait for it, and the next Get loads again; so it
// does when a load has failed because all had left. A Load that calls Get with its
// own context gets [ErrRecursive].
//
// A Get of a value that is there costs an atomic load, and a look at the clock if
// it has a TTL. There is no goroutine but that of a load.
type ImmutableResource[T any] struct {
	opts    ImmutableOptions[T] // with defaults
	epoch   time.Time
	flights SingleFlight[struct{}, T]
	current atomic.Pointer[loaded[T]] // nil if there is nothing

	mu    sync.Mutex // held to write current
	loads uint64     // begun, or invalidated; guarded by mu
}

// A loaded is what came of a load. It is never written to.
type loaded[T any] struct {
	value T
	err   error
	until time.Duration // when it has to be loaded again
}

// NewImmutableResource returns a resource that nothing is loaded for yet. It panics
// if o is impossible; see Validate.
func NewImmutableResource[T any](o ImmutableOptions[T]) *ImmutableResource[T] {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	if o.RetryInterval == 0 {
		o.RetryInterval = time.Second
	}
	r := &ImmutableResource[T]{opts: o, epoch: time.Now()}
	r.flights.OnPanic = o.OnPanic
	return r
}

// Get returns the value, or the error of Load, that is there, else loads it. It
// returns the error of ctx once that is done.
func (r *ImmutableResource[T]) Get(ctx context.Context) (T, error) {
	if err := ctxerr.Err(ctx); err != nil {
		var none T
		return none, err
	}
	if c := r.fresh(); c != nil {
		return c.value, c.err
	}
	return r.flights.Do(ctx, struct{}{}, r.load)
}

// Invalidate forgets what is there. A load that is under way ends for those who
// wait for it, and what it returns is not kept.
func (r *ImmutableResource[T]) Invalidate() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loads++
	r.current.Store(nil)
	r.flights.Forget(struct{}{})
}

// fresh returns what is there, nil if that has to be loaded.
func (r *ImmutableResource[T]) fresh() *loaded[T] {
	c := r.current.Load()
	if c == nil || c.until != never && time.Since(r.epoch) >= c.until {
		return nil
	}
	return c
}

// load is run by one caller at a time, but for those that all have left.
func (r *ImmutableResource[T]) load(ctx context.Context) (T, error) {
	c, number := r.begin()
	if c != nil {
		return c.value, c.err
	}
	v, err := r.opts.Load(ctx)
	if err == nil || ctx.Err() == nil {
		r.keep(number, &loaded[T]{v, err, r.until(err)})
	}
	return v, err
}

// begin returns what another load has brought since the caller looked, or else the
// number of this load.
func (r *ImmutableResource[T]) begin() (c *loaded[T], number uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c = r.fresh(); c == nil {
		r.loads++
	}
	return c, r.loads
}

// keep makes c what is there, unless another load has begun since.
func (r *ImmutableResource[T]) keep(number uint64, c *loaded[T]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if number == r.loads {
		r.current.Store(c)
	}
}

func (r *ImmutableResource[T]) until(err error) time.Duration {
	now := time.Since(r.epoch)
	switch {
	case err != nil:
		return after(now, r.opts.RetryInterval)
	case r.opts.TTL > 0:
		return after(now, r.opts.TTL)
	}
	return never
}
