package threading

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/panics"
)

// recovered counts and nothing else: no behaviour depends on it.
var recovered atomic.Uint64

// Recovered is how many panics this package has recovered in this process and
// reported, by whichever means. It only grows.
func Recovered() uint64 { return recovered.Load() }

type handlerKey struct{}

// WithPanicHandler returns a context with which [RunSafeCtx], [GoSafeCtx] and the
// methods of [Runner] that take one report a panic to handler. It is called on
// the goroutine that panicked, once per panic. It panics if handler is nil.
func WithPanicHandler(ctx context.Context, handler func(*weir.Panic)) context.Context {
	if handler == nil {
		panic("threading: WithPanicHandler has no nil handler to call")
	}
	return context.WithValue(ctx, handlerKey{}, handler)
}

// handlerOf returns the handler that ctx has, else the other one.
func handlerOf(ctx context.Context, otherwise func(*weir.Panic)) func(*weir.Panic) {
	if h, ok := ctx.Value(handlerKey{}).(func(*weir.Panic)); ok {
		return h
	}
	return otherwise
}

// report counts a panic and brings it to handler, or where that is nil to the
// log, as one in what where says. It does not panic itself.
func report(handler func(*weir.Panic), where string, p *weir.Panic) {
	recovered.Add(1)
	defer func() {
		if v := recover(); v != nil {
			handlerFailed(where, p, weir.CaughtPanic(v))
		}
	}()
	if handler != nil {
		handler(p)
		return
	}
	panics.Log(where, p.Value, p.Stack)
}

// handlerFailed logs the panic that was to be handled and that of the handler.
func handlerFailed(where string, first, second *weir.Panic) {
	defer func() {
		if recover() != nil {
			// The logger itself panics. This is where the runtime would have put it.
			fmt.Fprintf(os.Stderr, "%s: %v\n", where, first)
		}
	}()
	panics.Log(where, first.Value, first.Stack)
	panics.Log("threading: panic in a panic handler", second.Value, second.Stack)
}
