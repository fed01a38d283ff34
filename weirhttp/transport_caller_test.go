package weirhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirhttp"
)

func TestTransportDoesNotRepeatWhatIsNotSent(t *testing.T) {
	tr := weirhttp.NewTransport(&http.Transport{}, soon(weirhttp.TransportOptions{}))
	for range 100 {
		r := getting(t)
		r.Header["X-User"] = []string{"a\nb"}
		_, err := tr.RoundTrip(r)
		require.Error(t, err)
	}
	require.Zero(t, tr.Stats().Retries)
	require.Equal(t, [3]uint64{0, 0, 100}, counted(t, tr))
	finished(t, tr, nil)
}

// A base may be content with what net/http is not.
func TestTransportRepeatsWhatTheBaseHasSentAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := statuses(503, 200)
		tr := weirhttp.NewTransport(b, plainly(weirhttp.TransportOptions{}))
		r := getting(t)
		r.Header["X-User"] = []string{"a\nb"}
		resp, err := tr.RoundTrip(r)
		require.NoError(t, err)
		require.Equal(t, "text of OK", body(t, resp))
		finished(t, tr, b)
	})
}

func TestTransportBlamesNoHostForALengthThatDoesNotFitTheBody(t *testing.T) {
	unseen := func(s string) io.Reader { return io.MultiReader(strings.NewReader(s)) }
	for name, c := range map[string]struct {
		body   io.Reader
		length int64
		http2  bool // it is sent over that, or the server answers by itself
	}{
		"no body":       {nil, 5, true},
		"unknown, none": {nil, -1, true},
		"too short":     {unseen("x"), 5, false},
		"too long":      {unseen("longer than five"), 5, false},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func() http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if _, err := io.Copy(io.Discard, r.Body); err != nil {
						panic(http.ErrAbortHandler)
					}
				})
			}, func(t *testing.T, srv *httptest.Server) {
				if srv.TLS != nil && c.http2 {
					return
				}
				_, tr := wrap(t, srv, soon(weirhttp.TransportOptions{}))
				r := request(t, http.MethodPost, srv.URL, c.body)
				r.Header["Idempotency-Key"] = []string{"k"}
				r.ContentLength = c.length
				_, err := tr.RoundTrip(r)
				require.Error(t, err)
				require.Equal(t, [3]uint64{0, 0, 1}, counted(t, tr))
				require.Zero(t, tr.Stats().Retries)
				finished(t, tr, nil)
			})
		})
	}
}

func TestTransportBlamesTheHostForAnUploadThatFitsItsLength(t *testing.T) {
	for name, length := range map[string]int64{"fits": 4, "unknown": 0, "said to be unknown": -1} {
		t.Run(name, func(t *testing.T) {
			tr := weirhttp.NewTransport(statuses(0), weirhttp.TransportOptions{})
			r := request(t, http.MethodPost, "http://a.test/", io.MultiReader(strings.NewReader("fits")))
			r.ContentLength = length
			_, err := tr.RoundTrip(r)
			require.Equal(t, errReset, err)
			require.Equal(t, [3]uint64{0, 1, 0}, counted(t, tr))
			finished(t, tr, nil)
		})
	}
}

var errWithdrawn = errors.New("test: request canceled")

// obedient hangs until the request is cancelled in the old way.
func obedient(_ int, r *http.Request) (*http.Response, error) {
	//lint:ignore SA1019 net/http honours it, too
	<-r.Cancel
	return nil, errWithdrawn
}

// withdrawnAfter closes the Cancel channel of r at some time.
func withdrawnAfter(d time.Duration, r *http.Request) *http.Request {
	done := make(chan struct{})
	time.AfterFunc(d, func() { close(done) })
	//lint:ignore SA1019 net/http honours it, too
	r.Cancel = done
	return r
}

func TestTransportBlamesNoHostForARequestCancelledInTheOldWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &base{answer: obedient}
		tr := weirhttp.NewTransport(b, weirhttp.TransportOptions{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := tr.RoundTrip(withdrawnAfter(second, getting(t)).WithContext(ctx))
		require.Equal(t, errWithdrawn, err)
		require.Len(t, b.requests(), 1)
		require.Equal(t, [3]uint64{0, 0, 1}, counted(t, tr))
		finished(t, tr, b)
	})
}

func TestTransportBlamesNoServerForARequestCancelledInTheOldWay(t *testing.T) {
	both(t, func() http.Handler { return http.HandlerFunc(held) }, func(t *testing.T, srv *httptest.Server) {
		_, tr := wrap(t, srv, weirhttp.TransportOptions{})
		r := request(t, http.MethodGet, srv.URL, nil)
		done := make(chan struct{})
		//lint:ignore SA1019 net/http honours it, too
		r.Cancel = done
		resp, err := tr.RoundTrip(r)
		require.NoError(t, err)
		close(done)
		if srv.TLS != nil {
			resp.Body.Close() // HTTP/2 has no eyes for it once the header is there
			require.Equal(t, [3]uint64{1, 0, 0}, counted(t, tr))
			return
		}
		_, err = io.ReadAll(resp.Body)
		require.Error(t, err)
		require.Equal(t, [3]uint64{0, 0, 1}, counted(t, tr))
		resp.Body.Close()
		finished(t, tr, nil)
	})
}

// http.Client closes a Cancel channel of its own at its timeout.
func TestTransportBlamesTheHostForTheTimeoutOfAClientThatCancelsInTheOldWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &base{answer: obedient}
		tr := weirhttp.NewTransport(b, once(weirhttp.TransportOptions{}))
		_, err := (&http.Client{Transport: tr, Timeout: second}).Get("http://a.test/")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, [3]uint64{0, 1, 0}, counted(t, tr))
		finished(t, tr, b)
	})
}

func TestTransportBlamesTheHostForATimeoutThatTheContextNoticesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &base{answer: obedient}
		tr := weirhttp.NewTransport(b, once(weirhttp.TransportOptions{}))
		r := withdrawnAfter(second, getting(t)).WithContext(laggard{t.Context(), time.Now().Add(second)})
		_, err := tr.RoundTrip(r)
		require.Equal(t, errWithdrawn, err)
		require.Equal(t, [3]uint64{0, 1, 0}, counted(t, tr))
		finished(t, tr, b)
	})
}
