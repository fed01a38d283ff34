package weirhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

func atMost(most int) weirhttp.TransportOptions {
	return weirhttp.TransportOptions{Limit: limit.ConcurrencyOptions{Max: most}, Attempts: 1}
}

func TestTransportHoldsAPermitUntilTheBodyHasEnded(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, resp *http.Response, cancel func()){
		"closed": func(t *testing.T, resp *http.Response, _ func()) { resp.Body.Close() },
		"read to the end": func(t *testing.T, resp *http.Response, _ func()) {
			_, err := io.Copy(io.Discard, resp.Body)
			require.NoError(t, err)
		},
		"the context is cancelled": func(_ *testing.T, _ *http.Response, cancel func()) {
			cancel()
			synctest.Wait()
		},
		"the deadline passes": func(*testing.T, *http.Response, func()) {
			time.Sleep(time.Minute)
			synctest.Wait()
		},
		"all of that": func(t *testing.T, resp *http.Response, cancel func()) {
			body(t, resp)
			cancel()
			time.Sleep(time.Minute)
			resp.Body.Close()
		},
	} {
		for _, status := range []int{200, 404, 500} {
			t.Run(name+" "+strconv.Itoa(status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tr := weirhttp.NewTransport(statuses(status), atMost(1))
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					resp, err := tr.RoundTrip(getting(t).WithContext(ctx))
					require.NoError(t, err)
					_, err = resp.Body.Read(make([]byte, 3))
					require.NoError(t, err)
					require.Equal(t, 1, inFlight(tr))
					_, err = tr.RoundTrip(getting(t))
					require.Equal(t, limit.ErrFull, err)
					end(t, resp, cancel)
					require.Zero(t, inFlight(tr))
					require.Zero(t, tr.Stats().InFlight)
					resp, err = tr.RoundTrip(getting(t))
					require.NoError(t, err)
					resp.Body.Close()
					finished(t, tr, nil)
				})
			})
		}
	}
}

func TestTransportHoldsNoPermitForAnAnswerWithoutBody(t *testing.T) {
	for name, b := range map[string]io.ReadCloser{"none": nil, "NoBody": http.NoBody} {
		t.Run(name, func(t *testing.T) {
			tr := weirhttp.NewTransport(&base{answer: func(_ int, r *http.Request) (*http.Response, error) {
				resp := respond(r, 200, "")
				resp.Body = b
				return resp, nil
			}}, atMost(1))
			for range 3 {
				resp, err := tr.RoundTrip(getting(t))
				require.NoError(t, err)
				require.Equal(t, b, resp.Body)
				finished(t, tr, nil)
			}
		})
	}
}

func TestTransportGivesPermitsBackWhateverTheBaseDoes(t *testing.T) {
	var resp *http.Response
	for name, c := range map[string]struct {
		answer func(n int, r *http.Request) (*http.Response, error)
		panics any
	}{
		"error": {func(int, *http.Request) (*http.Response, error) { return nil, errReset }, nil},
		"both":  {func(_ int, r *http.Request) (*http.Response, error) { return respond(r, 200, "x"), errReset }, nil},
		"none":  {func(int, *http.Request) (*http.Response, error) { return nil, nil }, nil},
		"panic": {func(int, *http.Request) (*http.Response, error) { panic("mine") }, "mine"},
	} {
		t.Run(name, func(t *testing.T) {
			b := &base{answer: c.answer}
			tr := weirhttp.NewTransport(b, atMost(1))
			for range 2 {
				if c.panics != nil {
					require.PanicsWithValue(t, c.panics, func() { tr.RoundTrip(getting(t)) })
					continue
				}
				var err error
				resp, err = tr.RoundTrip(getting(t))
				require.Error(t, err)
				require.NotErrorIs(t, err, weir.ErrRejected)
				require.Nil(t, resp)
			}
			require.Equal(t, [3]uint64{0, 2, 0}, counted(t, tr))
			finished(t, tr, b)
		})
	}
}

