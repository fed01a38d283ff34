package weirhttp

import (
	"context"
	"errors"
	"net/http"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

// RateLimitOptions configures [RateLimit]. The zero value is ready to use.
type RateLimitOptions struct {
	// Policies are what the limiter holds clients to, for the RateLimit-Policy
	// field. The default is to advertise none. Where a decision is about one of
	// several, that is the first whose Quota is the decision's Limit, or else the
	// first of all.
	Policies []RateLimitPolicy
	// Refuse writes the response to a request that is not allowed, instead of the
	// one that RateLimit describes. The fields are set by then, Retry-After too.
	Refuse func(w http.ResponseWriter, r *http.Request, d limit.Decision)
	// OnError is called when the limiter fails: with an error that is no refusal,
	// while the context of the request is not done. The limiters of package limit
	// never do so. It is called on the goroutine of the request, before the
	// response is written.
	OnError func(r *http.Request, err error)
	// LegacyHeaders adds X-RateLimit-Limit, X-RateLimit-Remaining and
	// X-RateLimit-Reset, all as integers and the last one in seconds from now. Of
	// several limits, those of the one that decided last are seen.
	LegacyHeaders bool
	// DisableHeaders leaves out all fields but the Retry-After of refusals, for
	// limits that clients should not know in detail.
	DisableHeaders bool
}

var errHeaders = errors.New("weirhttp: RateLimitOptions has both LegacyHeaders and DisableHeaders")

// Validate returns what is wrong with the options, nil if nothing is.
func (o RateLimitOptions) Validate() error {
	if o.LegacyHeaders && o.DisableHeaders {
		return errHeaders
	}
	for i, p := range o.Policies {
		if err := p.validate(o.Policies[:i]); err != nil {
			return err
		}
	}
	return nil
}

// RateLimit returns a middleware that lets a request through if the limiter
// allows one more event of the request's key. decide is the method of a limiter,
// and key says who is limited:
//
//	users := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(10)})
//	weirhttp.RateLimit(users.Allow, weirhttp.KeyIP(weirhttp.IPOptions{}), weirhttp.RateLimitOptions{})
//
// It panics if decide or key is nil, and on impossible options.
//
// Every response has a RateLimit field, which says how many requests remain (r)
// in how many seconds (t), and RateLimit-Policy where the options know it, as
// draft-ietf-httpapi-ratelimit-headers has it (version 11):
//
//	RateLimit-Policy: "default";q=10;w=1
//	RateLimit: "default";r=9;t=1
//
// An inner RateLimit adds its own to those of an outer one. Seconds are rounded
// up. On refusals t is Retry-After; else it is when the limit will be as if
// nothing had happened, which clients that spread r requests over t respect.
//
// A request that is not allowed gets 429; Retry-After, at least 1, unless no
// waiting will help; the header [HeaderRefused]; and a short text/plain body.
// An outer [Admit] settles its permit as Ignored. An error of the limiter is
// answered as Admit answers one of a guard: 504 or [StatusClientClosedRequest]
// where the context is done, what a refusal says of itself, and else 503, for a
// limiter that fails lets nobody through. Decisions of a stand-in
// ([limit.Decision].Degraded) are decisions as others.
//
// All requests whose key is empty share one key, so nobody escapes the limit by
// leaving out what the key is made of. A key longer than [limit.MaxKey] is
// replaced by a hash of it (SHA-256). Neither of the two can be mistaken for a
// key made of a header or an address.
//
// Beyond what decide and key cost, a request costs two allocations, for the
// values of the fields; a refusal also two small values, and the wrapper of the
// response unless an outer middleware has paid for it.
func RateLimit(
	decide func(ctx context.Context, key string) (limit.Decision, error),
	key func(*http.Request) string,
	o RateLimitOptions,
) Middleware {
	if decide == nil {
		panic("weirhttp: RateLimit with a nil limiter")
	}
	if key == nil {
		panic("weirhttp: RateLimit with a nil key func")
	}
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	fields := newRateFields(o)
	return func(next http.Handler) http.Handler {
		return &rateLimit{next: must(next), decide: decide, key: key, opts: o, fields: fields}
	}
}

type rateLimit struct {
	next   http.Handler
	decide func(ctx context.Context, key string) (limit.Decision, error)
	key    func(*http.Request) string
	opts   RateLimitOptions
	fields *rateFields
}

func (l *rateLimit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d, err := l.decide(r.Context(), limiterKey(l.key(r)))
	switch {
	case err != nil:
		l.fail(w, r, err)
	case d.Allowed:
		l.fields.set(w.Header(), d)
		l.next.ServeHTTP(w, r)
	default:
		l.refuse(w, r, d)
	}
}

func (l *rateLimit) refuse(w http.ResponseWriter, r *http.Request, d limit.Decision) {
	rw, w := track(w, r)
	if rw.started() {
		return // whoever called this handler has begun to answer by himself
	}
	rw.root.refused = true
	h := w.Header()
	l.fields.set(h, d)
	if l.opts.Refuse != nil {
		l.opts.Refuse(w, r, d)
		return
	}
	h[HeaderRefused] = []string{reason(limit.ErrLimited.Error())}
	rw.answer(http.StatusTooManyRequests)
}

// fail answers as Admit does for a guard that returned err.
func (l *rateLimit) fail(w http.ResponseWriter, r *http.Request, err error) {
	if l.opts.OnError != nil && r.Context().Err() == nil && !errors.Is(err, weir.ErrRejected) {
		l.opts.OnError(r, err)
	}
	rw, w := track(w, r)
	(&admission{}).refuse(rw, w, r, err)
}
