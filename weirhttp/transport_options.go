package weirhttp

import (
	"errors"
	"net/http"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/fx"
	"github.com/weirgo/weir/limit"
)

// TransportOptions configures a [Transport]. The zero value is ready to use: a
// breaker per host, and up to three tries of what may be repeated, within a
// budget.
type TransportOptions struct {
	// Name tells this transport apart in metrics.
	Name string
	// Key tells which host a request is for, or whatever else fails as one: the
	// breaker, the limit and the latencies are per key. The default is the host of
	// the URL in lower case, and its port, such as "example.com:443". Where that is
	// not the default port of the scheme, the scheme comes first, such as
	// "http://example.com:8080": a redirect to an address in the wrong scheme, which
	// fails, is not held against those who use the right one.
	Key func(*http.Request) string
	// MaxHosts is how many keys have breakers, limits and latencies of their own;
	// all others share one. Redirects may lead to hosts that somebody else chose.
	// The default is 10,000.
	MaxHosts int

	// Breaker are the options of the breaker of each key. Its MaxKeys is MaxHosts
	// by default, its Name that of the transport. To its SlowCall, a call lasts
	// until the breaker hears of it; see Transport.
	Breaker        breaker.GroupOptions
	DisableBreaker bool

	// Limit bounds how many tries are in flight at a time, HostLimit how many of
	// them for one key. The default, and a negative Max, is no limit.
	Limit, HostLimit limit.ConcurrencyOptions

	// Attempts is how often a request may be tried, the first time included. The
	// default is 3; 1 and less mean that there are no retries. Hedges are not
	// counted: where there are any, each of these tries may have one, so that up to
	// twice as many requests are sent, as far as Budget has room.
	Attempts int
	// Idempotent tells whether a request may be repeated. The default is what
	// net/http holds: GET, HEAD, OPTIONS, TRACE, and whatever has a header
	// Idempotency-Key or X-Idempotency-Key. It is not asked about a request whose
	// body cannot be had once more.
	Idempotent func(*http.Request) bool
	// RetryIf tells, of the response or of the error, whether another try may
	// mend it. It must not touch the body. The default is status 429, 502, 503 and
	// 504, and every error but certificates that do not fit. It is not asked about
	// refusals, nor when the request is cancelled or its deadline has passed; and
	// what net/http would not send is not tried again, whatever it says.
	RetryIf func(*http.Response, error) bool
	// Backoff is how long to pause before a retry. The default is at random up to
	// 100 ms, and up to twice as much each time after.
	Backoff fx.Backoff
	// MaxRetryAfter is how long a response may ask to wait, in Retry-After, for
	// there still to be a retry. The default is 1 min; negative means that nothing
	// is too long, though the deadline of the request may be.
	MaxRetryAfter time.Duration
	// Budget has to have room for each retry and each hedge. Share one between
	// transports that may overload the same thing. The default is one of this
	// transport's own: a tenth of the calls, and one a second.
	Budget *fx.RetryBudget
	// DisableBudget leaves retries and hedges without a budget.
	DisableBudget bool

	// TryTimeout is how long each try may take until the header of its response is
	// there, once it is admitted. The body is not bounded by it. The default, and
	// negative, is no such bound.
	TryTimeout time.Duration

	// HedgeDelay is after how long without an answer a GET or HEAD without body is
	// sent once more, while the first goes on. The default is that none is, unless
	// HedgeQuantile is set; then it is the delay for hosts that are not known well
	// yet, by default 100 ms. Negative means that nothing is ever hedged.
	HedgeDelay time.Duration
	// HedgeQuantile makes the delay that which this fraction of the answers of the
	// host, lately, did not take longer than: 0.95, say. It is below 1.
	HedgeQuantile float64

	// Classify tells the outcome of a response; nil means [ClassifyStatus]. Where
	// a host answers 429 to this client's single users, say that is a Success.
	Classify func(status int, r *http.Request) weir.Outcome
	// DisableHeaders leaves [HeaderTimeout], [HeaderCriticality] and
	// [HeaderAttempt] as the request has them, and adds none.
	DisableHeaders bool

	// OnTry is called when a try has ended with an error, or the header of its
	// response is there, and OnCall when RoundTrip is about to return. Both are
	// called without locks: OnCall on the goroutine of the caller, OnTry on that
	// of the try, which for a hedge is another one. They must not touch bodies.
	OnTry  func(TransportTry)
	OnCall func(TransportCall)
	// OnPanic is called with the panic of a hedge that nobody waited for any more,
	// on its goroutine. Without it such a panic is logged.
	OnPanic func(*weir.Panic)
}

const (
	defaultMaxHosts   = 10_000
	defaultAttempts   = 3
	defaultHedgeDelay = 100 * time.Millisecond
)

var (
	errMaxHosts      = errors.New("weirhttp: TransportOptions.MaxHosts must not be negative")
	errHedgeQuantile = errors.New("weirhttp: TransportOptions.HedgeQuantile must be 0 or more, and below 1")
)

// Validate returns what is wrong with the options, nil if nothing is.
func (o TransportOptions) Validate() error {
	if o.MaxHosts < 0 {
		return errMaxHosts
	}
	if !(o.HedgeQuantile >= 0 && o.HedgeQuantile < 1) { // written so that NaN fails
		return errHedgeQuantile
	}
	errs := []error{o.Backoff.Validate()}
	if !o.DisableBreaker {
		errs = append(errs, o.Breaker.Validate())
	}
	for _, l := range []limit.ConcurrencyOptions{o.Limit, o.HostLimit} {
		if l.Max > 0 {
			errs = append(errs, l.Validate())
		}
	}
	return errors.Join(errs...)
}

func (o TransportOptions) withDefaults() TransportOptions {
	o.MaxHosts = orElse(o.MaxHosts, defaultMaxHosts)
	o.Breaker.MaxKeys = orElse(o.Breaker.MaxKeys, o.MaxHosts)
	o.Breaker.Name = orElse(o.Breaker.Name, o.Name)
	o.Limit.Name = orElse(o.Limit.Name, o.Name)
	o.HostLimit.Name = orElse(o.HostLimit.Name, o.Name)
	o.Attempts = max(1, orElse(o.Attempts, defaultAttempts))
	switch {
	case o.DisableBudget:
		o.Budget = nil
	case o.Budget == nil:
		o.Budget = fx.NewRetryBudget(fx.RetryBudgetOptions{Name: o.Name})
	}
	if o.HedgeDelay < 0 {
		o.HedgeQuantile = 0
	} else if o.HedgeQuantile > 0 {
		o.HedgeDelay = orElse(o.HedgeDelay, defaultHedgeDelay)
	}
	if o.Key == nil {
		o.Key = addressOf
	}
	if o.Idempotent == nil {
		o.Idempotent = idempotent
	}
	if o.RetryIf == nil {
		o.RetryIf = mayMend
	}
	if o.Classify == nil {
		o.Classify = func(status int, _ *http.Request) weir.Outcome { return ClassifyStatus(status) }
	}
	return o
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
