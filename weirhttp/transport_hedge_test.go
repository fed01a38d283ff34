package weirhttp_test

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/fx"
	"github.com/weirgo/weir/weirhttp"
)

// A turn is how long the base takes for a request, and what it then answers: a
// status, or 0 for an error.
type turn struct {
	takes  time.Duration
	status int
}

// turns plays one turn after the other, or ends with the context of the request.
func turns(list ...turn) *base {
	return &base{answer: func(n int, r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(list[n-1].takes):
		case <-r.Context().Done():
			return nil, context.Cause(r.Context())
		}
		if list[n-1].status == 0 {
			return nil, errReset
		}
		return respond(r, list[n-1].status, string(rune('a'+n-1))), nil
	}}
}

func hedging(o weirhttp.TransportOptions) weirhttp.TransportOptions {
	o.HedgeDelay, o.Attempts = second, 1
	o.DisableHeaders = true
	return o
}

func TestTransportReturnsTheFirstGoodAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		turns  []turn
		answer string // "" is the error of the first
		at     time.Duration
		hedged uint64
		won    uint64
		heard  [3]uint64 // successes, failures, ignored
	}{
		"fast":                        {[]turn{{second / 2, 200}}, "a", second / 2, 0, 0, [3]uint64{1, 0, 0}},
		"slow":                        {[]turn{{9 * second, 200}, {second, 200}}, "b", 2 * second, 1, 1, [3]uint64{1, 0, 1}},
		"first wins late":             {[]turn{{2 * second, 200}, {9 * second, 200}}, "a", 2 * second, 1, 0, [3]uint64{1, 0, 1}},
		"not found is an answer":      {[]turn{{9 * second, 200}, {second, 404}}, "b", 2 * second, 1, 1, [3]uint64{1, 0, 1}},
		"fails before the delay":      {[]turn{{second / 2, 0}}, "", second / 2, 0, 0, [3]uint64{0, 1, 0}},
		"first fails late":            {[]turn{{2 * second, 0}, {3 * second, 200}}, "b", 4 * second, 1, 1, [3]uint64{1, 1, 0}},
		"first is busy late":          {[]turn{{2 * second, 503}, {3 * second, 200}}, "b", 4 * second, 1, 1, [3]uint64{1, 1, 0}},
		"hedge fails":                 {[]turn{{4 * second, 200}, {second, 0}}, "a", 4 * second, 1, 0, [3]uint64{1, 1, 0}},
		"hedge is busy":               {[]turn{{4 * second, 200}, {second, 503}}, "a", 4 * second, 1, 0, [3]uint64{1, 1, 0}},
		"both busy, hedge first":      {[]turn{{4 * second, 503}, {second, 429}}, "a", 4 * second, 1, 0, [3]uint64{0, 2, 0}},
		"both busy, first first":      {[]turn{{2 * second, 503}, {3 * second, 429}}, "a", 4 * second, 1, 0, [3]uint64{0, 2, 0}},
		"both fail":                   {[]turn{{2 * second, 0}, {3 * second, 0}}, "", 4 * second, 1, 0, [3]uint64{0, 2, 0}},
		"busy answer, then an error":  {[]turn{{2 * second, 503}, {3 * second, 0}}, "a", 4 * second, 1, 0, [3]uint64{0, 2, 0}},
		"error, then a busy answer":   {[]turn{{2 * second, 0}, {3 * second, 503}}, "", 4 * second, 1, 0, [3]uint64{0, 2, 0}},
		"hedge at the very same time": {[]turn{{2 * second, 503}, {second, 503}}, "a", 2 * second, 1, 0, [3]uint64{0, 2, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := turns(c.turns...)
				tr := weirhttp.NewTransport(b, hedging(weirhttp.TransportOptions{}))
				start := time.Now()
				resp, err := tr.RoundTrip(getting(t))
				require.Equal(t, c.at, time.Since(start))
				if c.answer == "" {
					require.ErrorIs(t, err, errReset)
				} else {
					require.NoError(t, err)
					require.Equal(t, c.answer, body(t, resp))
				}
				synctest.Wait()
				require.Equal(t, c.hedged, tr.Stats().Hedges)
				require.Equal(t, c.won, tr.Stats().HedgesWon)
				require.Equal(t, c.heard, counted(t, tr))
				finished(t, tr, b)
				for _, r := range b.requests() {
					require.Error(t, r.Context().Err(), "every context is released")
				}
			})
		})
	}
}

func TestTransportKeepsTheContextOfTheWinnerUntilItsBodyEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := turns(turn{9 * second, 200}, turn{second, 200})
		tr := weirhttp.NewTransport(b, hedging(weirhttp.TransportOptions{}))
		resp, err := tr.RoundTrip(getting(t))
		require.NoError(t, err)
		time.Sleep(time.Hour)
		require.Error(t, b.requests()[0].Context().Err())
		require.NoError(t, b.requests()[1].Context().Err())
		require.Equal(t, 1, tr.Stats().InFlight)
		require.Equal(t, "b", body(t, resp))
		require.Error(t, b.requests()[1].Context().Err())
		finished(t, tr, b)
	})
}

