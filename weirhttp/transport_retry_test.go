package weirhttp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/fx"
	"github.com/weirgo/weir/weirhttp"
)

// plainly makes pauses predictable: 1 s, 2 s, 4 s and so on.
func plainly(o weirhttp.TransportOptions) weirhttp.TransportOptions {
	o.Backoff = fx.Backoff{Base: time.Second, Max: time.Hour, Jitter: fx.NoJitter}
	o.DisableBreaker = true
	return o
}

func TestTransportTriesAgainWhatMayMend(t *testing.T) {
	for name, c := range map[string]struct {
		answers []int // 0 is an error
		tries   int
		status  int
		took    time.Duration
	}{
		"fine at once":        {[]int{200}, 1, 200, 0},
		"not found":           {[]int{404, 200}, 1, 404, 0},
		"internal error":      {[]int{500, 200}, 1, 500, 0},
		"not implemented":     {[]int{501, 200}, 1, 501, 0},
		"redirect":            {[]int{302, 200}, 1, 302, 0},
		"too many":            {[]int{429, 200}, 2, 200, second},
		"bad gateway":         {[]int{502, 200}, 2, 200, second},
		"unavailable":         {[]int{503, 200}, 2, 200, second},
		"gateway timeout":     {[]int{504, 200}, 2, 200, second},
		"error":               {[]int{0, 200}, 2, 200, second},
		"third time":          {[]int{0, 503, 200}, 3, 200, 3 * second},
		"never":               {[]int{503, 502, 429, 200}, 3, 429, 3 * second},
		"error in the end":    {[]int{503, 503, 0}, 3, 0, 3 * second},
		"mends to a failure":  {[]int{503, 500, 200}, 2, 500, second},
		"mends to a redirect": {[]int{503, 302, 200}, 2, 302, second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := statuses(c.answers...)
				tr := weirhttp.NewTransport(b, plainly(weirhttp.TransportOptions{}))
				start := time.Now()
				resp, err := tr.RoundTrip(getting(t))
				require.Equal(t, c.took, time.Since(start))
				require.Len(t, b.requests(), c.tries)
				if c.status == 0 {
					require.ErrorIs(t, err, errReset)
					require.Nil(t, resp)
				} else {
					require.NoError(t, err)
					require.Equal(t, c.status, resp.StatusCode)
					require.Equal(t, "text of "+http.StatusText(c.status), body(t, resp), "the last response is whole")
				}
				st := tr.Stats()
				require.EqualValues(t, []int{1, c.tries, c.tries - 1}, []int{int(st.Calls), int(st.Tries), int(st.Retries)})
				finished(t, tr, b)
			})
		})
	}
}

func TestTransportPausesAsItsBackoffSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := statuses(503)
		tr := weirhttp.NewTransport(b, plainly(weirhttp.TransportOptions{Attempts: 6}))
		resp, err := tr.RoundTrip(getting(t))
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, []time.Duration{second, 2 * second, 4 * second, 8 * second, 16 * second}, b.pauses())
		finished(t, tr, b)
	})
}

func TestTransportJittersByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := statuses(503)
		tr := weirhttp.NewTransport(b, weirhttp.TransportOptions{DisableBreaker: true, DisableBudget: true})
		var sum, longest time.Duration
		const rounds = 500
		for range rounds {
			resp, err := tr.RoundTrip(getting(t))
			require.NoError(t, err)
			resp.Body.Close()
		}
		all := b.pauses()
		require.Len(t, all, 3*rounds-1)
		for i := 0; i < len(all); i += 3 {
			require.LessOrEqual(t, all[i], 100*time.Millisecond)
			require.LessOrEqual(t, all[i+1], 200*time.Millisecond)
			sum, longest = sum+all[i], max(longest, all[i])
		}
		require.InDelta(t, 50, float64(sum.Milliseconds())/rounds, 10, "full jitter: half of the bound on average")
		require.Greater(t, longest, 90*time.Millisecond)
	})
}

