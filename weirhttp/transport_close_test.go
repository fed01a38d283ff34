package weirhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

// held begins an answer and never ends it.
func held(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "x")
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// closable is a body that yields nothing until it is closed. Close returns when
// whoever reads has noticed.
type closable struct{ closed chan struct{} }

var errClosed = errors.New("test: read on closed body")

func (c closable) Read([]byte) (int, error) {
	<-c.closed
	return 0, errClosed
}

func (c closable) Close() error {
	close(c.closed)
	synctest.Wait()
	return nil
}

func closableBase() *base {
	return &base{answer: func(_ int, r *http.Request) (*http.Response, error) {
		resp := respond(r, 200, "")
		resp.Body = closable{make(chan struct{})}
		return resp, nil
	}}
}

func TestTransportCountsABodyThatIsClosedWhileItIsReadAsASuccess(t *testing.T) {
	for name, most := range map[string]int{"plain": 0, "limited": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := closableBase()
				tr := weirhttp.NewTransport(b, atMost(most))
				resp, err := tr.RoundTrip(getting(t))
				require.NoError(t, err)
				read := make(chan error, 1)
				go func() {
					_, err := io.ReadAll(resp.Body)
					read <- err
				}()
				synctest.Wait()
				require.NoError(t, resp.Body.Close())
				require.Equal(t, errClosed, <-read)
				require.Equal(t, [3]uint64{1, 0, 0}, counted(t, tr))
				finished(t, tr, b)
			})
		})
	}
}

func TestTransportBlamesNoServerForAStreamThatTheClientCloses(t *testing.T) {
	both(t, func() http.Handler { return http.HandlerFunc(held) }, func(t *testing.T, srv *httptest.Server) {
		_, tr := wrap(t, srv, weirhttp.TransportOptions{})
		const streams = 300
		for range streams {
			resp, err := tr.RoundTrip(request(t, http.MethodGet, srv.URL, nil))
			require.NoError(t, err)
			_, err = io.ReadFull(resp.Body, make([]byte, 1))
			require.NoError(t, err)
			reads, done := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(done)
				close(reads)
				io.Copy(io.Discard, resp.Body)
			}()
			<-reads
			time.Sleep(100 * time.Microsecond) // most often it waits for more by then
			resp.Body.Close()
			<-done
		}
		require.Equal(t, [3]uint64{streams, 0, 0}, counted(t, tr))
		finished(t, tr, nil)
	})
}

func TestTransportCountsABodyThatIsClosedAtItsDeadlineAsItsStateWasThen(t *testing.T) {
	for name, c := range map[string]struct {
		read, cancel bool
		want         [3]uint64
	}{
		"waited for in vain": {true, false, [3]uint64{0, 1, 0}},
		"cancelled":          {true, true, [3]uint64{0, 0, 1}},
		"left lying":         {false, false, [3]uint64{1, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := closableBase()
				tr := weirhttp.NewTransport(b, atMost(0))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				resp, err := tr.RoundTrip(getting(t).WithContext(ctx))
				require.NoError(t, err)
				if c.read {
					go io.Copy(io.Discard, resp.Body)
					synctest.Wait()
				}
				if c.cancel {
					time.AfterFunc(second, cancel)
				}
				<-ctx.Done()
				resp.Body.Close()
				require.Equal(t, c.want, counted(t, tr))
				finished(t, tr, b)
			})
		})
	}
}

func TestTransportCountsABodyWhoseConnectionNoticesTheDeadlineFirst(t *testing.T) {
	for name, most := range map[string]int{"plain": 0, "limited": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &base{answer: func(_ int, r *http.Request) (*http.Response, error) {
					resp := respond(r, 200, "")
					resp.Body = io.NopCloser(readerFunc(func([]byte) (int, error) {
						time.Sleep(second)
						return 0, errReset
					}))
					return resp, nil
				}}
				tr := weirhttp.NewTransport(b, atMost(most))
				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), second+time.Millisecond)
				defer cancel()
				resp, err := tr.RoundTrip(getting(t).WithContext(laggard{ctx, start.Add(second)}))
				require.NoError(t, err)
				_, err = io.ReadAll(resp.Body)
				require.Equal(t, errReset, err)
				require.Equal(t, [3]uint64{0, 1, 0}, counted(t, tr))
				resp.Body.Close()
				finished(t, tr, b)
			})
		})
	}
}

func TestTransportBlamesAServerWhoseBodyHangsUntilTheTimeoutOfTheClient(t *testing.T) {
	both(t, func() http.Handler { return http.HandlerFunc(held) }, func(t *testing.T, srv *httptest.Server) {
		for range 50 {
			// A breaker of its own, lest that opens.
			client, tr := wrap(t, srv, once(weirhttp.TransportOptions{Limit: limit.ConcurrencyOptions{Max: 10}}))
			client.Timeout = 10 * time.Millisecond
			resp, err := client.Get(srv.URL)
			if err != nil {
				continue // the machine was too busy for the header to arrive
			}
			_, err = io.ReadAll(resp.Body)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			resp.Body.Close()
			settles(t, tr) // the end of the context, on another goroutine, may have come first
			require.Equal(t, [3]uint64{0, 1, 0}, counted(t, tr))
		}
	})
}
