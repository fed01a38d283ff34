package weirhttp_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirhttp"
)

// An ended is what a handler says when a read or a write of it ended.
type ended struct {
	after time.Duration
	err   error
	ctx   error // of the request, at that moment
}

// pouring writes until it no longer can.
func pouring(report chan<- ended) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		for {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				report <- ended{time.Since(start), err, r.Context().Err()}
				return
			}
		}
	})
}

// draining reads the body until it ends.
func draining(report chan<- ended) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		_, err := io.Copy(io.Discard, r.Body)
		report <- ended{time.Since(start), err, r.Context().Err()}
	})
}

func send(t *testing.T, conn net.Conn, raw string) {
	t.Helper()
	_, err := io.WriteString(conn, strings.ReplaceAll(raw, "\n", "\r\n"))
	require.NoError(t, err)
}

func TestTimeoutEndsAWriteThatTheClientDoesNotRead(t *testing.T) {
	for name, c := range map[string]struct {
		mw  weirhttp.Middleware
		srv time.Duration // its WriteTimeout
		end time.Duration
	}{
		"no other limit":          {mw: weirhttp.Timeout(5 * time.Second), end: 6 * time.Second},
		"an earlier one, outside": {mw: weirhttp.Chain(weirhttp.Timeout(5*time.Second), weirhttp.Timeout(time.Hour)), end: 6 * time.Second},
		"an earlier one, inside":  {mw: weirhttp.Chain(weirhttp.Timeout(time.Hour), weirhttp.Timeout(5*time.Second)), end: 6 * time.Second},
		"the server's, earlier":   {mw: weirhttp.Timeout(5 * time.Second), srv: 2 * time.Second, end: 2 * time.Second},
		"the server's, later":     {mw: weirhttp.Timeout(5 * time.Second), srv: 9 * time.Second, end: 9 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				report := make(chan ended, 1)
				srv := &http.Server{WriteTimeout: c.srv, Handler: c.mw(pouring(report))}
				send(t, startPipes(t, srv)(), "GET / HTTP/1.1\nHost: x\n\n")
				got := <-report
				require.ErrorIs(t, got.err, os.ErrDeadlineExceeded)
				require.Equal(t, c.end, got.after)
			})
		})
	}
}

func TestTimeoutEndsAReadOfABodyThatDoesNotCome(t *testing.T) {
	for name, head := range map[string]string{
		"declared": "POST / HTTP/1.1\nHost: x\nContent-Length: 10\n\nabc",
		"chunked":  "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n3\nabc\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				report, g := make(chan ended, 1), &guard{}
				conn := startPipes(t, &http.Server{Handler: weirhttp.Chain(
					weirhttp.Timeout(5*time.Second),
					weirhttp.Admit(g, weirhttp.AdmitOptions{}),
				)(draining(report))})()
				send(t, conn, head)
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				require.NoError(t, err)
				require.Equal(t, http.StatusGatewayTimeout, resp.StatusCode)
				require.True(t, resp.Close, "half a body is left on the connection")
				require.Equal(t, "Gateway Timeout\n", body(t, resp))
				got := <-report
				require.Error(t, got.err)
				require.Equal(t, 5500*time.Millisecond, got.after)
				require.Equal(t, context.DeadlineExceeded, got.ctx, "not cancelled: the client is there")
				require.Equal(t, []weir.Outcome{weir.Failure}, g.seen())
			})
		})
	}
}

func TestAnInnerTimeoutNeverExtendsAnOuterOne(t *testing.T) {
	detach := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
		})
	}
	mw := weirhttp.Chain(weirhttp.Timeout(5*time.Second), detach, weirhttp.Timeout(time.Hour))
	for want, handler := range map[time.Duration]func(chan<- ended) http.Handler{
		5500 * time.Millisecond: draining,
		6 * time.Second:         pouring,
	} {
		synctest.Test(t, func(t *testing.T) {
			report := make(chan ended, 1)
			conn := startPipes(t, &http.Server{Handler: mw(handler(report))})()
			send(t, conn, "POST / HTTP/1.1\nHost: x\nContent-Length: 10\n\nabc")
			require.Equal(t, want, (<-report).after)
			require.NoError(t, conn.Close())
		})
	}
}

func TestTimeoutLeavesReadTimeoutOfTheServerAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report := make(chan ended, 1)
		conn := startPipes(t, &http.Server{
			ReadTimeout: 2 * time.Second,
			Handler:     weirhttp.Timeout(5 * time.Second)(draining(report)),
		})()
		send(t, conn, "POST / HTTP/1.1\nHost: x\nContent-Length: 10\n\nabc")
		go io.Copy(io.Discard, conn)
		require.Equal(t, 2*time.Second, (<-report).after)
	})
}

func TestAnInnerTimeoutGivesBackTheTimeToWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		part := weirhttp.Timeout(time.Second)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "part ")
		}))
		conn := startPipes(t, &http.Server{Handler: weirhttp.Timeout(time.Minute)(
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				part.ServeHTTP(w, r)
				time.Sleep(30 * time.Second)
				io.WriteString(w, "whole")
			}))})()
		send(t, conn, "GET / HTTP/1.1\nHost: x\n\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, "part whole", body(t, resp))
	})
}

func TestTimeoutEndsStuckStreamsOfHTTP2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report := make(chan ended, 1)
		mux := http.NewServeMux()
		mux.Handle("/write", pouring(report))
		mux.Handle("/read", draining(report))
		mux.Handle("/ok", silent)
		client, connections := startPipes2(t, weirhttp.Timeout(5*time.Second)(mux))

		resp, err := client.Get("http://x/write")
		require.NoError(t, err)
		got := <-report
		require.Error(t, got.err)
		require.Equal(t, 6*time.Second, got.after)
		resp.Body.Close()

		stuck, feed := io.Pipe()
		go client.Post("http://x/read", "text/plain", stuck)
		got = <-report
		require.Error(t, got.err)
		require.Equal(t, 5500*time.Millisecond, got.after)
		require.Equal(t, context.DeadlineExceeded, got.ctx)
		feed.Close()

		resp, err = client.Get("http://x/ok")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		body(t, resp)
		require.Equal(t, 1, *connections, "only the streams were ended")
	})
}
