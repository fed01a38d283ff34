package weirhttp

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/weirgo/weir/limit"
)

// A RateLimitPolicy describes a limit to clients: Quota requests per Window. For
// a token bucket these are its burst, and how long it takes to come back.
type RateLimitPolicy struct {
	// Name tells the policy apart, in printable ASCII. The default is "default".
	Name string
	// Quota is how many requests are allowed per Window: at least 1.
	Quota int
	// Window is rounded up to whole seconds. Zero means that clients are not told.
	Window time.Duration
}

const defaultPolicy = "default"

// maxInteger is the largest integer that a structured field may have (RFC 9651,
// section 3.3.1).
const maxInteger = 999_999_999_999_999

var (
	errPolicyName   = errors.New("weirhttp: RateLimitPolicy.Name must be printable ASCII")
	errPolicyQuota  = errors.New("weirhttp: RateLimitPolicy.Quota must be 1 to 999999999999999")
	errPolicyWindow = errors.New("weirhttp: RateLimitPolicy.Window must not be negative")
)

func (p RateLimitPolicy) validate(others []RateLimitPolicy) error {
	switch {
	case printableOnly(p.Name) != p.Name:
		return errPolicyName
	case p.Quota < 1 || int64(p.Quota) > maxInteger:
		return errPolicyQuota
	case p.Window < 0:
		return errPolicyWindow
	}
	for _, other := range others {
		if other.name() == p.name() {
			return fmt.Errorf("weirhttp: two RateLimitPolicies have the name %s", p.name())
		}
	}
	return nil
}

// name returns the name as a structured field's string.
func (p RateLimitPolicy) name() string {
	if p.Name == "" {
		p.Name = defaultPolicy
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.Name) + `"`
}

// String returns the policy as an item of the RateLimit-Policy field:
// "default";q=10;w=1.
func (p RateLimitPolicy) String() string {
	s := p.name() + ";q=" + strconv.Itoa(p.Quota)
	if p.Window > 0 {
		s += ";w=" + strconv.FormatInt(ceilSeconds(p.Window), 10)
	}
	return s
}

// rateFields writes the fields of responses. It does not change once it is made.
type rateFields struct {
	policy string // RateLimit-Policy, "" for none
	names  []rateName
	opts   RateLimitOptions
}

// A rateName is the name of a policy, ready to be written, and its quota.
type rateName struct {
	quota int
	name  string
}

func newRateFields(o RateLimitOptions) *rateFields {
	f := &rateFields{opts: o}
	var items []string
	for _, p := range o.Policies {
		items = append(items, p.String())
		f.names = append(f.names, rateName{p.Quota, p.name()})
	}
	f.policy = strings.Join(items, ", ")
	if f.names == nil {
		f.names = []rateName{{name: RateLimitPolicy{}.name()}}
	}
	return f
}

// nameOf returns the name of the policy that a limit of so many is.
func (f *rateFields) nameOf(quota int) string {
	for _, n := range f.names {
		if n.quota == quota {
			return n.name
		}
	}
	return f.names[0].name
}

// count is how many fields a response gets at most.
func (f *rateFields) count(retry bool) int {
	n := 1
	if retry {
		n++
	}
	if f.policy != "" {
		n++
	}
	if f.opts.LegacyHeaders {
		n += 3
	}
	return n
}

// set sets all fields of a response. Their values are parts of one string, and
// lie in one slice.
func (f *rateFields) set(h http.Header, d limit.Decision) {
	retry := !d.Allowed && d.RetryAfter >= 0
	if f.opts.DisableHeaders && !retry {
		return
	}
	t := f.texts(d, retry)
	v := values{header: h, all: make([]string, 0, f.count(retry))}
	if retry {
		v.set("Retry-After", t.reset)
	}
	if f.opts.DisableHeaders {
		return
	}
	if f.policy != "" {
		v.add("Ratelimit-Policy", f.policy)
	}
	v.add("Ratelimit", t.item)
	if f.opts.LegacyHeaders {
		v.set("X-Ratelimit-Limit", t.limit)
		v.set("X-Ratelimit-Remaining", t.remaining)
		v.set("X-Ratelimit-Reset", t.reset)
	}
}

// rateTexts are what fields say of a decision, in one allocation.
type rateTexts struct {
	item, limit, remaining string
	reset                  string // seconds; of a refusal, until Retry-After
}

func (f *rateFields) texts(d limit.Decision, retry bool) rateTexts {
	seconds := ceilSeconds(d.ResetAfter)
	if retry {
		seconds = max(1, ceilSeconds(d.RetryAfter))
	}
	var space [128]byte
	b := append(space[:0], f.nameOf(d.Limit)...)
	b = append(b, ";r="...)
	r := len(b)
	b = strconv.AppendInt(b, bounded(d.Remaining), 10)
	rEnd := len(b)
	b = append(b, ";t="...)
	t := len(b)
	b = strconv.AppendInt(b, seconds, 10)
	end := len(b)
	if f.opts.LegacyHeaders {
		b = strconv.AppendInt(b, bounded(d.Limit), 10)
	}
	all := string(b)
	return rateTexts{item: all[:end], limit: all[end:], remaining: all[r:rEnd], reset: all[t:end]}
}

// values are the values of several headers in one slice. Each header gets a part
// that cannot grow into the next one.
type values struct {
	header http.Header
	all    []string
}

func (v *values) set(key, value string) {
	v.all = append(v.all, value)
	n := len(v.all)
	v.header[key] = v.all[n-1 : n : n]
}

func (v *values) add(key, value string) {
	if before := v.header[key]; len(before) > 0 {
		v.header[key] = append(before, value)
		return
	}
	v.set(key, value)
}

// ceilSeconds rounds up, for who comes back a fraction of a second early is
// refused again.
func ceilSeconds(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return max(0, s)
}

// bounded is n within what a structured field may have.
func bounded(n int) int64 { return min(max(0, int64(n)), maxInteger) }
