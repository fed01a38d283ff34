package weirhttp_test

import (
	"bufio"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirhttp"
)

// A handler that had answered before it ran far past its deadline leaves a
// connection on which net/http takes the client for gone, where somebody outside
// of Timeout has read the body. One later request learns of it, not all of them.
func TestConnectionThatSeemsDeadEndsWithTheNextRequest(t *testing.T) {
	for name, inner := range map[string]weirhttp.Middleware{
		"timeout":           weirhttp.Timeout(5 * time.Second),
		"timeout and admit": weirhttp.Chain(weirhttp.Timeout(5*time.Second), weirhttp.Admit(&guard{}, weirhttp.AdmitOptions{})),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				greedy := func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						io.Copy(io.Discard, r.Body)
						next.ServeHTTP(w, r)
					})
				}
				late := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost {
						w.WriteHeader(http.StatusOK)
						w.(http.Flusher).Flush()
						time.Sleep(5700 * time.Millisecond) // past the deadline of reads, not yet that of writes
					}
				})
				conn := startPipes(t, &http.Server{Handler: weirhttp.Chain(greedy, inner)(late)})()
				buf := bufio.NewReader(conn)
				send(t, conn, "POST / HTTP/1.1\nHost: x\nContent-Length: 3\n\nabc")
				resp, err := http.ReadResponse(buf, nil)
				require.NoError(t, err)
				require.False(t, resp.Close)
				body(t, resp)

				send(t, conn, "GET / HTTP/1.1\nHost: x\n\n")
				resp, err = http.ReadResponse(buf, nil)
				require.NoError(t, err)
				require.True(t, resp.Close)
				body(t, resp)
			})
		})
	}
}
