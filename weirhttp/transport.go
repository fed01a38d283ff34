package weirhttp

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/fx"
	"github.com/weirgo/weir/limit"
)

// A Transport is an [http.RoundTripper] for the clients of services that fail now
// and then: it keeps away from hosts that do not work, bounds what is in flight,
// tries again what may mend, and asks twice where an answer is late.
//
// A try, from the outside in: the limit of the host, the limit of all, the breaker
// of the host, the base. A refusal of one of these is returned at once, is not
// retried, and satisfies errors.Is(err, [weir.ErrRejected]), also through the
// [*url.Error] of an [http.Client]. So a retry holds no permit while it pauses,
// and a breaker sees nothing but what the host does.
//
// The outcome of a try is that of the topmost row that holds:
//
//	what happened                                    outcome
//	a panic of the base, or Goexit                   Failure
//	no header within TryTimeout                      Failure
//	the other one of a hedged pair was faster        Ignored
//	the request was cancelled                        Ignored
//	the caller's own body could not be read,
//	or is not as long as ContentLength says          Ignored, if it has no GetBody
//	net/http would not send such a request           Ignored
//	an error of the base                             weir.Classify: a passed deadline is a Failure
//	a response                                       by the status: ClassifyStatus
//	its body fails                                   Failure, if the status was a Success
//
// What net/http would not send is told by the URL, the method, the names and values
// of headers and trailers, and a ContentLength without a body.
//
// The breaker hears of a Success when the body ends, is closed, or has been coming
// for a second, for servers also fail in the middle of an answer; of all else at
// once. To close a body while it is being read, as one does to end a stream, is a
// Success; but one that somebody waits for in vain until the deadline is a Failure.
// Permits of the limits are held until the body has ended or is closed, also
// where the status says failure; where it is never closed, until the context of
// the request is done (where that never ends, for MaxHold). A switched connection
// (101) holds them until it is closed, whatever its context does.
//
// The last response is returned as it came when there is no retry any more: after
// all attempts, where the budget has no room, and where Retry-After asks for more
// than MaxRetryAfter or the deadline of the request would pass before the pause is
// over. A Retry-After, in seconds or as a date, is waited for in addition to the
// backoff. A response that a retry replaces is drained, up to 64 KiB and for 50 ms
// at most, so that its connection can serve again, and closed; one that does not
// end by then is closed while it is being read, which the bodies of net/http bear.
//
// A hedge goes on a goroutine of its own, once the delay is over and if the budget
// has room. The first good response wins, good being what RetryIf would not have
// tried again; the other one is cancelled and closed, but not waited for. There is
// no other goroutine, and nothing to close.
//
// Requests tell the server what is known of them: [HeaderTimeout] what is left
// until the deadline of the context, [HeaderCriticality] the class of the context,
// unless that is Critical, and [HeaderAttempt] the number of the try, from the
// second on. What the request says there by itself, perhaps copied from a stranger,
// is replaced, and HeaderTimeout is left out where there is no deadline; only the
// tries of HeaderAttempt add up. [Propagate] reads the first two. The request of the
// caller is never changed; where a header or a context of its own is needed, a
// shallow copy is sent.
//
// Use NewTransport to make one. It is safe for concurrent use. A call that goes
// well costs one allocation, one for the default Key unless the URL names the
// default port of its scheme, those of the copy, if any, and three with a limit.
type Transport struct {
	base     http.RoundTripper
	opts     TransportOptions
	hedges   bool
	breakers *breaker.Group[string] // nil: none
	limit    *limit.Concurrency     // nil: none
	hosts    *hosts                 // nil where they have nothing to remember
	counts   transportCounts
}

// NewTransport returns a transport around base; nil means [http.DefaultTransport].
// It panics on impossible options. Give an [http.Client] one transport for as long
// as it lives: what it knows of the hosts is in there.
func NewTransport(base http.RoundTripper, o TransportOptions) *Transport {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	if base == nil {
		base = http.DefaultTransport
	}
	t := &Transport{base: base, opts: o.withDefaults()}
	t.hedges = t.opts.HedgeDelay > 0
	if !o.DisableBreaker {
		t.breakers = breaker.NewGroup[string](t.opts.Breaker)
	}
	if o.Limit.Max > 0 {
		t.limit = limit.NewConcurrency(t.opts.Limit)
	}
	if o.HostLimit.Max > 0 || t.hedges && o.HedgeQuantile > 0 {
		t.hosts = newHosts(t.opts.MaxHosts, t.opts.HostLimit)
	}
	return t
}

// RoundTrip implements [http.RoundTripper]; see [Transport].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	t.counts.calls.Add(1)
	c := &call{t: t, req: req, ctx: req.Context()}
	defer c.leave()
	if t.opts.OnCall == nil {
		c.do()
	} else {
		began := time.Now()
		c.do()
		t.opts.OnCall(TransportCall{
			Request: req, Tries: int(c.tries.Load()), Status: statusOf(c.resp), Err: c.err, Duration: time.Since(began),
		})
	}
	c.returns = true
	return c.resp, c.err
}

// CloseIdleConnections closes those of the base, if that can do so. It is what
// [http.Client.CloseIdleConnections] calls.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// Breakers returns the breakers by key, nil if there are none.
func (t *Transport) Breakers() *breaker.Group[string] { return t.breakers }

// A call is one RoundTrip.
type call struct {
	t     *Transport
	req   *http.Request
	ctx   context.Context // of req
	tries atomic.Int32    // begun so far
	sent  bool            // the base has the body of req, and has to close it
	spent bool            // and no other can be had
	first try             // here, so that it need not be allocated

	resp    *http.Response // of the last try
	err     error
	returns bool
}

// do makes the first try. Most often that is all.
func (c *call) do() {
	c.resp, c.err = c.once()
	if c.t.opts.Attempts == 1 || !c.again() {
		c.t.opts.Budget.Deposit()
		return
	}
	c.retry()
}

// once makes a try, and a hedge if that takes too long.
func (c *call) once() (*http.Response, error) {
	y := c.newTry()
	if c.t.hedges && hedgeable(c.req) {
		return newRace(c, y).run()
	}
	return y.run()
}

func (c *call) newTry() *try {
	number := c.tries.Add(1)
	y := &c.first
	if number > 1 {
		y = new(try)
	}
	y.call, y.ctx, y.number = c, c.ctx, number
	c.t.counts.tries.Add(1)
	return y
}

// retry is do when the first try has failed in a way that may mend. The pauses,
// and when to give up, are those of fx.Retry, which is told of that first try as
// if it had begun it.
func (c *call) retry() {
	fresh := true
	end := fx.Retry(c.ctx, func(context.Context) error {
		if !fresh {
			c.t.counts.retries.Add(1)
			c.resp, c.err = c.once()
		}
		fresh = false
		if c.again() {
			return errAgain
		}
		return nil
	}, fx.RetryOptions{
		Attempts:      c.t.opts.Attempts,
		Backoff:       c.t.opts.Backoff,
		Budget:        c.t.opts.Budget,
		MaxRetryAfter: c.t.opts.MaxRetryAfter,
		RetryAfter:    func(error) time.Duration { return askedToWait(c.resp) },
		OnRetry:       func(fx.RetryEvent) { c.drop() },
	})
	if end != nil && end != errAgain { // the context is done
		c.drop()
		c.err = end
	}
}

// drop gives up the response of the last try.
func (c *call) drop() {
	if c.resp != nil {
		drain(c.resp)
		c.resp = nil
	}
}