func TestTransportHedgesOnlyReadsWithoutABody(t *testing.T) {
	for name, c := range map[string]struct {
		method, body string
		hedges       uint64
	}{
		"GET": {"GET", "", 1}, "HEAD": {"HEAD", "", 1}, "POST": {"POST", "", 0}, "OPTIONS": {"OPTIONS", "", 0},
		"GET with a body": {"GET", "x", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := turns(turn{3 * second, 200}, turn{second, 200})
				tr := weirhttp.NewTransport(b, hedging(weirhttp.TransportOptions{}))
				r := request(t, c.method, "http://a.test/", nil)
				if c.body != "" {
					r = request(t, c.method, "http://a.test/", strings.NewReader(c.body))
				}
				resp, err := tr.RoundTrip(r)
				require.NoError(t, err)
				resp.Body.Close()
				synctest.Wait()
				require.Equal(t, c.hedges, tr.Stats().Hedges)
				finished(t, tr, b)
			})
		})
	}
}

func TestTransportHedgesWithinItsBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &base{answer: func(n int, r *http.Request) (*http.Response, error) {
			return turns(turn{3 * second, 200}).answer(1, r)
		}}
		budget := fx.NewRetryBudget(fx.RetryBudgetOptions{Ratio: 0.1, PerSecond: -1, Burst: 1})
		tr := weirhttp.NewTransport(slow, hedging(weirhttp.TransportOptions{Budget: budget}))
		for range 101 {
			resp, err := tr.RoundTrip(getting(t))
			require.NoError(t, err)
			resp.Body.Close()
		}
		synctest.Wait()
		// One that is saved up, and a tenth of the calls.
		require.EqualValues(t, 1+10, tr.Stats().Hedges)
		finished(t, tr, slow)
	})
}

func TestTransportLearnsTheDelayOfEachHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &base{answer: func(_ int, r *http.Request) (*http.Response, error) {
			takes := 10 * time.Millisecond
			if r.URL.Path == "/stuck" {
				takes = time.Hour
			}
			if r.URL.Host == "b.test" {
				takes *= 100
			}
			return turns(turn{takes, 200}).answer(1, r)
		}}
		tr := weirhttp.NewTransport(b, weirhttp.TransportOptions{HedgeQuantile: 0.95, HedgeDelay: 20 * second})
		// fetch returns how long after the one before the last request came.
		fetch := func(url string) time.Duration {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if resp, err := tr.RoundTrip(request(t, http.MethodGet, url, nil).WithContext(ctx)); err == nil {
				resp.Body.Close()
			}
			synctest.Wait()
			return b.pauses()[len(b.requests())-2]
		}
		if resp, err := tr.RoundTrip(getting(t)); err == nil {
			resp.Body.Close()
		}
		require.Equal(t, 20*second, fetch("http://a.test/stuck"), "nothing is known yet")
		for range 30 {
			fetch("http://a.test/")
			fetch("http://b.test/")
		}
		require.InDelta(t, 10*time.Millisecond, fetch("http://a.test/stuck"), float64(10*time.Millisecond/8))
		require.InDelta(t, second, fetch("http://b.test/stuck"), float64(second/8))
		require.Equal(t, 2, tr.Stats().Hosts)
		finished(t, tr, b)
	})
}

func TestTransportDoesNotHedgeWhatIsRefusedOrQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := turns(turn{5 * second, 200}, turn{second / 2, 200})
		o := hedging(weirhttp.TransportOptions{})
		o.HostLimit.Max, o.HostLimit.MaxQueue, o.HostLimit.MaxWait = 1, 1, time.Minute
		tr := weirhttp.NewTransport(b, o)
		first, err := tr.RoundTrip(request(t, http.MethodPost, "http://a.test/", nil))
		require.NoError(t, err)
		time.AfterFunc(10*second, func() { first.Body.Close() })
		resp, err := tr.RoundTrip(getting(t))
		require.NoError(t, err)
		require.Equal(t, "b", body(t, resp))
		require.Zero(t, tr.Stats().Hedges)
		finished(t, tr, b)
	})
}

func TestTransportEndsBothOfAPairWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &base{answer: hanging}
		tr := weirhttp.NewTransport(b, hedging(weirhttp.TransportOptions{}))
		ctx, cancel := context.WithTimeout(t.Context(), 5*second)
		defer cancel()
		start := time.Now()
		_, err := tr.RoundTrip(getting(t).WithContext(ctx))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 5*second, time.Since(start))
		require.Len(t, b.requests(), 2)
		require.Equal(t, [3]uint64{0, 2, 0}, counted(t, tr), "a host that hangs is noticed")
		finished(t, tr, b)
	})
}

