package weirhttp

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/panics"
)

// hedgeable reports whether req may be on its way twice at the same time.
func hedgeable(req *http.Request) bool {
	switch req.Method {
	case "", http.MethodGet, http.MethodHead:
		return bodiless(req)
	}
	return false
}

// A race is between a try, on the goroutine of the caller, and the hedge that
// follows if it takes too long, on one of its own. It is not fx.Hedge, which
// cancels the winner as well: here that has a body still to be read.
type race struct {
	first *try
	began time.Time
	timer *time.Timer   // nil until the first is admitted
	done  chan struct{} // closed when the hedge has ended, if the timer has fired

	mu       sync.Mutex // guards what follows
	over     bool       // the caller does not wait any more
	won      bool       // by the hedge
	hedge    *try       // nil until it begins
	resp     *http.Response
	panicked *weir.Panic
	exited   bool
}

func newRace(c *call, first *try) *race {
	r := &race{first: first, done: make(chan struct{})}
	first.race = r
	first.ctx, first.cancel = context.WithCancelCause(c.ctx)
	return r
}

func (r *race) good(resp *http.Response, err error) bool {
	return err == nil && !r.first.call.t.opts.RetryIf(resp, nil)
}

// arm is called when the first try is admitted.
func (r *race) arm() {
	r.began = time.Now()
	r.timer = time.AfterFunc(r.delay(), r.follow)
}

func (r *race) delay() time.Duration {
	o := &r.first.call.t.opts
	if o.HedgeQuantile > 0 {
		if d, known := r.first.host.latencies.Quantile(o.HedgeQuantile); known {
			return d
		}
	}
	return o.HedgeDelay
}

// run returns the first good answer, or what became of the first try if there is
// none.
func (r *race) run() (*http.Response, error) {
	defer r.leave() // also if the first try panics
	resp, err := r.first.run()
	if r.timer == nil {
		return resp, err
	}
	r.first.call.resp = resp // lest it be lost, should RetryIf panic
	hedged := !r.timer.Stop()
	r.learn(err, hedged)
	if !hedged || r.claim(resp, err) {
		return resp, err
	}
	<-r.done
	return r.decide(resp, err)
}

// learn takes down how long the host took. If the first try was cut short, it
// would have taken longer: but then it has taken the delay, and no quantile below
// that depends on how much longer.
func (r *race) learn(err error, hedged bool) {
	c := r.first.call
	if c.t.opts.HedgeQuantile > 0 && (err == nil || hedged && (c.ctx.Err() != nil || context.Cause(r.first.ctx) == errLost)) {
		r.first.host.latencies.Observe(time.Since(r.began))
	}
}

// claim reports whether the first try has won.
func (r *race) claim(resp *http.Response, err error) bool {
	good := r.good(resp, err)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = good && !r.won
	return r.over
}

// decide is called when both have ended.
func (r *race) decide(resp *http.Response, err error) (*http.Response, error) {
	r.mu.Lock()
	won, panicked, exited := r.won, r.panicked, r.exited
	if won {
		r.over = true
		resp, r.resp = r.resp, resp // leave closes the other one
	}
	r.mu.Unlock()
	if won {
		return resp, nil
	}
	if panicked != nil || exited {
		closeBody(resp)
	}
	if panicked != nil {
		panic(panicked)
	}
	if exited {
		runtime.Goexit()
	}
	return resp, err
}

// leave tells the hedge that nobody waits for it, and closes what it has left here.
func (r *race) leave() {
	if r.timer != nil {
		r.timer.Stop()
	}
	r.mu.Lock()
	settled := r.over && r.won // by decide: the hedge's answer is the caller's
	r.over = true
	hedge, unwanted := r.hedge, r.resp
	r.mu.Unlock()
	if hedge != nil && !settled {
		hedge.cancel(errLost)
	}
	closeBody(unwanted)
}

// follow makes the hedge, if it may.
func (r *race) follow() {
	defer close(r.done)
	y := r.begin()
	if y == nil {
		return
	}
	returned := false
	var resp *http.Response
	defer func() {
		if returned {
			return
		}
		closeBody(resp)
		if v := recover(); v != nil {
			r.fall(weir.CaughtPanic(v))
			return
		}
		r.fall(nil)
	}()
	var err error
	resp, err = y.run()
	r.arrive(resp, err)
	returned = true
}

func (r *race) begin() *try {
	c := r.first.call
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over || r.first.ended.Load() || c.ctx.Err() != nil || !c.t.opts.Budget.TryWithdraw() {
		return nil
	}
	y := c.newTry()
	y.hedge = true
	y.ctx, y.cancel = context.WithCancelCause(c.ctx)
	r.hedge = y
	c.t.counts.hedges.Add(1)
	return y
}

// arrive takes the hedge's answer to the caller. A good one ends the first try.
func (r *race) arrive(resp *http.Response, err error) {
	good := r.good(resp, err)
	r.mu.Lock()
	over := r.over
	if !over {
		r.won, r.resp = good, resp
	}
	r.mu.Unlock()
	switch {
	case over:
		closeBody(resp)
	case good:
		r.first.call.t.counts.hedgesWon.Add(1)
		r.first.cancel(errLost)
	}
}

// fall takes the panic of the hedge to the caller, or its Goexit if there is none.
func (r *race) fall(p *weir.Panic) {
	r.mu.Lock()
	over := r.over
	if !over {
		r.panicked, r.exited = p, p == nil
	}
	r.mu.Unlock()
	if !over {
		r.first.cancel(errLost)
		return
	}
	r.first.call.t.report(p)
}

func (t *Transport) report(p *weir.Panic) {
	const where = "weirhttp: panic in a hedge that nobody waits for any more"
	switch {
	case p == nil:
	case t.opts.OnPanic == nil:
		panics.Log(where, p.Value, p.Stack)
	default:
		t.opts.OnPanic(p)
	}
}
