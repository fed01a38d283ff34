package weirhttp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/weirhttp"
)

func once(o weirhttp.TransportOptions) weirhttp.TransportOptions {
	o.Attempts = 1
	return o
}

func TestTransportLetsTheStatusDecide(t *testing.T) {
	for status, want := range map[int]weir.Outcome{
		200: weir.Success, 204: weir.Success, 302: weir.Success, 404: weir.Success, 418: weir.Success,
		429: weir.Overloaded, 499: weir.Ignored, 500: weir.Failure, 502: weir.Failure, 503: weir.Overloaded, 504: weir.Failure,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			var seen outcomes
			b := statuses(status)
			tr := weirhttp.NewTransport(b, once(weirhttp.TransportOptions{OnTry: seen.add}))
			resp, err := tr.RoundTrip(getting(t))
			require.NoError(t, err)
			heard := counted(t, tr)
			switch want {
			case weir.Success:
				require.Equal(t, [3]uint64{}, heard, "the body is still open")
			case weir.Ignored:
				require.Equal(t, [3]uint64{0, 0, 1}, heard)
			default:
				require.Equal(t, [3]uint64{0, 1, 0}, heard)
			}
			body(t, resp)
			require.Equal(t, []weir.Outcome{want}, seen.seen())
			if want == weir.Success {
				require.Equal(t, [3]uint64{1, 0, 0}, counted(t, tr))
			}
			finished(t, tr, b)
		})
	}
}

func TestTransportAsksTheClassifyOption(t *testing.T) {
	tr := weirhttp.NewTransport(statuses(429, 404), once(weirhttp.TransportOptions{
		Classify: func(status int, r *http.Request) weir.Outcome {
			if status == 404 && r.URL.Host == "a.test" {
				return weir.Failure
			}
			return weir.Success
		},
	}))
	for range 2 {
		resp, err := tr.RoundTrip(getting(t))
		require.NoError(t, err)
		body(t, resp)
	}
	require.Equal(t, [3]uint64{1, 1, 0}, counted(t, tr))
}

func TestTransportErrorsAndWhatTheySay(t *testing.T) {
	cancelled := func() (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(second, func() { cancel(errors.New("test: the user has left")) })
		return ctx, func() { cancel(nil) }
	}
	timed := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), second)
	}
	forever := func() (context.Context, context.CancelFunc) { return context.Background(), func() {} }
	cause := func(_ int, r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, context.Cause(r.Context()) // as net/http does
	}
	failing := func(err error) func(int, *http.Request) (*http.Response, error) {
		return func(int, *http.Request) (*http.Response, error) { return nil, err }
	}
	for name, c := range map[string]struct {
		ctx    func() (context.Context, context.CancelFunc)
		answer func(int, *http.Request) (*http.Response, error)
		want   weir.Outcome
		tries  int
	}{
		"reset":            {forever, failing(errReset), weir.Failure, 3},
		"the user left":    {cancelled, cause, weir.Ignored, 1},
		"too late":         {timed, cause, weir.Failure, 1},
		"refused beneath":  {forever, failing(fmt.Errorf("beneath: %w", errFull)), weir.Ignored, 1},
		"a certificate":    {forever, failing(&tls.CertificateVerificationError{Err: errReset}), weir.Failure, 1},
		"cancelled inside": {forever, failing(context.Canceled), weir.Ignored, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen outcomes
				b := &base{answer: c.answer}
				tr := weirhttp.NewTransport(b, plainly(weirhttp.TransportOptions{OnTry: seen.add}))
				ctx, cancel := c.ctx()
				defer cancel()
				_, err := tr.RoundTrip(getting(t).WithContext(ctx))
				require.Error(t, err)
				require.Equal(t, c.want, seen.seen()[0])
				require.Len(t, b.requests(), c.tries)
				finished(t, tr, b)
			})
		})
	}
}

