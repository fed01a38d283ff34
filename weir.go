// Package weir is the admission contract that every part of the toolkit
// shares: a [Guard] decides whether a piece of work may start, the [Permit] it
// hands out tells it how the work ended.
//
//	err := weir.Do(ctx, guard, func(ctx context.Context) error {
//		return callBackend(ctx)
//	})
//	if errors.Is(err, weir.ErrRejected) {
//		// the work did not start
//	}
//
// A circuit breaker (package breaker), a concurrency limit (package limit) and an
// adaptive load shedder (package load) are all guards, so one adapter (package
// weirhttp) fits them all and [Join] stacks them.
//
// Importing this package, or any other of the module, does nothing: no
// goroutine, no log line, no signal handler, no registry. Use it where work is
// admitted or refused; for mere mutual exclusion the standard library is
// enough.
package weir

import (
	"context"
	"errors"
	"time"
)

// ErrRejected is the category of every refusal: errors.Is(err, ErrRejected)
// holds for the error of each guard that did not admit, and for nothing else.
// A done context is not a refusal.
var ErrRejected = errors.New("weir: rejected")

// A Guard decides whether a piece of work may start now.
//
// Allow returns a permit and nil, or the zero Permit and why not: an error that
// is [ErrRejected], or, where ctx is already done, what [context.Context.Err]
// says (together with its cause, where it has one of its own). Whoever is
// admitted owes the permit one call of [Permit.Done]; [Do] and [Call] never
// forget it. Guards are safe for concurrent use, and a refusal allocates
// nothing.
//
// A guard that can tell when to come back also implements [RetryAfterer].
type Guard interface {
	Allow(ctx context.Context) (Permit, error)
}

// A RetryAfterer knows how long a refused caller should wait. Guards and
// refusal errors may implement it. Zero or less means unknown.
type RetryAfterer interface {
	RetryAfter() time.Duration
}

// RetryAfter tells how long a caller whom g refused with err should wait: what
// the error knows, else what the guard knows, else 0 (unknown).
func RetryAfter(g Guard, err error) time.Duration {
	if r, ok := errors.AsType[retryAfterError](err); ok {
		if wait := r.RetryAfter(); wait > 0 {
			return wait
		}
	}
	if r, ok := g.(RetryAfterer); ok {
		return max(0, r.RetryAfter())
	}
	return 0
}

type retryAfterError interface {
	error
	RetryAfterer
}

// NewRejection returns a new sentinel error with the given text that satisfies
// errors.Is(err, [ErrRejected]). Guards make theirs once, at package level, so
// that a refusal allocates nothing.
func NewRejection(text string) error { return &rejection{text} }

type rejection struct{ text string }

func (r *rejection) Error() string        { return r.text }
func (r *rejection) Is(target error) bool { return target == ErrRejected }

// Do runs fn if g admits it, and settles the permit with what [Classify] makes
// of fn's error, or as [Ignored] if that is a failure and ctx was cancelled
// meanwhile. A panic in fn, or a runtime.Goexit, settles it as [Failure] and
// goes on untouched. A refusal is returned as it is. Do allocates nothing. It
// panics if g or fn is nil.
func Do(ctx context.Context, g Guard, fn func(context.Context) error) error {
	if fn == nil {
		panic("weir: Do with a nil func")
	}
	permit, err := admit(ctx, g)
	if err != nil {
		return err
	}
	outcome := Failure // what a panic or Goexit leaves behind
	defer func() { permit.Done(outcome) }()
	err = fn(ctx)
	outcome = outcomeOf(ctx, err)
	return err
}

// Call is [Do] for a func that returns a value. Where g refuses, the value is
// the zero T.
func Call[T any](ctx context.Context, g Guard, fn func(context.Context) (T, error)) (T, error) {
	if fn == nil {
		panic("weir: Call with a nil func")
	}
	permit, err := admit(ctx, g)
	if err != nil {
		var zero T
		return zero, err
	}
	outcome := Failure // what a panic or Goexit leaves behind
	defer func() { permit.Done(outcome) }()
	v, err := fn(ctx)
	outcome = outcomeOf(ctx, err)
	return v, err
}

// outcomeOf is Classify for a caller whose context is known. Once that is
// cancelled, a failure says nothing, whatever it looks like: net/http, for one,
// returns the cause of the cancellation.
func outcomeOf(ctx context.Context, err error) Outcome {
	o := Classify(err)
	if o == Failure && ctx.Err() == context.Canceled {
		return Ignored
	}
	return o
}

func admit(ctx context.Context, g Guard) (Permit, error) {
	if g == nil {
		panic("weir: nil Guard")
	}
	return g.Allow(ctx)
}
