package weir_test

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
)

// allow makes a Guard of a func.
type allow func(ctx context.Context) (weir.Permit, error)

func (f allow) Allow(ctx context.Context) (weir.Permit, error) { return f(ctx) }

var errRefused = weir.NewRejection("test: refused")

// refusing is a guard that admits nothing, and can tell when to come back.
type refusing struct{ wait time.Duration }

func (refusing) Allow(context.Context) (weir.Permit, error) { return weir.Permit{}, errRefused }
func (r refusing) RetryAfter() time.Duration                { return r.wait }

// journal notes what happens to the guards that write to it, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

// guard returns a guard that admits everything and notes it under that name.
func (j *journal) guard(name string) weir.Guard {
	return allow(func(context.Context) (weir.Permit, error) {
		j.note("allow " + name)
		return weir.PermitFunc(func(o weir.Outcome) { j.note(name + " " + o.String()) }), nil
	})
}

// turnstile admits one at a time and allocates nothing.
type turnstile struct {
	weir.Slot
	settled [4]atomic.Int64
}

func newTurnstile() *turnstile {
	t := &turnstile{}
	t.Bind(t)
	return t
}

func (t *turnstile) Allow(context.Context) (weir.Permit, error) {
	if p, ok := t.TryIssue(); ok {
		return p, nil
	}
	return weir.Permit{}, errRefused
}

func (t *turnstile) Settle(o weir.Outcome) { t.settled[o].Add(1) }

// last makes a guard that keeps the outcomes it hears in got.
func last(got *[]weir.Outcome) weir.Guard {
	return allow(func(context.Context) (weir.Permit, error) {
		return weir.PermitFunc(func(o weir.Outcome) { *got = append(*got, o) }), nil
	})
}

// guardFunc is a guard that is nothing but its Allow.
type guardFunc func(context.Context) (weir.Permit, error)

func (f guardFunc) Allow(ctx context.Context) (weir.Permit, error) { return f(ctx) }
