package weirhttp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

// decide is a limiter.
type decide = func(ctx context.Context, key string) (limit.Decision, error)

// always decides the same about everybody.
func always(d limit.Decision, err error) decide {
	return func(context.Context, string) (limit.Decision, error) { return d, err }
}

var (
	allowed = always(limit.Decision{Allowed: true, Limit: 10, Remaining: 9, ResetAfter: 100 * time.Millisecond}, nil)
	refused = always(limit.Decision{Limit: 10, RetryAfter: 1500 * time.Millisecond, ResetAfter: time.Minute}, nil)
)

func everybody(*http.Request) string { return "everybody" }

func limited(d decide, o weirhttp.RateLimitOptions) *httptest.ResponseRecorder {
	return call(weirhttp.RateLimit(d, everybody, o)(silent), get())
}

func TestARequestThatTheLimiterAllowsIsServedWithRateLimitFields(t *testing.T) {
	w := limited(allowed, weirhttp.RateLimitOptions{
		Policies: []weirhttp.RateLimitPolicy{{Quota: 10, Window: time.Second}},
	})
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, http.Header{
		"Ratelimit-Policy": {`"default";q=10;w=1`},
		"Ratelimit":        {`"default";r=9;t=1`},
	}, w.Header())
	require.Equal(t, http.Header{"Ratelimit": {`"default";r=9;t=1`}}, limited(allowed, weirhttp.RateLimitOptions{}).Header())
}

func TestARequestBeyondTheLimitIs429WithRetryAfter(t *testing.T) {
	w := call(weirhttp.RateLimit(refused, everybody, weirhttp.RateLimitOptions{
		Policies: []weirhttp.RateLimitPolicy{{Name: "users", Quota: 10}},
	})(panicking("must not run")), get())
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, http.Header{
		"Content-Type":     {"text/plain; charset=utf-8"},
		"Ratelimit-Policy": {`"users";q=10`},
		"Ratelimit":        {`"users";r=0;t=2`},
		"Retry-After":      {"2"},
		"Weir-Refused":     {"limit: rate limit exceeded"},
	}, w.Header())
	require.Equal(t, "Too Many Requests\n", w.Body.String())
}

func TestRetryAfterOfARateLimitIsAtLeastASecondAndRoundedUp(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		0: "1", 1: "1", time.Second: "1", time.Second + 1: "2", time.Hour: "3600", 1<<63 - 1: "9223372037",
	} {
		w := limited(always(limit.Decision{RetryAfter: wait}, nil), weirhttp.RateLimitOptions{})
		require.Equal(t, want, w.Header().Get("Retry-After"), wait)
		require.Equal(t, `"default";r=0;t=`+want, w.Header().Get("RateLimit"), wait)
	}
}

func TestNoRetryAfterWhereNoWaitingWillHelp(t *testing.T) {
	w := limited(always(limit.Decision{Limit: 3, Remaining: 3, RetryAfter: -1, ResetAfter: 2 * time.Second}, nil), weirhttp.RateLimitOptions{})
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.NotContains(t, w.Header(), "Retry-After")
	require.Equal(t, `"default";r=3;t=2`, w.Header().Get("RateLimit"))
}

func TestAbsurdDecisionsMakeFieldsThatClientsCanRead(t *testing.T) {
	w := limited(always(limit.Decision{Allowed: true, Limit: -1, Remaining: -1, ResetAfter: -1}, nil), weirhttp.RateLimitOptions{LegacyHeaders: true})
	require.Equal(t, `"default";r=0;t=0`, w.Header().Get("RateLimit"))
	require.Equal(t, "0", w.Header().Get("X-RateLimit-Limit"))
	huge := int(^uint(0) >> 1)
	w = limited(always(limit.Decision{Allowed: true, Limit: huge, Remaining: huge, ResetAfter: 1<<63 - 1}, nil), weirhttp.RateLimitOptions{})
	require.Equal(t, fmt.Sprintf(`"default";r=%d;t=9223372037`, min(int64(huge), 999_999_999_999_999)), w.Header().Get("RateLimit"))
}

