package fx

import (
	"context"
	"errors"
	"time"

	"github.com/weirgo/weir/internal/ctxerr"
)

// ErrStillRunning says that [Timeout] did not wait for its func any longer: that
// still runs.
var ErrStillRunning = errors.New("fx: still running")

// Timeout calls fn with a context that ends after d, and returns what fn returns.
// It does so also if fn returns late, but not more than a millisecond after that
// context is done. Otherwise it leaves fn behind, and returns the error of the
// context, [context.DeadlineExceeded] or that of ctx, which then is [ErrStillRunning]
// as well: without that, fn has ended. If the context is done at the start, as it is
// if d is not above 0, fn is not called.
//
// If fn panics, Timeout panics with a [*weir.Panic]; if fn calls [runtime.Goexit],
// so does Timeout. A panic of a fn that was left behind is logged.
//
// For that fn has a goroutine of its own, and the caller has to leave alone what fn
// uses if it still runs. Where fn heeds its context, [context.WithTimeout] does
// all of this for less.
func Timeout(ctx context.Context, d time.Duration, fn func(context.Context) error) error {
	if fn == nil {
		panic("fx: Timeout with a nil func")
	}
	_, err := TimeoutCall(ctx, d, func(ctx context.Context) (struct{}, error) { return struct{}{}, fn(ctx) })
	return err
}

// TimeoutCall is [Timeout] for a func that returns a value. That of a func that was
// left behind is dropped.
func TimeoutCall[T any](ctx context.Context, d time.Duration, fn func(context.Context) (T, error)) (T, error) {
	if fn == nil {
		panic("fx: TimeoutCall with a nil func")
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	if err := ctxerr.Err(ctx); err != nil {
		var none T
		return none, err
	}
	c := timedCall[T]{ended: make(chan struct{}), ledger: ledger{where: "fx: panic in a func that Timeout has left behind"}}
	go c.run(ctx, fn)
	return c.wait(ctx)
}

// A timedCall is a call of fn by a goroutine of its own.
type timedCall[T any] struct {
	ledger ledger
	ended  chan struct{} // closed when what follows is set
	value  T
	err    error
}

func (c *timedCall[T]) run(ctx context.Context, fn func(context.Context) (T, error)) {
	finish(func() { c.value, c.err = fn(ctx) }, func(e ending) {
		c.ledger.note(e)
		close(c.ended)
	})
}

func (c *timedCall[T]) wait(ctx context.Context) (T, error) {
	select {
	case <-c.ended:
	case <-ctx.Done():
		if !withinGrace(c.ended) {
			c.ledger.settle(true) // it may have panicked this very moment
			var none T
			return none, &leftBehind{ctxerr.Err(ctx)}
		}
	}
	c.ledger.settle(true)
	return c.value, c.err
}

// leftBehind is the error of a context, and says that fn still runs.
type leftBehind struct{ err error }

func (e *leftBehind) Error() string   { return ErrStillRunning.Error() + ": " + e.err.Error() }
func (e *leftBehind) Unwrap() []error { return []error{e.err, ErrStillRunning} }