func TestTransportBlamesNoHostForWhatTheCallerSends(t *testing.T) {
	for name, c := range map[string]struct {
		method, url, header, value string
	}{
		"a line break in a value": {"GET", "http://a.test/", "X-User", "a\r\nb"},
		"a control in a value":    {"GET", "http://a.test/", "X-User", "a\x00"},
		"a blank in a name":       {"GET", "http://a.test/", "X User", "a"},
		"an empty name":           {"GET", "http://a.test/", "", "a"},
		"a blank in a method":     {"GE T", "http://a.test/", "X", "a"},
		"no host":                 {"GET", "http:///path", "X", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := weirhttp.NewTransport(&http.Transport{}, once(weirhttp.TransportOptions{}))
			r := request(t, "GET", c.url, nil)
			r.Method, r.Header = c.method, http.Header{c.header: {c.value}}
			_, err := tr.RoundTrip(r)
			require.Error(t, err)
			require.Equal(t, [3]uint64{0, 0, 1}, counted(t, tr))
			finished(t, tr, nil)
		})
	}
	t.Run("no URL, no header", func(t *testing.T) {
		tr := weirhttp.NewTransport(&http.Transport{}, once(weirhttp.TransportOptions{}))
		_, err := tr.RoundTrip(&http.Request{})
		require.Error(t, err)
		require.Equal(t, [3]uint64{0, 0, 1}, counted(t, tr))
	})
	t.Run("a value that is fine", func(t *testing.T) {
		tr := weirhttp.NewTransport(statuses(0), once(weirhttp.TransportOptions{}))
		r := getting(t)
		r.Header.Set("X-User", "Zoë\tO'Neil ~!")
		_, err := tr.RoundTrip(r)
		require.Equal(t, errReset, err)
		require.Equal(t, [3]uint64{0, 1, 0}, counted(t, tr))
	})
}

func TestTransportBlamesNoHostForAnUploadThatBreaksOff(t *testing.T) {
	for name, c := range map[string]struct {
		body io.ReadCloser
		want [3]uint64
	}{
		"the source fails":          {brokenBody(errReset), [3]uint64{0, 0, 1}},
		"the source is fine":        {io.NopCloser(io.MultiReader(strings.NewReader("x"))), [3]uint64{0, 1, 0}},
		"closed while being read":   {closedPipe{brokenBody(io.ErrClosedPipe)}, [3]uint64{0, 1, 0}},
		"the source ends too early": {brokenBody(io.ErrUnexpectedEOF), [3]uint64{0, 0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := weirhttp.NewTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
				if _, ok := c.body.(closedPipe); ok {
					r.Body.Close() // as net/http does when the server has hung up
				}
				io.Copy(io.Discard, r.Body)
				r.Body.Close()
				return nil, errReset
			}), weirhttp.TransportOptions{})
			_, err := tr.RoundTrip(request(t, http.MethodPost, "http://a.test/", c.body))
			require.Equal(t, errReset, err)
			require.Equal(t, c.want, counted(t, tr))
			finished(t, tr, nil)
		})
	}
}

type closedPipe struct{ io.ReadCloser }

func TestTransportBoundsTheTimeUntilTheHeaderOfEachTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &base{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 1 {
				return hanging(n, r)
			}
			resp := respond(r, 200, "")
			resp.Body = io.NopCloser(io.MultiReader(
				readerFunc(func([]byte) (int, error) { time.Sleep(time.Hour); return 0, io.EOF }),
				strings.NewReader("late, but whole"),
				readerFunc(func([]byte) (int, error) { return 0, r.Context().Err() }),
			))
			return resp, nil
		}}
		var seen outcomes
		o := plainly(weirhttp.TransportOptions{TryTimeout: 5 * second, OnTry: seen.add})
		tr := weirhttp.NewTransport(b, o)
		start := time.Now()
		resp, err := tr.RoundTrip(getting(t))
		require.NoError(t, err)
		require.Equal(t, 6*second, time.Since(start))
		buf := make([]byte, 15)
		_, err = io.ReadFull(resp.Body, buf)
		require.NoError(t, err)
		require.Equal(t, "late, but whole", string(buf))
		require.NoError(t, b.requests()[1].Context().Err(), "the body has no bound")
		require.NoError(t, resp.Body.Close())
		require.Error(t, b.requests()[1].Context().Err(), "the context is released")
		require.Equal(t, []weir.Outcome{weir.Failure, weir.Success}, seen.seen())
		require.EqualValues(t, 1, tr.Stats().TimedOut)
		finished(t, tr, b)
	})
}

func TestTransportTellsATryThatTookTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := weirhttp.NewTransport(&base{answer: hanging}, once(weirhttp.TransportOptions{TryTimeout: second}))
		_, err := (&http.Client{Transport: tr}).Get("http://a.test/")
		require.ErrorIs(t, err, weirhttp.ErrTryTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var timeout interface{ Timeout() bool }
		require.ErrorAs(t, err, &timeout)
		require.True(t, timeout.Timeout())
		require.Equal(t, [3]uint64{0, 1, 0}, counted(t, tr))
		finished(t, tr, nil)
	})
}

func TestTransportDropsAnAnswerThatComesAtTheVeryEndOfATry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &base{answer: func(_ int, r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return respond(r, 200, "too late: its context is gone"), nil
		}}
		tr := weirhttp.NewTransport(b, once(weirhttp.TransportOptions{TryTimeout: second}))
		_, err := tr.RoundTrip(getting(t))
		require.ErrorIs(t, err, weirhttp.ErrTryTimeout)
		finished(t, tr, b)
	})
}

func TestTransportKeepsAwayFromAHostThatFailsAndOnlyFromThat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &base{answer: func(_ int, r *http.Request) (*http.Response, error) {
			if r.URL.Host == "a.test" {
				return nil, errReset
			}
			return respond(r, 200, "fine"), nil
		}}
		tr := weirhttp.NewTransport(b, weirhttp.TransportOptions{})
		refused := 0
		for range 100 {
			time.Sleep(100 * time.Millisecond)
			if _, err := tr.RoundTrip(getting(t)); errors.Is(err, breaker.ErrOpen) {
				refused++
			}
		}
		require.Greater(t, refused, 60)
		resp, err := tr.RoundTrip(request(t, http.MethodGet, "http://b.test/", nil))
		require.NoError(t, err)
		require.Equal(t, "fine", body(t, resp))
		require.Equal(t, breaker.Open, tr.Breakers().Get("a.test:80").State())
		require.Equal(t, breaker.Closed, tr.Breakers().Get("b.test:80").State())
		finished(t, tr, b)
	})
}

func TestTransportForgivesACallerInAHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &base{answer: func(_ int, r *http.Request) (*http.Response, error) {
			return turns(turn{second / 2, 200}).answer(1, r)
		}}
		tr := weirhttp.NewTransport(b, once(weirhttp.TransportOptions{}))
		for range 50 {
			resp, err := tr.RoundTrip(getting(t))
			require.NoError(t, err)
			body(t, resp)
		}
		client := &http.Client{Transport: tr, Timeout: second / 10}
		for range 20 {
			_, err := client.Get("http://a.test/")
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		require.Equal(t, [3]uint64{50, 0, 20}, counted(t, tr))
		finished(t, tr, b)
	})
}

// laggard is a context that notices a moment late that its deadline has passed, as
// the timers of a busy machine do.
type laggard struct {
	context.Context
	deadline time.Time
}

func (l laggard) Deadline() (time.Time, bool) { return l.deadline, true }

func TestTransportForgivesACallerInAHurryWhoseContextIsLate(t *testing.T) {
	for lag, want := range map[time.Duration][3]uint64{
		time.Millisecond: {50, 0, 1},
		time.Hour:        {50, 1, 0}, // nobody waits for that
	} {
		t.Run(lag.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &base{answer: func(n int, r *http.Request) (*http.Response, error) {
					if n > 50 {
						return turns(turn{second / 10, 0}).answer(1, r) // the connection has a deadline, too
					}
					return turns(turn{second / 2, 200}).answer(1, r)
				}}
				tr := weirhttp.NewTransport(b, once(weirhttp.TransportOptions{}))
				for range 50 {
					resp, err := tr.RoundTrip(getting(t))
					require.NoError(t, err)
					body(t, resp)
				}
				ctx, cancel := context.WithTimeout(t.Context(), second/10+lag)
				defer cancel()
				start := time.Now()
				_, err := tr.RoundTrip(getting(t).WithContext(laggard{ctx, start.Add(second / 10)}))
				require.Equal(t, errReset, err)
				require.LessOrEqual(t, time.Since(start), second/10+10*time.Millisecond)
				require.Equal(t, want, counted(t, tr))
				finished(t, tr, b)
			})
		})
	}
}