func TestLegacyHeadersAreIntegers(t *testing.T) {
	o := weirhttp.RateLimitOptions{LegacyHeaders: true}
	w := limited(refused, o)
	require.Equal(t, "10", w.Header().Get("X-RateLimit-Limit"))
	require.Equal(t, "0", w.Header().Get("X-RateLimit-Remaining"))
	require.Equal(t, "2", w.Header().Get("X-RateLimit-Reset"))
	require.Equal(t, `"default";r=0;t=2`, w.Header().Get("RateLimit"))
	require.Equal(t, "9", limited(allowed, o).Header().Get("X-RateLimit-Remaining"))
}

func TestDisableHeadersLeavesRetryAfterAlone(t *testing.T) {
	o := weirhttp.RateLimitOptions{DisableHeaders: true, Policies: []weirhttp.RateLimitPolicy{{Quota: 1}}}
	require.Empty(t, limited(allowed, o).Header())
	require.Equal(t, http.Header{
		"Content-Type": {"text/plain; charset=utf-8"},
		"Retry-After":  {"2"},
		"Weir-Refused": {"limit: rate limit exceeded"},
	}, limited(refused, o).Header())
}

func TestOfSeveralPoliciesTheOneOfThatLimitIsNamed(t *testing.T) {
	policies := []weirhttp.RateLimitPolicy{{Name: "burst", Quota: 10, Window: 1500 * time.Millisecond}, {Name: "daily", Quota: 1000, Window: 24 * time.Hour}}
	for quota, want := range map[int]string{10: `"burst";r=1;t=0`, 1000: `"daily";r=1;t=0`, 5: `"burst";r=1;t=0`} {
		d := always(limit.Decision{Allowed: true, Limit: quota, Remaining: 1}, nil)
		w := limited(d, weirhttp.RateLimitOptions{Policies: policies})
		require.Equal(t, want, w.Header().Get("RateLimit"), quota)
		require.Equal(t, `"burst";q=10;w=2, "daily";q=1000;w=86400`, w.Header().Get("RateLimit-Policy"))
	}
}

func TestPolicyNamesAreQuotedAsStructuredFieldsWantIt(t *testing.T) {
	o := weirhttp.RateLimitOptions{Policies: []weirhttp.RateLimitPolicy{{Name: `a "b" \c;d=e`, Quota: 1}}}
	require.Equal(t, `"a \"b\" \\c;d=e";r=9;t=1`, limited(allowed, o).Header().Get("RateLimit"))
	long := strings.Repeat("x", 300)
	o = weirhttp.RateLimitOptions{Policies: []weirhttp.RateLimitPolicy{{Name: long, Quota: 1}}}
	require.Equal(t, `"`+long+`";r=9;t=1`, limited(allowed, o).Header().Get("RateLimit"))
}

func TestImpossibleRateLimitOptionsPanicAndAreErrors(t *testing.T) {
	for want, o := range map[string]weirhttp.RateLimitOptions{
		"weirhttp: RateLimitOptions has both LegacyHeaders and DisableHeaders": {LegacyHeaders: true, DisableHeaders: true},
		"weirhttp: RateLimitPolicy.Name must be printable ASCII":               {Policies: []weirhttp.RateLimitPolicy{{Name: "a\r\nb", Quota: 1}}},
		"weirhttp: RateLimitPolicy.Quota must be 1 to 999999999999999":         {Policies: []weirhttp.RateLimitPolicy{{}}},
		"weirhttp: RateLimitPolicy.Window must not be negative":                {Policies: []weirhttp.RateLimitPolicy{{Quota: 1, Window: -1}}},
		`weirhttp: two RateLimitPolicies have the name "default"`:              {Policies: []weirhttp.RateLimitPolicy{{Quota: 1}, {Name: "default", Quota: 2}}},
	} {
		require.EqualError(t, o.Validate(), want)
		require.PanicsWithValue(t, want, func() { weirhttp.RateLimit(allowed, everybody, o) })
	}
	require.PanicsWithValue(t, "weirhttp: RateLimit with a nil limiter", func() { weirhttp.RateLimit(nil, everybody, weirhttp.RateLimitOptions{}) })
	require.PanicsWithValue(t, "weirhttp: RateLimit with a nil key func", func() { weirhttp.RateLimit(allowed, nil, weirhttp.RateLimitOptions{}) })
	require.PanicsWithValue(t, "weirhttp: nil http.Handler", func() {
		weirhttp.RateLimit(allowed, everybody, weirhttp.RateLimitOptions{})(nil)
	})
}

