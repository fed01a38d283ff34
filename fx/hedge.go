package fx

import (
	"context"
	"time"

	"github.com/weirgo/weir/internal/ctxerr"
)

// Hedge calls fn, and once more if it takes longer than usual, while the first call
// goes on. The first success is returned, at once; the contexts of all calls are
// then cancelled. It is for what is fast most of the time: a call that got stuck on
// a slow replica costs the delay and one more call ("The Tail at Scale", Dean and
// Barroso 2013).
//
// An error is not a success, and does not start another call: that is for [Retry].
// When all calls that were started have failed, the first error is returned. If ctx
// is done, its error is returned at once.
//
// Each call has a goroutine of its own. Those that lost are not waited for: fn has
// to heed its context, has to bear calls of itself at the same time, and must be
// done with it when it returns, since the winner's is cancelled as well. A value that
// comes too late is dropped. If a call panics while Hedge waits, Hedge panics with
// the [*weir.Panic]; if one calls [runtime.Goexit], so does Hedge.
//
// Hedge only what may be done twice. With a [RetryBudget] a slow service is not
// asked twice by everybody. Hedge panics if fn is nil or the options are impossible.
func Hedge[T any](ctx context.Context, o HedgeOptions, fn func(context.Context) (T, error)) (T, error) {
	if fn == nil {
		panic("fx: Hedge with a nil func")
	}
	must(o.Validate())
	if err := ctxerr.Err(ctx); err != nil {
		var none T
		return none, err
	}
	o.Budget.Deposit()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h := hedge[T]{
		opts:    o,
		fn:      fn,
		answers: make(chan answer[T], o.tries()), // so that losers need not wait
		ledger:  ledger{onPanic: o.OnPanic, where: "fx: panic in a hedged call that nobody waits for any more"},
	}
	return h.run(ctx)
}

// A hedge is one call of [Hedge].
type hedge[T any] struct {
	opts    HedgeOptions
	fn      func(context.Context) (T, error)
	answers chan answer[T]
	ledger  ledger
}

// An answer is what became of the call with this number, the first being 0.
type answer[T any] struct {
	number int
	value  T
	err    error
	end    ending
}

func (h *hedge[T]) start(ctx context.Context, number int) {
	go func() {
		a := answer[T]{number: number}
		finish(func() { a.value, a.err = h.fn(ctx) }, func(e ending) {
			h.ledger.note(e)
			a.end = e
			h.answers <- a
		})
	}()
}

// run starts calls and waits for answers.
func (h *hedge[T]) run(ctx context.Context) (v T, err error) {
	defer func() { h.ledger.settle(true) }()
	delay := h.opts.delay()
	first := stopwatch{opts: h.opts, delay: delay, began: time.Now()}
	h.start(ctx, 0)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	for started, ended := 1, 0; ended < started && ctx.Err() == nil; {
		select {
		case a := <-h.answers:
			ended++
			if !a.end.returned() {
				return v, nil // the ledger has it
			}
			if a.err == nil {
				first.stop(true)
				return a.value, nil
			}
			if err == nil {
				err = a.err
			}
			first.stopped = first.stopped || a.number == 0
		case <-timer.C:
			if ctx.Err() == nil && started < h.opts.tries() && h.opts.Budget.TryWithdraw() {
				h.start(ctx, started)
				started++
				timer.Reset(delay)
			}
		case <-ctx.Done():
		}
	}
	if done := ctxerr.Err(ctx); done != nil {
		first.stop(false)
		return v, done
	}
	return v, err
}

// A stopwatch takes the time of the first call. That of the others tells nothing:
// they run only when the first is slow, and are cut short when it answers.
type stopwatch struct {
	opts    HedgeOptions
	delay   time.Duration
	began   time.Time
	stopped bool // or of no interest: it has failed
}

// stop takes the time down, when there is an answer or nobody waits for one any more.
// If the first call is still at it, it would have taken longer: but then it has
// taken the delay, and no quantile below that depends on how much longer.
func (s *stopwatch) stop(answered bool) {
	if s.opts.Latencies == nil || s.stopped {
		return
	}
	if d := time.Since(s.began); answered || d >= s.delay {
		s.opts.Latencies.Observe(d)
	}
}
