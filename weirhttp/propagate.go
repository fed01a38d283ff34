package weirhttp

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/weirgo/weir"
)

const (
	// HeaderCriticality says how much it matters that the request is served:
	// "sheddable", "sheddable-plus", "critical" or "critical-plus".
	HeaderCriticality = "Weir-Criticality"
	// HeaderTimeout says how many milliseconds the caller will still wait, as a
	// decimal integer. 0 means no longer.
	HeaderTimeout = "Weir-Timeout-Ms"
)

// PropagateOptions configures [Propagate].
type PropagateOptions struct {
	// MaxCriticality is the highest class that the header may claim; a higher one
	// is cut to it. The default is Critical, so that strangers cannot put
	// themselves before all others. Set CriticalPlus where all callers are
	// trusted.
	MaxCriticality weir.Criticality
	// MaxTimeout is the longest wait taken over from the header; a longer one is
	// cut to it. The default is 1 h; negative means no such bound.
	MaxTimeout time.Duration
	// DisableCriticality ignores HeaderCriticality.
	DisableCriticality bool
	// DisableTimeout ignores HeaderTimeout.
	DisableTimeout bool
}

const defaultMaxTimeout = time.Hour

var errMaxCriticality = errors.New("weirhttp: PropagateOptions.MaxCriticality is unknown")

// Validate returns what is wrong with the options, nil if nothing is.
func (o PropagateOptions) Validate() error {
	if o.MaxCriticality > weir.CriticalPlus {
		return errMaxCriticality
	}
	return nil
}

// Propagate returns a middleware that takes over from the caller, into the
// context of the request, how critical the request is ([HeaderCriticality], see
// [weir.CriticalityFrom]) and how long the caller will still wait
// ([HeaderTimeout], as a deadline counted from the moment the request arrives
// here). It panics on impossible options.
//
// A header that is repeated, malformed, unknown, negative, empty or absurdly
// long (more than nine digits) is ignored as if it were absent: a request never
// fails for it. The header never lifts a deadline that is there already, and
// never lowers the class of the context.
//
// Who chooses his own deadline chooses when his requests fail, and a breaker
// further in counts failures of calls that had about as much time as others need.
// So set DisableTimeout where requests come from strangers.
//
// Where the handler returns after the deadline without having written a header,
// the client gets 504, as with [Timeout]. Put Propagate outside of Timeout and
// Admit, so that they know. A request without the headers costs two lookups and
// nothing else.
func Propagate(o PropagateOptions) Middleware {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	if o.MaxCriticality == 0 {
		o.MaxCriticality = weir.Critical
	}
	if o.MaxTimeout == 0 {
		o.MaxTimeout = defaultMaxTimeout
	}
	return func(next http.Handler) http.Handler {
		return &propagation{next: must(next), opts: o}
	}
}

type propagation struct {
	next http.Handler
	opts PropagateOptions
}

func (p *propagation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	class, classed := p.criticality(r.Header)
	wait, timed := p.timeout(r.Header)
	if !classed && !timed {
		p.next.ServeHTTP(w, r)
		return
	}
	ctx := r.Context()
	if classed {
		ctx = weir.WithCriticality(ctx, class)
	}
	if !timed {
		p.serve(w, r, ctx)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	rw, w := track(w, r)
	p.serve(w, r, ctx)
	rw.expire(ctx)
}

func (p *propagation) serve(w http.ResponseWriter, r *http.Request, ctx context.Context) {
	inner := r.WithContext(ctx)
	defer adopt(r, inner)
	p.next.ServeHTTP(w, inner)
}

func (p *propagation) criticality(h http.Header) (weir.Criticality, bool) {
	text, ok := only(h, HeaderCriticality)
	if !ok || p.opts.DisableCriticality {
		return 0, false
	}
	c, err := weir.ParseCriticality(text)
	return min(c, p.opts.MaxCriticality), err == nil
}

func (p *propagation) timeout(h http.Header) (time.Duration, bool) {
	text, ok := only(h, HeaderTimeout)
	if !ok || p.opts.DisableTimeout {
		return 0, false
	}
	wait, ok := milliseconds(text)
	if p.opts.MaxTimeout > 0 {
		wait = min(wait, p.opts.MaxTimeout)
	}
	return wait, ok
}

// only returns the value of a header that occurs once. key is in canonical form.
func only(h http.Header, key string) (string, bool) {
	values := h[key]
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}

// maxDigits keeps the value below twelve days, far from any overflow.
const maxDigits = 9

// milliseconds parses one to nine decimal digits, and nothing else.
func milliseconds(text string) (time.Duration, bool) {
	if text == "" || len(text) > maxDigits {
		return 0, false
	}
	var n time.Duration
	for i := range len(text) {
		c := text[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + time.Duration(c-'0')
	}
	return n * time.Millisecond, true
}
