package weirhttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"time"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

func ExampleRateLimit() {
	users := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(60), Burst: 2})
	h := weirhttp.RateLimit(users.Allow, weirhttp.KeyIP(weirhttp.IPOptions{}), weirhttp.RateLimitOptions{
		Policies: []weirhttp.RateLimitPolicy{{Quota: 2, Window: 2 * time.Minute}},
	})(http.HandlerFunc(hello))
	for range 3 {
		w := ask(h, httptest.NewRequest("GET", "/", nil))
		fmt.Printf("%s, Retry-After: %q\n", w.Header().Get("RateLimit"), w.Header().Get("Retry-After"))
	}
	// Output:
	// 200 hello
	// "default";r=1;t=60, Retry-After: ""
	// 200 hello
	// "default";r=0;t=120, Retry-After: ""
	// 429 Too Many Requests
	// "default";r=0;t=60, Retry-After: "60"
}

// Any func of that shape is a limiter: here uploads cost five events.
func ExampleRateLimit_cost() {
	quota := limit.NewPeriod(limit.PeriodOptions{Quota: 8, Period: 100 * 365 * 24 * time.Hour})
	uploads := func(ctx context.Context, key string) (limit.Decision, error) { return quota.TakeN(ctx, key, 5) }
	h := weirhttp.RateLimit(uploads, weirhttp.KeyHeader("X-Tenant"), weirhttp.RateLimitOptions{})(http.HandlerFunc(hello))
	for range 2 {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("X-Tenant", "acme")
		ask(h, r)
	}
	// Output:
	// 200 hello
	// 429 Too Many Requests
}

func ExampleRateLimitOptions() {
	logins := limit.NewPeriod(limit.PeriodOptions{Quota: 1, Period: 100 * 365 * 24 * time.Hour})
	h := weirhttp.RateLimit(logins.Take, weirhttp.KeyIP(weirhttp.IPOptions{}), weirhttp.RateLimitOptions{
		LegacyHeaders: true,
		Refuse: func(w http.ResponseWriter, r *http.Request, d limit.Decision) {
			http.Error(w, "no more logins from here", http.StatusTooManyRequests)
		},
	})(http.HandlerFunc(hello))
	ask(h, httptest.NewRequest("GET", "/", nil))
	w := ask(h, httptest.NewRequest("GET", "/", nil))
	fmt.Println("X-RateLimit-Remaining:", w.Header().Get("X-RateLimit-Remaining"))
	// Output:
	// 200 hello
	// 429 no more logins from here
	// X-RateLimit-Remaining: 0
}

func ExampleRateLimitPolicy() {
	fmt.Println(weirhttp.RateLimitPolicy{Name: "burst", Quota: 10, Window: time.Second})
	fmt.Println(weirhttp.RateLimitPolicy{Name: "daily", Quota: 1000, Window: 24 * time.Hour})
	// Output:
	// "burst";q=10;w=1
	// "daily";q=1000;w=86400
}

func ExampleIPOptions() {
	key := weirhttp.KeyIP(weirhttp.IPOptions{
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	})
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "10.0.0.1:4711"                             // our proxy
	r.Header.Set("X-Forwarded-For", "198.51.100.1, 192.0.2.7") // the first one is what the client claims
	fmt.Println(key(r))

	r.RemoteAddr = "192.0.2.8:4711" // somebody who is no proxy of ours
	fmt.Println(key(r))
	// Output:
	// 192.0.2.7
	// 192.0.2.8
}
