package threading

import (
	"context"

	"github.com/weirgo/weir"
)

// A Runner calls functions and keeps their panics from going further. The zero
// value is ready, and may be copied. It has no goroutine but those that Go
// starts, which end with what they call: nothing waits for them, see
// [RoutineGroup] for that.
//
// All methods panic, at the call, if fn is nil. runtime.Goexit in fn is no panic:
// it ends the goroutine as ever.
type Runner struct {
	// OnPanic is called with each panic, on the goroutine that panicked, after
	// its deferred functions have run. The handler of a context goes before it.
	// Without either, the panic is logged once through [log/slog.Default].
	OnPanic func(*weir.Panic)
}

const inSafe = "threading: panic in a safe function"

// Run calls fn, and reports its panic. It takes some nanoseconds more than the
// call itself, and allocates nothing unless fn panics.
func (r Runner) Run(fn func()) {
	mustCall(fn != nil)
	runSafe(fn, r.OnPanic)
}

// Go is Run in a new goroutine.
func (r Runner) Go(fn func()) {
	mustCall(fn != nil)
	go runSafe(fn, r.OnPanic)
}

// RunCtx calls fn with ctx, and reports its panic to the handler that ctx has from
// [WithPanicHandler], else to OnPanic. It does so even if ctx is done: that is for
// fn to see.
func (r Runner) RunCtx(ctx context.Context, fn func(context.Context)) {
	mustCall(fn != nil)
	runSafeCtx(ctx, fn, r.OnPanic)
}

// GoCtx is RunCtx in a new goroutine.
func (r Runner) GoCtx(ctx context.Context, fn func(context.Context)) {
	mustCall(fn != nil)
	go runSafeCtx(ctx, fn, r.OnPanic)
}

// RunSafe calls fn, and reports its panic: it is [Runner.Run] of a zero Runner.
func RunSafe(fn func()) {
	mustCall(fn != nil)
	defer logRecovered()
	fn()
}

func logRecovered() {
	if v := recover(); v != nil {
		report(nil, inSafe, weir.CaughtPanic(v))
	}
}

// GoSafe is [RunSafe] in a new goroutine.
func GoSafe(fn func()) {
	mustCall(fn != nil)
	go logPanic(fn)
}

// RunSafeCtx calls fn with ctx, and reports its panic to the handler that ctx has
// from [WithPanicHandler]: it is [Runner.RunCtx] of a zero Runner.
func RunSafeCtx(ctx context.Context, fn func(context.Context)) {
	mustCall(fn != nil)
	runSafeCtx(ctx, fn, nil)
}

// GoSafeCtx is [RunSafeCtx] in a new goroutine.
func GoSafeCtx(ctx context.Context, fn func(context.Context)) {
	mustCall(fn != nil)
	go runSafeCtx(ctx, fn, nil)
}

// mustCall panics here rather than in a goroutine, where the stack would no
// longer tell whose mistake it was.
func mustCall(something bool) {
	if !something {
		panic("threading: there is no nil function to call")
	}
}

func runSafe(fn func(), handler func(*weir.Panic)) {
	defer func() {
		if v := recover(); v != nil {
			report(handler, inSafe, weir.CaughtPanic(v))
		}
	}()
	fn()
}

// logPanic is runSafe without a handler: what a go statement has to carry to the
// new goroutine is allocated, so it is kept small.
func logPanic(fn func()) { runSafe(fn, nil) }

func runSafeCtx(ctx context.Context, fn func(context.Context), handler func(*weir.Panic)) {
	defer func() {
		if v := recover(); v != nil {
			report(handlerOf(ctx, handler), inSafe, weir.CaughtPanic(v))
		}
	}()
	fn(ctx)
}