func TestTheFieldsOfSeveralRateLimitsStandBesideEachOther(t *testing.T) {
	layer := func(name string, quota int, d decide) weirhttp.Middleware {
		return weirhttp.RateLimit(d, everybody, weirhttp.RateLimitOptions{
			Policies: []weirhttp.RateLimitPolicy{{Name: name, Quota: quota}}, LegacyHeaders: true,
		})
	}
	h := weirhttp.Chain(layer("address", 10, allowed), layer("user", 20, refused))(silent)
	header := call(h, get()).Header()
	require.Equal(t, []string{`"address";q=10`, `"user";q=20`}, header["Ratelimit-Policy"])
	require.Equal(t, []string{`"address";r=9;t=1`, `"user";r=0;t=2`}, header["Ratelimit"])
	require.Equal(t, []string{"0"}, header["X-Ratelimit-Remaining"])
}

func TestAHandlerThatAddsToAFieldChangesNoOther(t *testing.T) {
	h := weirhttp.RateLimit(allowed, everybody, weirhttp.RateLimitOptions{
		LegacyHeaders: true, Policies: []weirhttp.RateLimitPolicy{{Quota: 10}},
	})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for key := range w.Header() {
			w.Header().Add(key, "added")
		}
	}))
	require.Equal(t, http.Header{
		"Ratelimit-Policy":      {`"default";q=10`, "added"},
		"Ratelimit":             {`"default";r=9;t=1`, "added"},
		"X-Ratelimit-Limit":     {"10", "added"},
		"X-Ratelimit-Remaining": {"9", "added"},
		"X-Ratelimit-Reset":     {"1", "added"},
	}, call(h, get()).Header())
}

func TestADegradedDecisionIsADecision(t *testing.T) {
	yes := limit.Decision{Allowed: true, Limit: 5, Remaining: 4, ResetAfter: time.Second, Degraded: true}
	w := limited(always(yes, nil), weirhttp.RateLimitOptions{})
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, `"default";r=4;t=1`, w.Header().Get("RateLimit"))
	no := limit.Decision{Limit: 5, RetryAfter: 1, Degraded: true}
	require.Equal(t, http.StatusTooManyRequests, limited(always(no, nil), weirhttp.RateLimitOptions{}).Code)
}

func TestTheRefuseOptionOfARateLimitWritesTheResponse(t *testing.T) {
	w := limited(refused, weirhttp.RateLimitOptions{Refuse: func(w http.ResponseWriter, r *http.Request, d limit.Decision) {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, r.URL.Path, " ", d.RetryAfter)
	}})
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "/ 1.5s", w.Body.String())
	require.Equal(t, http.Header{"Ratelimit": {`"default";r=0;t=2`}, "Retry-After": {"2"}}, w.Header())
}

func TestARateLimitsRefusalTeachesAnOuterGuardNothing(t *testing.T) {
	for name, d := range map[string]decide{"refusal": refused, "failure": always(limit.Decision{}, errors.New("no limiter"))} {
		g := &guard{}
		h := weirhttp.Chain(
			weirhttp.Admit(g, weirhttp.AdmitOptions{}), foreign, weirhttp.RateLimit(d, everybody, weirhttp.RateLimitOptions{}),
		)(silent)
		require.GreaterOrEqual(t, call(h, get()).Code, 429, name)
		require.Equal(t, []weir.Outcome{weir.Ignored}, g.seen(), name)
	}
}

func TestARateLimitAfterTheHeaderAddsNothing(t *testing.T) {
	inner := weirhttp.RateLimit(refused, everybody, weirhttp.RateLimitOptions{})(panicking("must not run"))
	w := call(weirhttp.Recover(quiet)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("begun"))
		inner.ServeHTTP(w, r)
	})), get())
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "begun", w.Body.String())
}

func TestALimiterThatFailsLetsNobodyThrough(t *testing.T) {
	broken := errors.New("password=secret")
	var seen []error
	w := call(weirhttp.RateLimit(always(limit.Decision{Allowed: true}, broken), everybody, weirhttp.RateLimitOptions{
		OnError: func(r *http.Request, err error) { seen = append(seen, err) },
	})(panicking("must not run")), get())
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, w.Header())
	require.Equal(t, []error{broken}, seen)
}

