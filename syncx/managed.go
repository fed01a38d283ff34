package syncx

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
)

// ManagedOptions configures a [ManagedResource].
type ManagedOptions[T any] struct {
	// Generate makes a resource. Its context is that of a load of a
	// [SingleFlight]: it has the values of the caller who came first, and ends when
	// all who wait have given up. There is no default.
	Generate func(ctx context.Context) (T, error)
	// Equal says whether two resources are the same. There is no default.
	Equal func(a, b T) bool
	// Destroy ends a resource that was generated in vain: by a Generate that went
	// on when all had left it, while another one was generated. It may be nil.
	Destroy func(T)
	// OnPanic is called with a panic of Generate or Destroy that all callers had
	// left before, on the goroutine of that load. Without it, it is logged through
	// [slog.Default].
	OnPanic func(*weir.Panic)
}

var (
	errGenerate = errors.New("syncx: ManagedOptions.Generate must be set")
	errEqual    = errors.New("syncx: ManagedOptions.Equal must be set")
)

// Validate returns what makes the options impossible, nil if nothing does.
func (o ManagedOptions[T]) Validate() error {
	switch {
	case o.Generate == nil:
		return errGenerate
	case o.Equal == nil:
		return errEqual
	}
	return nil
}

// A ManagedResource is one resource that all share until somebody finds it broken:
// then the next one who takes it gets another. Who has one of his own at a time
// takes it from a [Pool].
//
// It is made by [NewManagedResource]; the zero value does not work. It must not be
// copied. All methods are safe for concurrent use.
//
// However many ask, one resource at a time is generated, without any lock; a caller
// whose context ends leaves at once, and the others stay. An error goes to all who
// wait and is not remembered. If Generate panics or calls [runtime.Goexit], so do
// all who wait for it. One that calls Take with its own context gets
// [ErrRecursive].
//
// A Take of a resource that is there costs an atomic load. There is no goroutine
// but that of a Generate.
type ManagedResource[T any] struct {
	opts    ManagedOptions[T]
	flights SingleFlight[struct{}, *T]
	current atomic.Pointer[T] // nil if there is none, or a broken one
}

// NewManagedResource returns a resource that is not generated yet. It panics if o
// is impossible; see Validate.
func NewManagedResource[T any](o ManagedOptions[T]) *ManagedResource[T] {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	r := &ManagedResource[T]{opts: o}
	r.flights.OnPanic = o.OnPanic
	return r
}

// Take returns the resource that is there, or else generates one. It returns the
// error of ctx once that is done.
func (r *ManagedResource[T]) Take(ctx context.Context) (v T, err error) {
	if err := ctxerr.Err(ctx); err != nil {
		return v, err
	}
	for {
		if c := r.current.Load(); c != nil {
			return *c, nil
		}
		c, fresh, err := r.flights.DoEx(ctx, struct{}{}, r.generate)
		if err != nil {
			return v, err
		}
		// Who joins another caller may do so when the resource is there already,
		// has been taken, and found to be broken.
		if fresh || r.current.Load() == c {
			return *c, nil
		}
	}
}

// generate is run by one caller at a time, but for those that all have left.
func (r *ManagedResource[T]) generate(ctx context.Context) (*T, error) {
	if c := r.current.Load(); c != nil {
		return c, nil
	}
	v, err := r.opts.Generate(ctx)
	if err != nil {
		return nil, err
	}
	for !r.current.CompareAndSwap(nil, &v) {
		first := r.current.Load()
		if first == nil {
			continue // it was found to be broken just now
		}
		if r.opts.Destroy != nil {
			r.opts.Destroy(v)
		}
		return first, nil
	}
	return &v, nil
}

// MarkBroken says that v, which was taken, is broken: it is not handed out any
// more. To end it is up to the caller. If another one is there by now, nothing
// happens.
func (r *ManagedResource[T]) MarkBroken(v T) {
	if c := r.current.Load(); c != nil && r.opts.Equal(*c, v) {
		r.current.CompareAndSwap(c, nil)
	}
}
