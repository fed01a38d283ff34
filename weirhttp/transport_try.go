package weirhttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
)

// tryTimeout is an error that net/http's own timeouts look like, too.
type tryTimeout struct{}

func (tryTimeout) Error() string        { return "weirhttp: no answer within TransportOptions.TryTimeout" }
func (tryTimeout) Timeout() bool        { return true }
func (tryTimeout) Temporary() bool      { return true }
func (tryTimeout) Is(target error) bool { return target == context.DeadlineExceeded }

// ErrTryTimeout is the error of a try that had no answer within TryTimeout. It is
// a [context.DeadlineExceeded], too, though the context of the request may live.
var ErrTryTimeout error = tryTimeout{}

var (
	errLost     = errors.New("weirhttp: the other one of a hedged pair was faster")
	errNoAnswer = errors.New("weirhttp: the base RoundTripper returned neither a response nor an error")
)

// A try is one request that is sent, or refused. Once it has a response it is the
// body of that, for as long as something is to be given back.
type try struct {
	call   *call
	number int32
	hedge  bool
	race   *race // that it is the first of, or nil

	ctx    context.Context         // of the call, or one of its own
	cancel context.CancelCauseFunc // nil if that of the call
	timer  *time.Timer             // of TryTimeout, or nil
	upload *upload                 // nil unless the caller's body may fail

	host                        *host // nil if it has nothing to remember
	hostPermit, permit, breaker weir.Permit
	ended                       atomic.Bool

	body    io.ReadCloser
	began   time.Time // of the body
	trusted bool      // the body has been coming for long enough
	reading atomic.Bool
	closing atomic.Bool // by Close, when nothing was wrong
	forget  func() bool // stops waiting for the context to be done; may be nil
}

// run makes the try. An error and a response without body give back all that was
// taken; else the body does.
func (y *try) run() (resp *http.Response, err error) {
	settled := false
	y.call.t.counts.inFlight.Add(1)
	defer func() {
		if !settled { // the base, or a hook, has panicked or exited
			y.end(weir.Failure)
			closeBody(resp)
		}
	}()
	began := y.startClock()
	outcome := weir.Ignored
	req, err := y.admitted()
	if err == nil {
		resp, err = y.send(req)
		outcome = y.outcome(resp, err)
	}
	if y.call.t.opts.OnTry != nil {
		y.tell(resp, err, outcome, began)
	}
	settled = true
	if err != nil {
		y.end(outcome)
		return nil, err
	}
	if resp.Request == req {
		resp.Request = y.call.req
	}
	y.adopt(resp, outcome)
	return resp, nil
}

// admitted asks the guards, and returns the request to send.
func (y *try) admitted() (*http.Request, error) {
	if err := y.admit(); err != nil {
		y.call.t.counts.refuse(err)
		return nil, err
	}
	body, err := y.call.nextBody()
	if err != nil {
		return nil, err
	}
	if y.cancel == nil && y.call.t.opts.TryTimeout > 0 {
		y.ctx, y.cancel = context.WithCancelCause(y.ctx)
	}
	return y.request(body), nil
}

// admit takes the permits. Where one is refused, the others are given back with
// the try. Who has lost the race stops queueing; but the breaker judges a failure
// by what the context of the caller says.
func (y *try) admit() (err error) {
	t := y.call.t
	key := t.key(y.call.req)
	if t.hosts != nil {
		y.host = t.hosts.enter(key)
		if y.host.limit != nil {
			if y.hostPermit, err = y.host.limit.Allow(y.ctx); err != nil {
				return err
			}
		}
	}
	if t.limit != nil {
		if y.permit, err = t.limit.Allow(y.ctx); err != nil {
			return err
		}
	}
	if t.breakers != nil {
		y.breaker, err = t.breakers.Get(key).Allow(y.call.ctx)
	}
	return err
}

// send has the base make the round trip, within TryTimeout. The base may return
// what it must not: nothing, or a response with an error.
func (y *try) send(req *http.Request) (*http.Response, error) {
	t := y.call.t
	if d := t.opts.TryTimeout; d > 0 {
		cancel := y.cancel
		y.timer = time.AfterFunc(d, func() { cancel(ErrTryTimeout) })
	}
	if !y.call.sent { // of a hedge, it is
		y.call.sent = true
	}
	if y.race != nil {
		y.race.arm()
	}
	resp, err := t.base.RoundTrip(req)
	if y.timer != nil && !y.timer.Stop() && y.call.ctx.Err() == nil && context.Cause(y.ctx) != errLost {
		closeBody(resp)
		t.counts.timedOut.Add(1)
		return nil, ErrTryTimeout
	}
	switch {
	case err != nil:
		closeBody(resp)
		return nil, err
	case resp == nil:
		return nil, errNoAnswer
	}
	return resp, nil
}

// end gives back all that the try has taken. The first call counts.
func (y *try) end(o weir.Outcome) {
	if !y.ended.CompareAndSwap(false, true) {
		return
	}
	y.breaker.Done(o)
	y.permit.Done(o)
	y.hostPermit.Done(o)
	if y.host != nil {
		y.host.leave()
	}
	if y.timer != nil {
		y.timer.Stop()
	}
	if y.cancel != nil {
		y.cancel(nil)
	}
	y.call.t.counts.inFlight.Add(-1)
}

// outcome is the table of Transport's comment, but for its first row and its last.
func (y *try) outcome(resp *http.Response, err error) weir.Outcome {
	if err == nil {
		return y.call.t.opts.Classify(resp.StatusCode, y.call.req)
	}
	return y.outcomeOf(err)
}

func (y *try) outcomeOf(err error) weir.Outcome {
	ctx := y.call.ctx
	switch awaitDeadline(ctx); {
	case err == ErrTryTimeout:
		return weir.Failure
	case context.Cause(y.ctx) == errLost, ctx.Err() == context.Canceled, ctx.Err() == nil && withdrawn(y.call.req):
		return weir.Ignored
	case y.upload != nil && y.upload.failed.Load(), malformed(y.call.req):
		return weir.Ignored
	}
	return weir.Classify(err)
}

// withdrawn reports whether the caller has cancelled req by its Cancel channel: that
// is deprecated, but net/http honours it. An http.Client closes one as well when its
// Timeout is over, which is the deadline of the context, and no withdrawal.
func withdrawn(req *http.Request) bool {
	select {
	//lint:ignore SA1019 there are requests that have it
	case <-req.Cancel:
		deadline, ok := req.Context().Deadline()
		return !ok || time.Now().Before(deadline)
	default:
		return false
	}
}

// awaitDeadline waits for ctx to notice that its deadline has passed, if it has.
// A connection that has the same deadline may be faster by some microseconds, and
// the breaker judges a failure by what the context says.
func awaitDeadline(ctx context.Context) {
	deadline, ok := ctx.Deadline()
	if !ok || ctx.Err() != nil || time.Now().Before(deadline) {
		return
	}
	timer := time.NewTimer(10 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