func TestTransportRaisesThePanicOfAHedgeInTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &base{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 2 {
				panic("mine")
			}
			return hanging(n, r)
		}}
		tr := weirhttp.NewTransport(b, hedging(weirhttp.TransportOptions{}))
		func() {
			defer func() {
				p, ok := recover().(*weir.Panic)
				require.True(t, ok)
				require.Equal(t, "mine", p.Value)
			}()
			tr.RoundTrip(getting(t))
			t.Error("no panic")
		}()
		require.Equal(t, [3]uint64{0, 1, 1}, counted(t, tr))
		finished(t, tr, b)
	})
}

func TestTransportExitsWithAHedgeThatExits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &base{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 2 {
				runtime.Goexit()
			}
			return hanging(n, r)
		}}
		tr := weirhttp.NewTransport(b, hedging(weirhttp.TransportOptions{}))
		require.True(t, exits(func() { tr.RoundTrip(getting(t)) }))
		finished(t, tr, b)
	})
}

func TestTransportReportsThePanicOfAHedgeThatNobodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &base{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 2 {
				<-r.Context().Done()
				panic("late")
			}
			return turns(turn{2 * second, 200}).answer(1, r)
		}}
		var reported []any
		tr := weirhttp.NewTransport(b, hedging(weirhttp.TransportOptions{
			OnPanic: func(p *weir.Panic) { reported = append(reported, p.Value) },
		}))
		resp, err := tr.RoundTrip(getting(t))
		require.NoError(t, err)
		require.Equal(t, "a", body(t, resp))
		synctest.Wait()
		require.Equal(t, []any{"late"}, reported)
		require.Equal(t, [3]uint64{1, 1, 0}, counted(t, tr), "though its context was cancelled")
		finished(t, tr, b)
	})
}

func TestTransportCancelsTheHedgeOfATryThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &base{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 1 {
				time.Sleep(2 * second)
				panic("first")
			}
			return hanging(n, r)
		}}
		tr := weirhttp.NewTransport(b, hedging(weirhttp.TransportOptions{}))
		require.PanicsWithValue(t, "first", func() { tr.RoundTrip(getting(t)) })
		synctest.Wait()
		finished(t, tr, b)
	})
}

func TestTransportRetriesAfterAPairThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := turns(turn{2 * second, 503}, turn{2 * second, 503}, turn{second / 2, 200})
		o := hedging(weirhttp.TransportOptions{})
		o.Attempts, o.Backoff, o.DisableHeaders = 3, fx.Backoff{Base: second, Jitter: fx.NoJitter}, false
		tr := weirhttp.NewTransport(b, o)
		start := time.Now()
		resp, err := tr.RoundTrip(getting(t))
		require.NoError(t, err)
		require.Equal(t, "c", body(t, resp))
		require.Equal(t, 3*second+second+second/2, time.Since(start))
		for i, want := range []string{"", "2", "3"} {
			require.Equal(t, want, b.requests()[i].Header.Get(weirhttp.HeaderAttempt))
		}
		finished(t, tr, b)
	})
}

func TestTransportClosesWhatAHedgeAnswersTooLate(t *testing.T) {
	for name, status := range map[string]int{"good": 200, "busy": 503} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &base{answer: func(n int, r *http.Request) (*http.Response, error) {
					if n == 1 {
						time.Sleep(2 * second)
						return respond(r, 200, "first"), nil
					}
					time.Sleep(9 * second) // whatever its context says
					return respond(r, status, "late"), nil
				}}
				tr := weirhttp.NewTransport(b, hedging(weirhttp.TransportOptions{}))
				start := time.Now()
				resp, err := tr.RoundTrip(getting(t))
				require.NoError(t, err)
				require.Equal(t, 2*second, time.Since(start), "nobody waits for the loser")
				require.Equal(t, "first", body(t, resp))
				time.Sleep(time.Minute)
				finished(t, tr, b)
			})
		})
	}
}

func TestTransportClosesTheAnswerOfAHedgeThatRetryIfPanicsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := turns(turn{9 * second, 200}, turn{second, 418})
		tr := weirhttp.NewTransport(b, hedging(weirhttp.TransportOptions{
			RetryIf: func(resp *http.Response, err error) bool {
				if err == nil && resp.StatusCode == 418 {
					panic("mine")
				}
				return false
			},
		}))
		func() {
			defer func() {
				p, ok := recover().(*weir.Panic)
				require.True(t, ok)
				require.Equal(t, "mine", p.Value)
			}()
			tr.RoundTrip(getting(t))
			t.Error("no panic")
		}()
		finished(t, tr, b)
	})
}
