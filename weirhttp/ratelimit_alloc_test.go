package weirhttp_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

// fresh gives each call a header of its own, at no cost, as a server does.
func fresh(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clear(w.Header())
		h.ServeHTTP(w, r)
	})
}

var policies = []weirhttp.RateLimitPolicy{{Quota: 1 << 30, Window: time.Second}}

func TestARateLimitAllocatesWhatItsCommentSays(t *testing.T) {
	key := weirhttp.KeyIP(weirhttp.IPOptions{})
	for name, o := range map[string]weirhttp.RateLimitOptions{
		"default": {}, "policy": {Policies: policies}, "legacy": {Policies: policies, LegacyHeaders: true},
	} {
		require.Equal(t, 2.0, allocs(fresh(weirhttp.RateLimit(allowed, key, o)(writing)), get()), name)
	}
	hidden := weirhttp.RateLimitOptions{DisableHeaders: true}
	require.Equal(t, 0.0, allocs(fresh(weirhttp.RateLimit(allowed, key, hidden)(writing)), get()))

	// The wrapper, and one value each for Content-Type and Weir-Refused.
	require.Equal(t, 2.0+3, allocs(fresh(weirhttp.RateLimit(refused, key, weirhttp.RateLimitOptions{})(writing)), get()))
}

func TestKeysAllocateWhatTheirCommentsSay(t *testing.T) {
	direct := weirhttp.KeyIP(weirhttp.IPOptions{})
	proxied := weirhttp.KeyIP(weirhttp.IPOptions{TrustedProxies: trusted})
	forwarded := weirhttp.KeyIP(weirhttp.IPOptions{TrustedProxies: trusted, Header: "Forwarded"})
	header := weirhttp.KeyHeader("X-User")
	for name, c := range map[string]struct {
		key  func(*http.Request) string
		r    *http.Request
		want float64
	}{
		"IPv4":            {direct, from("192.0.2.7:1", ""), 0},
		"X-Forwarded-For": {proxied, from("10.0.0.1:1", "X-Forwarded-For", "8.8.8.8, 203.0.113.1, 10.0.0.2"), 0},
		"Forwarded":       {forwarded, from("10.0.0.1:1", "Forwarded", `for=203.0.113.1;proto=https`), 0},
		"IPv6":            {direct, from("[2001:db8::1]:1", ""), 1},
		"header":          {header, from("", "X-User", "ann"), 0},
	} {
		require.Equal(t, c.want, testing.AllocsPerRun(1000, func() { c.key(c.r) }), name)
	}
}

func BenchmarkRateLimit(b *testing.B) {
	users := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(1 << 30)})
	nobody := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1)})
	key := weirhttp.KeyIP(weirhttp.IPOptions{})
	proxied := weirhttp.KeyIP(weirhttp.IPOptions{TrustedProxies: trusted})
	o := weirhttp.RateLimitOptions{Policies: policies}
	for _, c := range []struct {
		name string
		h    http.Handler
		r    *http.Request
	}{
		{"bare", writing, get()},
		{"allowed", weirhttp.RateLimit(users.Allow, key, o)(writing), get()},
		{"allowed, no fields", weirhttp.RateLimit(users.Allow, key, weirhttp.RateLimitOptions{DisableHeaders: true})(writing), get()},
		{"allowed, a proxy", weirhttp.RateLimit(users.Allow, proxied, o)(writing), from("10.0.0.1:1", "X-Forwarded-For", "8.8.8.8, 203.0.113.1")},
		{"allowed, IPv6", weirhttp.RateLimit(users.Allow, key, o)(writing), from("[2001:db8::1]:1", "")},
		{"refused", weirhttp.RateLimit(nobody.Allow, key, o)(writing), get()},
	} {
		b.Run(c.name, func(b *testing.B) {
			h, w := fresh(c.h), &discard{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, c.r)
			}
		})
	}
	b.Run("KeyIP", func(b *testing.B) {
		r := get()
		for b.Loop() {
			key(r)
		}
	})
}