func TestTransportGivesAllBackWhenAHookPanics(t *testing.T) {
	mine := func() { panic("mine") }
	for name, o := range map[string]weirhttp.TransportOptions{
		"OnTry":      {OnTry: func(weirhttp.TransportTry) { mine() }},
		"OnCall":     {OnCall: func(weirhttp.TransportCall) { mine() }},
		"RetryIf":    {RetryIf: func(*http.Response, error) bool { mine(); return false }},
		"Classify":   {Classify: func(int, *http.Request) weir.Outcome { mine(); return 0 }},
		"Idempotent": {RetryIf: func(*http.Response, error) bool { return true }, Idempotent: func(*http.Request) bool { mine(); return false }},
		"Key":        {Key: func(*http.Request) string { mine(); return "" }},
	} {
		for _, hedge := range []time.Duration{0, time.Hour} {
			t.Run(name+" "+hedge.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o.HostLimit.Max, o.HedgeDelay = 1, hedge
					b := statuses(200)
					tr := weirhttp.NewTransport(b, o)
					sent := &trackedBody{ReadCloser: io.NopCloser(strings.NewReader("x"))}
					r := request(t, http.MethodGet, "http://a.test/", nil)
					r.Body, r.GetBody = sent, func() (io.ReadCloser, error) { return sent, nil }
					require.PanicsWithValue(t, "mine", func() { tr.RoundTrip(r) })
					require.True(t, sent.closed.Load())
					if hedge > 0 {
						require.PanicsWithValue(t, "mine", func() { tr.RoundTrip(getting(t)) })
					}
					finished(t, tr, b)
				})
			})
		}
	}
}

func TestTransportLimitsEachHostAndAllOfThem(t *testing.T) {
	b := statuses(200)
	tr := weirhttp.NewTransport(b, weirhttp.TransportOptions{
		Limit: limit.ConcurrencyOptions{Max: 3}, HostLimit: limit.ConcurrencyOptions{Max: 2},
	})
	var open []*http.Response
	fetch := func(url string) error {
		resp, err := tr.RoundTrip(request(t, http.MethodGet, url, nil))
		if err == nil {
			open = append(open, resp)
		}
		return err
	}
	require.NoError(t, fetch("http://a.test/"))
	require.NoError(t, fetch("http://A.test:80/other"))
	require.Equal(t, limit.ErrFull, fetch("http://a.test/"), "host")
	require.NoError(t, fetch("http://b.test/"))
	require.Equal(t, limit.ErrFull, fetch("http://c.test/"), "all")
	require.Equal(t, 6, inFlight(tr), "one of its host and one of all, each")
	require.EqualValues(t, 2, tr.Stats().Refused)
	for _, resp := range open {
		require.Equal(t, "text of OK", body(t, resp))
	}
	require.Len(t, b.requests(), 3)
	require.Equal(t, 3, tr.Stats().Hosts)
	finished(t, tr, b)
}

func TestTransportHoldsNoPermitWhileItPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := plainly(atMost(1))
		o.Attempts = 2
		tr := weirhttp.NewTransport(statuses(503, 200), o)
		time.AfterFunc(second/2, func() {
			if inFlight(tr) != 0 {
				t.Error("a permit is held")
			}
		})
		resp, err := tr.RoundTrip(getting(t))
		require.NoError(t, err)
		resp.Body.Close()
		finished(t, tr, nil)
	})
}

func TestTransportLetsCallsQueueForAPermit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := atMost(1)
		o.Limit.MaxQueue, o.Limit.MaxWait = 1, 10*second
		tr := weirhttp.NewTransport(statuses(200), o)
		first, err := tr.RoundTrip(getting(t))
		require.NoError(t, err)
		time.AfterFunc(3*second, func() { first.Body.Close() })
		start := time.Now()
		second, err := tr.RoundTrip(getting(t))
		require.NoError(t, err)
		require.Equal(t, 3*time.Second, time.Since(start))
		_, err = tr.RoundTrip(getting(t))
		require.Equal(t, limit.ErrQueueTimeout, err)
		second.Body.Close()
		finished(t, tr, nil)
	})
}