func TestTransportRepeatsOnlyWhatMayBeRepeated(t *testing.T) {
	keyed := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = []string{"k"} }
	}
	nothing := func(*http.Request) {}
	for name, c := range map[string]struct {
		method string
		body   io.Reader
		change func(*http.Request)
		tries  int
	}{
		"GET":                    {"GET", nil, nothing, 2},
		"no method":              {"GET", nil, func(r *http.Request) { r.Method = "" }, 2},
		"HEAD":                   {"HEAD", nil, nothing, 2},
		"OPTIONS":                {"OPTIONS", nil, nothing, 2},
		"TRACE":                  {"TRACE", nil, nothing, 2},
		"POST":                   {"POST", nil, nothing, 1},
		"PUT":                    {"PUT", strings.NewReader("x"), nothing, 1},
		"DELETE":                 {"DELETE", nil, nothing, 1},
		"PATCH":                  {"PATCH", strings.NewReader("x"), nothing, 1},
		"POST, key":              {"POST", strings.NewReader("x"), keyed("Idempotency-Key"), 2},
		"POST, X- key":           {"POST", bytes.NewReader([]byte("x")), keyed("X-Idempotency-Key"), 2},
		"POST, empty key":        {"POST", strings.NewReader("x"), func(r *http.Request) { r.Header["Idempotency-Key"] = nil }, 2},
		"POST, key, no way back": {"POST", io.MultiReader(strings.NewReader("x")), keyed("Idempotency-Key"), 1},
		"GET with a body":        {"GET", strings.NewReader("x"), nothing, 2},
		"GET, no way back":       {"GET", io.MultiReader(strings.NewReader("x")), nothing, 1},
		"POST, no body, key": {"POST", nil, func(r *http.Request) {
			r.Body = http.NoBody
			keyed("Idempotency-Key")(r)
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := statuses(503, 200)
				tr := weirhttp.NewTransport(b, plainly(weirhttp.TransportOptions{}))
				r := request(t, c.method, "http://a.test/", c.body)
				c.change(r)
				resp, err := tr.RoundTrip(r)
				require.NoError(t, err)
				resp.Body.Close()
				require.Len(t, b.requests(), c.tries)
				for _, got := range b.got {
					require.Equal(t, b.got[0], got, "each try sends the same body")
				}
				finished(t, tr, b)
			})
		})
	}
}

func TestTransportAsksWhatMayBeRepeatedAndWhatMayMend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := statuses(418, 418, 200)
		o := plainly(weirhttp.TransportOptions{
			Idempotent: func(r *http.Request) bool { return r.Method == http.MethodPut },
			RetryIf:    func(resp *http.Response, err error) bool { return err == nil && resp.StatusCode == 418 },
		})
		tr := weirhttp.NewTransport(b, o)
		resp, err := tr.RoundTrip(getting(t))
		require.NoError(t, err)
		require.Equal(t, 418, resp.StatusCode, "a GET may not be repeated here")
		resp.Body.Close()
		resp, err = tr.RoundTrip(request(t, http.MethodPut, "http://a.test/", strings.NewReader("x")))
		require.NoError(t, err)
		require.Equal(t, 200, resp.StatusCode)
		resp.Body.Close()
		finished(t, tr, b)
	})
}

func TestTransportAttemptsZeroIsThreeAndLessThanTwoIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for attempts, want := range map[int]int{0: 3, 1: 1, -1: 1, 2: 2, 5: 5} {
			b := statuses(503)
			resp, err := weirhttp.NewTransport(b, plainly(weirhttp.TransportOptions{Attempts: attempts})).RoundTrip(getting(t))
			require.NoError(t, err)
			resp.Body.Close()
			require.Len(t, b.requests(), want)
		}
	})
}