func TestAnErrorThatIsARefusalSaysItsStatus(t *testing.T) {
	err := rateLimited{status: 429, wait: 1500 * time.Millisecond}
	w := limited(always(limit.Decision{}, err), weirhttp.RateLimitOptions{
		OnError: func(*http.Request, error) { t.Error("a refusal is no error") },
	})
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "2", w.Header().Get("Retry-After"))
	require.Equal(t, "test: rate exceeded", w.Header().Get(weirhttp.HeaderRefused))
}

func TestADoneContextIsNoMatterOfRates(t *testing.T) {
	users := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1)})
	h := weirhttp.RateLimit(users.Allow, everybody, weirhttp.RateLimitOptions{
		OnError: func(*http.Request, error) { t.Error("the limiter did not fail") },
	})(panicking("must not run"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := call(h, get().WithContext(ctx))
	require.Equal(t, weirhttp.StatusClientClosedRequest, w.Code)
	require.Equal(t, http.Header{"Connection": {"close"}}, w.Header())

	ctx, cancel = context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	require.Equal(t, http.StatusGatewayTimeout, call(h, get().WithContext(ctx)).Code)
	d, err := users.Allow(context.Background(), "everybody")
	require.NoError(t, err)
	require.True(t, d.Allowed, "nothing was taken")
}

func TestATokenLimitsEachKeyAndSaysWhenItMayComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		users := limit.NewToken(limit.TokenOptions{Rate: limit.PerMinute(30), Burst: 2})
		h := weirhttp.RateLimit(users.Allow, weirhttp.KeyHeader("X-User"), weirhttp.RateLimitOptions{})(silent)
		expect := func(user string, code int, field, retryAfter string) {
			t.Helper()
			r := get()
			r.Header.Set("X-User", user)
			w := call(h, r)
			require.Equal(t, code, w.Code)
			require.Equal(t, field, w.Header().Get("RateLimit"))
			require.Equal(t, retryAfter, w.Header().Get("Retry-After"))
		}
		expect("ann", 200, `"default";r=1;t=2`, "")
		expect("ann", 200, `"default";r=0;t=4`, "")
		expect("ann", 429, `"default";r=0;t=2`, "2")
		expect("bob", 200, `"default";r=1;t=2`, "")
		time.Sleep(1500 * time.Millisecond)
		expect("ann", 429, `"default";r=0;t=1`, "1")
		time.Sleep(500 * time.Millisecond)
		expect("ann", 200, `"default";r=0;t=4`, "")
	})
}

func TestAPeriodLimitsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins at midnight, UTC
		daily := limit.NewPeriod(limit.PeriodOptions{Quota: 1, Period: 24 * time.Hour})
		h := weirhttp.RateLimit(daily.Take, everybody, weirhttp.RateLimitOptions{})(silent)
		time.Sleep(time.Hour)
		require.Equal(t, http.StatusOK, call(h, get()).Code)
		w := call(h, get())
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.Equal(t, "82800", w.Header().Get("Retry-After"))
		time.Sleep(23 * time.Hour)
		require.Equal(t, http.StatusOK, call(h, get()).Code)
	})
}

func TestRateLimitsReachRealClients(t *testing.T) {
	both(t, func() http.Handler {
		users := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1)})
		limited := weirhttp.RateLimit(users.Allow, weirhttp.KeyIP(weirhttp.IPOptions{}), weirhttp.RateLimitOptions{
			Policies: []weirhttp.RateLimitPolicy{{Name: "hourly", Quota: 1, Window: time.Hour}},
		})
		return weirhttp.Chain(chain(&guard{}, nobody), limited)(writing)
	}, func(t *testing.T, srv *httptest.Server) {
		for _, want := range []struct {
			code             int
			body, retryAfter string
		}{{200, "ok", ""}, {429, "Too Many Requests\n", "3600"}} {
			req, err := http.NewRequest(http.MethodPost, srv.URL, strings.NewReader("unread"))
			require.NoError(t, err)
			req.Header.Set("X-Forwarded-For", fmt.Sprint("192.0.2.", want.code-200)) // to no avail
			resp, err := srv.Client().Do(req)
			require.NoError(t, err)
			require.Equal(t, want.code, resp.StatusCode)
			require.Equal(t, want.body, body(t, resp))
			require.Equal(t, want.retryAfter, resp.Header.Get("Retry-After"))
			require.Equal(t, `"hourly";q=1;w=3600`, resp.Header.Get("RateLimit-Policy"))
			require.Equal(t, `"hourly";r=0;t=3600`, resp.Header.Get("RateLimit"))
		}
	})
}
