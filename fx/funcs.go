package fx

import (
	"context"
	"sync"

	"github.com/weirgo/weir/internal/ctxerr"
)

// Parallel calls all fns at the same time and waits until every one has returned.
// It returns the first error, with which the context of the others is cancelled. If
// ctx is done at the start, it returns its error and calls nothing.
//
// If a fn panics, the others are cancelled, too, and Parallel panics with the first
// [*weir.Panic]; if one calls [runtime.Goexit], so does Parallel. The last fn runs
// in the caller's goroutine. To bound how many run at the same time, use
// [ParallelForEach].
func Parallel(ctx context.Context, fns ...func(context.Context) error) (err error) {
	for _, fn := range fns {
		if fn == nil {
			panic("fx: Parallel with a nil func")
		}
	}
	if err := ctxerr.Err(ctx); err != nil || len(fns) == 0 {
		return err
	}
	p := parallel{ledger: ledger{where: "fx: panic in a func of Parallel"}}
	ctx, p.cancel = context.WithCancelCause(ctx)
	defer p.cancel(nil)
	returns := false
	defer func() { // also if the last fn exits
		p.running.Wait()
		p.ledger.settle(returns)
		err = p.err
	}()
	last := len(fns) - 1
	for _, fn := range fns[:last] {
		p.running.Go(func() { p.run(ctx, fn) })
	}
	p.run(ctx, fns[last])
	returns = true
	return nil
}

type parallel struct {
	running sync.WaitGroup
	cancel  context.CancelCauseFunc
	ledger  ledger
	once    sync.Once
	err     error // the first one; set by once
}

func (p *parallel) run(ctx context.Context, fn func(context.Context) error) {
	finish(func() {
		if err := fn(ctx); err != nil {
			p.once.Do(func() { p.err = err })
			p.cancel(err)
		}
	}, func(e ending) {
		if !e.returned() {
			p.ledger.note(e)
			p.cancel(nil)
		}
	})
}