func TestTransportWaitsAsLongAsItIsAskedTo(t *testing.T) {
	for name, c := range map[string]struct {
		fields []string // of the first response
		max    time.Duration
		pause  time.Duration // -1: no retry
	}{
		"seconds":                  {[]string{"Retry-After", "7"}, 0, 8 * second},
		"zero":                     {[]string{"Retry-After", "0"}, 0, second},
		"negative":                 {[]string{"Retry-After", "-7"}, 0, second},
		"fraction":                 {[]string{"Retry-After", "1.5"}, 0, second},
		"nonsense":                 {[]string{"Retry-After", "soon"}, 0, second},
		"empty":                    {[]string{"Retry-After", ""}, 0, second},
		"twice":                    {[]string{"Retry-After", "7", "Retry-After", "9"}, 0, second},
		"a minute":                 {[]string{"Retry-After", "60"}, 0, 61 * second},
		"more than a minute":       {[]string{"Retry-After", "61"}, 0, -1},
		"more than allowed":        {[]string{"Retry-After", "6"}, 5 * second, -1},
		"huge":                     {[]string{"Retry-After", strings.Repeat("9", 400)}, 0, -1},
		"an hour, all allowed":     {[]string{"Retry-After", "3600"}, -1, 3601 * second},
		"date":                     {[]string{"Retry-After", "Sat, 01 Jan 2000 00:00:09 GMT"}, 0, 10 * second},
		"date, old form":           {[]string{"Retry-After", "Saturday, 01-Jan-00 00:00:09 GMT"}, 0, 10 * second},
		"date, of the server":      {[]string{"Retry-After", "Fri, 01 Jan 1999 00:00:09 GMT", "Date", "Fri, 01 Jan 1999 00:00:00 GMT"}, 0, 10 * second},
		"date in the past":         {[]string{"Retry-After", "Fri, 31 Dec 1999 23:59:00 GMT"}, 0, second},
		"date, far in the past":    {[]string{"Retry-After", "Mon, 01 Jan 0001 00:00:00 GMT"}, 0, second},
		"date, far in the future":  {[]string{"Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"}, 0, -1},
		"date with a broken clock": {[]string{"Retry-After", "Sat, 01 Jan 2000 00:00:09 GMT", "Date", "?"}, 0, 10 * second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // in which it is 2000-01-01 00:00:00 UTC
				b := &base{answer: func(n int, r *http.Request) (*http.Response, error) {
					if n == 1 {
						return respond(r, 503, "later", c.fields...), nil
					}
					return respond(r, 200, "ok"), nil
				}}
				tr := weirhttp.NewTransport(b, plainly(weirhttp.TransportOptions{MaxRetryAfter: c.max}))
				start := time.Now()
				resp, err := tr.RoundTrip(getting(t))
				require.NoError(t, err)
				if c.pause < 0 {
					require.Equal(t, "later", body(t, resp))
					require.Zero(t, time.Since(start))
				} else {
					require.Equal(t, "ok", body(t, resp))
					require.Equal(t, c.pause, time.Since(start))
				}
				finished(t, tr, b)
			})
		})
	}
}

func TestTransportDoesNotPauseBeyondTheDeadline(t *testing.T) {
	for name, c := range map[string]struct {
		deadline time.Duration
		tries    int
	}{"before": {2*second - 1, 1}, "at": {2 * second, 1}, "after": {2*second + 1, 2}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &base{answer: func(_ int, r *http.Request) (*http.Response, error) {
					return respond(r, 503, "later", "Retry-After", "1"), nil
				}}
				tr := weirhttp.NewTransport(b, plainly(weirhttp.TransportOptions{}))
				ctx, cancel := context.WithTimeout(t.Context(), c.deadline)
				defer cancel()
				resp, err := tr.RoundTrip(getting(t).WithContext(ctx))
				require.NoError(t, err)
				require.Equal(t, "later", body(t, resp))
				require.Len(t, b.requests(), c.tries)
				finished(t, tr, b)
			})
		})
	}
}

func TestTransportEndsAPauseWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := statuses(503)
		budget := fx.NewRetryBudget(fx.RetryBudgetOptions{Burst: 5, PerSecond: -1, Ratio: -1})
		tr := weirhttp.NewTransport(b, plainly(weirhttp.TransportOptions{Budget: budget}))
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(second/2, func() { cancel(errReset) })
		start := time.Now()
		resp, err := tr.RoundTrip(getting(t).WithContext(ctx))
		require.Equal(t, second/2, time.Since(start))
		require.Nil(t, resp)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, errReset)
		require.Equal(t, 5.0, budget.Stats().Tokens, "the retry did not take place")
		finished(t, tr, b)
	})
}

func TestTransportRetriesWithinItsBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := statuses(503)
		budget := fx.NewRetryBudget(fx.RetryBudgetOptions{Ratio: 0.1, PerSecond: -1, Burst: 3})
		tr := weirhttp.NewTransport(b, plainly(weirhttp.TransportOptions{Budget: budget, Attempts: 2}))
		const calls = 103
		for range calls {
			resp, err := tr.RoundTrip(getting(t))
			require.NoError(t, err)
			require.Equal(t, "text of Service Unavailable", body(t, resp))
		}
		// The burst is full at first, so the first call's tenth is lost.
		require.Equal(t, calls+3+10, len(b.requests()))
		finished(t, tr, b)
	})
}

func TestTransportPutsIntoTheBudgetOncePerCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := fx.NewRetryBudget(fx.RetryBudgetOptions{Ratio: 0.25, PerSecond: -1, Burst: 100})
		for range 100 {
			budget.TryWithdraw()
		}
		o := plainly(weirhttp.TransportOptions{Budget: budget, HedgeDelay: time.Hour})
		tr := weirhttp.NewTransport(statuses(200, 503, 404, 0, 200, 200), o)
		for i, method := range []string{"GET", "GET", "GET", "GET", "POST", "HEAD"} {
			if resp, err := tr.RoundTrip(request(t, method, "http://a.test/", nil)); err == nil {
				resp.Body.Close()
			}
			// The fourth fails, and can just afford a retry.
			want := []float64{0.25, 0.5, 0.75, 0, 0.25, 0.5}[i]
			require.InDelta(t, want, budget.Stats().Tokens, 1e-9, "call %d", i+1)
		}
	})
}

func TestTransportGivesUpWhereTheBodyCannotBeHadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := statuses(503)
		tr := weirhttp.NewTransport(b, plainly(weirhttp.TransportOptions{}))
		r := request(t, http.MethodGet, "http://a.test/", strings.NewReader("x"))
		gone, asked := errors.New("test: gone"), 0
		r.GetBody = func() (io.ReadCloser, error) { asked++; return nil, gone }
		_, err := tr.RoundTrip(r)
		require.ErrorIs(t, err, gone)
		require.Equal(t, 1, asked)
		require.Len(t, b.requests(), 1)
		finished(t, tr, b)
	})
}

func TestTransportReturnsWhatItHasWhenTheContextEndsWithATry(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := &base{answer: func(_ int, r *http.Request) (*http.Response, error) {
		cancel()
		return respond(r, 503, "the answer"), nil
	}}
	tr := weirhttp.NewTransport(b, weirhttp.TransportOptions{
		RetryIf: func(*http.Response, error) bool { t.Error("asked in vain"); return true },
	})
	resp, err := tr.RoundTrip(getting(t).WithContext(ctx))
	require.NoError(t, err)
	require.Equal(t, "the answer", body(t, resp))
	finished(t, tr, b)
}

func TestTransportClosesWhatItHasWhenTheContextEndsBeforeThePause(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := statuses(503)
	tr := weirhttp.NewTransport(b, weirhttp.TransportOptions{
		Idempotent: func(*http.Request) bool { cancel(); return true },
	})
	resp, err := tr.RoundTrip(getting(t).WithContext(ctx))
	require.Nil(t, resp)
	require.ErrorIs(t, err, context.Canceled)
	finished(t, tr, b)
}