func TestTransportTakesAHedgeThatHasLostOutOfTheQueue(t *testing.T) {
	one := limit.ConcurrencyOptions{Max: 1, MaxQueue: 1, MaxWait: -1}
	for name, o := range map[string]weirhttp.TransportOptions{"of all": {Limit: one}, "of the host": {HostLimit: one}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o.HedgeDelay = second / 10
				b := turns(turn{second / 5, 200})
				tr := weirhttp.NewTransport(b, o)
				resp, err := tr.RoundTrip(getting(t))
				require.NoError(t, err)
				defer resp.Body.Close() // lest a hedge that still queues waits for ever
				require.EqualValues(t, 1, tr.Stats().Hedges)
				time.Sleep(10 * second)
				for m := range tr.Metrics {
					if m.Name == "weir_concurrency_waiting" {
						require.Zero(t, m.Value, "the body of the winner is still open")
					}
				}
				require.Equal(t, "a", body(t, resp))
				synctest.Wait()
				require.Zero(t, tr.Stats().Refused)
				finished(t, tr, b)
			})
		})
	}
}

// pipe is the body of a response that switched protocols.
type switchedBody struct {
	io.Reader
	written strings.Builder
	closed  bool
}

func (s *switchedBody) Write(p []byte) (int, error) { return s.written.Write(p) }
func (s *switchedBody) Close() error                { s.closed = true; return nil }

type halfSwitchedBody struct {
	switchedBody
	half bool
}

func (s *halfSwitchedBody) CloseWrite() error { s.half = true; return nil }

func TestTransportHoldsAPermitForASwitchedConnectionUntilItIsClosed(t *testing.T) {
	plain := &switchedBody{Reader: strings.NewReader("hello")}
	half := &halfSwitchedBody{switchedBody: switchedBody{Reader: strings.NewReader("hello")}}
	for name, c := range map[string]struct {
		body io.ReadWriteCloser
		b    *switchedBody
	}{"plain": {plain, plain}, "half": {half, &half.switchedBody}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := atMost(1)
				o.TryTimeout = second
				tr := weirhttp.NewTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
					resp := respond(r, 101, "")
					resp.Body = c.body
					return resp, nil
				}), o)
				ctx, cancel := context.WithCancel(t.Context())
				resp, err := tr.RoundTrip(getting(t).WithContext(ctx))
				require.NoError(t, err)
				cancel() // as it is allowed to be after the handshake
				synctest.Wait()
				time.Sleep(time.Hour)
				require.Equal(t, 1, inFlight(tr))
				require.Equal(t, [3]uint64{1, 0, 0}, counted(t, tr))
				rwc, ok := resp.Body.(io.ReadWriteCloser)
				require.True(t, ok)
				_, err = io.WriteString(rwc, "hi")
				require.NoError(t, err)
				require.Equal(t, "hi", c.b.written.String())
				closer, ok := resp.Body.(interface{ CloseWrite() error })
				require.Equal(t, name == "half", ok)
				if ok {
					require.NoError(t, closer.CloseWrite())
					require.True(t, half.half)
				}
				got := make([]byte, 5)
				_, err = io.ReadFull(rwc, got)
				require.NoError(t, err)
				require.Equal(t, "hello", string(got))
				require.NoError(t, rwc.Close())
				require.True(t, c.b.closed)
				finished(t, tr, nil)
			})
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTransportRefusalsAreRejectionsThroughAClient(t *testing.T) {
	o := atMost(1)
	tr := weirhttp.NewTransport(statuses(200), o)
	client := &http.Client{Transport: tr}
	open, err := client.Get("http://a.test/")
	require.NoError(t, err)
	sent := &trackedBody{ReadCloser: io.NopCloser(strings.NewReader("x"))}
	_, err = client.Post("http://a.test/", "text/plain", sent)
	require.ErrorIs(t, err, weir.ErrRejected)
	require.ErrorIs(t, err, limit.ErrFull)
	require.True(t, sent.closed.Load(), "also of a request that was not sent")
	require.Zero(t, sent.read.Load())
	open.Body.Close()

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errReset)
	r := request(t, http.MethodPost, "http://a.test/", sent).WithContext(ctx)
	sent.closed.Store(false)
	_, err = tr.RoundTrip(r)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errReset)
	require.False(t, errors.Is(err, weir.ErrRejected))
	require.True(t, sent.closed.Load())
	require.EqualValues(t, 1, tr.Stats().Refused, "a done context is no refusal")
	finished(t, tr, nil)
}
