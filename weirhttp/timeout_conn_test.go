package weirhttp_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirhttp"
)

func TestTimeoutDoesNotOutliveItsRequestOnTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := startPipes(t, &http.Server{Handler: weirhttp.Timeout(5 * time.Second)(
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(w, r.Body)
				time.Sleep(4 * time.Second)
				if r.Context().Err() != nil {
					w.WriteHeader(http.StatusInternalServerError)
				}
			}))})()
		buf := bufio.NewReader(conn)
		for range 3 {
			for _, raw := range []string{
				"GET / HTTP/1.1\nHost: x\n\n",
				"POST / HTTP/1.1\nHost: x\nContent-Length: 3\n\nabc",
				"POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n",
			} {
				send(t, conn, raw)
				resp, err := http.ReadResponse(buf, nil)
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, resp.StatusCode)
				body(t, resp)
				time.Sleep(time.Hour)
			}
		}
	})
}

func TestTimeoutSparesTheConnectionWhereTheHandlerObeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := startPipes(t, &http.Server{Handler: weirhttp.Timeout(5 * time.Second)(waiting)})()
		buf := bufio.NewReader(conn)
		for range 3 {
			send(t, conn, "GET / HTTP/1.1\nHost: x\n\n")
			resp, err := http.ReadResponse(buf, nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusGatewayTimeout, resp.StatusCode)
			require.False(t, resp.Close)
			body(t, resp)
			time.Sleep(time.Hour)
		}
	})
}

// stubborn is a handler that does not watch its context.
func stubborn(d time.Duration, status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(d)
		if status != 0 {
			w.WriteHeader(status)
		}
	})
}

func TestTimeoutLetsALateAnswerOut(t *testing.T) {
	for name, c := range map[string]struct{ status, want int }{
		"the handler's":    {http.StatusTeapot, http.StatusTeapot},
		"the middleware's": {0, http.StatusGatewayTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := startPipes(t, &http.Server{Handler: weirhttp.Timeout(5 * time.Second)(stubborn(time.Minute, c.status))})()
				buf := bufio.NewReader(conn)
				for range 2 {
					send(t, conn, "GET / HTTP/1.1\nHost: x\n\n")
					resp, err := http.ReadResponse(buf, nil)
					require.NoError(t, err)
					require.Equal(t, c.want, resp.StatusCode)
					require.False(t, resp.Close)
					body(t, resp)
				}
			})
		})
		t.Run(name+", HTTP/2", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, connections := startPipes2(t, weirhttp.Timeout(5*time.Second)(stubborn(time.Minute, c.status)))
				for range 2 {
					resp, err := client.Post("http://x/", "text/plain", strings.NewReader("body"))
					require.NoError(t, err)
					require.Equal(t, c.want, resp.StatusCode)
					body(t, resp)
				}
				require.Equal(t, 1, *connections)
			})
		})
	}
}

func TestTimeoutGivesUpAConnectionThatSeemsBroken(t *testing.T) {
	greedy := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // now the server reads ahead
			next.ServeHTTP(w, r)
		})
	}
	for _, status := range []int{0, http.StatusOK} {
		synctest.Test(t, func(t *testing.T) {
			conn := startPipes(t, &http.Server{Handler: weirhttp.Chain(greedy, weirhttp.Timeout(5*time.Second))(stubborn(time.Minute, status))})()
			send(t, conn, "POST / HTTP/1.1\nHost: x\nContent-Length: 3\n\nabc")
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			require.True(t, resp.Close)
			body(t, resp)
		})
	}
}

func TestTimeoutGivesAHijackedConnectionFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := startPipes(t, &http.Server{Handler: chain(&guard{}, nobody)(echoing)})()
		send(t, conn, "GET / HTTP/1.1\nHost: x\nConnection: Upgrade\nUpgrade: echo\n\n")
		buf := bufio.NewReader(conn)
		resp, err := http.ReadResponse(buf, nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
		for range 3 {
			time.Sleep(time.Hour)
			send(t, conn, "ping\n")
			line, err := buf.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "ping\r\n", line)
		}
		require.NoError(t, conn.Close())
	})
}

// echoing is what a WebSocket handler does, without the frames.
var echoing = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotImplemented)
		return
	}
	defer conn.Close()
	io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	io.Copy(conn, buf)
})

func TestTimeoutWithinAHijackedConnectionLeavesItAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := weirhttp.Timeout(time.Second)(silent)
		conn := startPipes(t, &http.Server{Handler: weirhttp.Recover(quiet)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, buf, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			inner.ServeHTTP(w, r)
			io.Copy(conn, buf)
		}))})()
		send(t, conn, "POST / HTTP/1.1\nHost: x\nContent-Length: 3\n\n")
		time.Sleep(time.Hour)
		send(t, conn, "ping\n")
		line, err := bufio.NewReader(conn).ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "ping\r\n", line)
		require.NoError(t, conn.Close())
	})
}
