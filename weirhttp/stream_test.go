package weirhttp_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirhttp"
)

// through serves h beneath the whole chain.
func through(h http.HandlerFunc) func() http.Handler {
	return func() http.Handler { return chain(&guard{}, nobody)(h) }
}

func TestAStatusSentByFlushIsTheOneTheClientGets(t *testing.T) {
	both(t, through(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		w.(http.Flusher).Flush()
		io.WriteString(w, "tea")
	}), func(t *testing.T, srv *httptest.Server) {
		resp, err := srv.Client().Get(srv.URL)
		require.NoError(t, err)
		require.Equal(t, http.StatusTeapot, resp.StatusCode)
		require.Equal(t, "tea", body(t, resp))
	})
}

func TestServerSentEventsArriveOneByOne(t *testing.T) {
	next := make(chan struct{})
	both(t, through(func(w http.ResponseWriter, r *http.Request) {
		flusher, ok := w.(http.Flusher)
		if !ok {
			http.Error(w, "no streaming", http.StatusNotImplemented)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			flusher.Flush()
			<-next // the client has the event before the next is written
		}
	}), func(t *testing.T, srv *httptest.Server) {
		resp, err := srv.Client().Get(srv.URL)
		require.NoError(t, err)
		defer resp.Body.Close()
		buf := bufio.NewReader(resp.Body)
		for i := range 3 {
			line, err := buf.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("data: %d\n", i), line)
			_, err = buf.ReadString('\n')
			require.NoError(t, err)
			next <- struct{}{}
		}
		_, err = buf.ReadByte()
		require.Equal(t, io.EOF, err)
	})
}

func TestTrailersArrive(t *testing.T) {
	both(t, through(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Declared")
		io.WriteString(w, "body")
		w.Header().Set("X-Declared", "1")
		w.Header().Set(http.TrailerPrefix+"X-Sudden", "2")
	}), func(t *testing.T, srv *httptest.Server) {
		resp, err := srv.Client().Get(srv.URL)
		require.NoError(t, err)
		require.Equal(t, "body", body(t, resp))
		require.Equal(t, http.Header{"X-Declared": {"1"}, "X-Sudden": {"2"}}, resp.Trailer)
	})
}

func TestEarlyHintsArriveBeforeTheFinalStatus(t *testing.T) {
	both(t, through(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusCreated)
	}), func(t *testing.T, srv *httptest.Server) {
		hints := make(chan string, 1)
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
			Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
				hints <- fmt.Sprint(code, " ", h.Get("Link"))
				return nil
			},
		})
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
		require.NoError(t, err)
		resp, err := srv.Client().Do(req)
		require.NoError(t, err)
		body(t, resp)
		require.Equal(t, "103 </style.css>; rel=preload", <-hints)
		require.Equal(t, http.StatusCreated, resp.StatusCode)
	})
}

func TestTheResponseControllerReachesTheServer(t *testing.T) {
	both(t, through(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		later := time.Now().Add(time.Minute)
		for _, err := range []error{
			control.EnableFullDuplex(), control.SetReadDeadline(later), control.SetWriteDeadline(later), control.Flush(),
		} {
			if err != nil {
				io.WriteString(w, err.Error())
			}
		}
		io.WriteString(w, "done")
	}), func(t *testing.T, srv *httptest.Server) {
		resp, err := srv.Client().Post(srv.URL, "text/plain", strings.NewReader("x"))
		require.NoError(t, err)
		require.Equal(t, "done", body(t, resp))
	})
}

func TestFullDuplexWorks(t *testing.T) {
	both(t, through(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		control.EnableFullDuplex()
		lines := bufio.NewScanner(r.Body)
		for lines.Scan() {
			fmt.Fprintf(w, "got %s\n", lines.Text())
			control.Flush()
		}
	}), func(t *testing.T, srv *httptest.Server) {
		in, out := io.Pipe()
		go io.WriteString(out, "0\n")
		resp, err := srv.Client().Post(srv.URL, "text/plain", in)
		require.NoError(t, err)
		defer resp.Body.Close()
		buf := bufio.NewReader(resp.Body)
		for i := range 3 {
			line, err := buf.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("got %d\n", i), line)
			fmt.Fprintf(out, "%d\n", i+1)
		}
		require.NoError(t, out.Close())
		rest, err := io.ReadAll(buf)
		require.NoError(t, err)
		require.Equal(t, "got 3\n", string(rest))
	})
}

func TestAnUpgradeTakesOverTheConnection(t *testing.T) {
	srv := start(t, through(echoing)())
	conn := dial(t, srv)
	resp, buf := exchange(t, conn, "GET / HTTP/1.1\nHost: x\nConnection: Upgrade\nUpgrade: echo\n\n")
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	for range 3 {
		_, err := io.WriteString(conn, "ping\n")
		require.NoError(t, err)
		line, err := buf.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "ping\n", line)
	}
	require.NoError(t, conn.Close())
}

func TestAnUpgradeOverHTTP2FailsAtTheAssertion(t *testing.T) {
	srv := start2(t, through(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := w.(http.Hijacker); ok {
			return
		}
		_, _, err := http.NewResponseController(w).Hijack()
		http.Error(w, err.Error(), http.StatusNotImplemented)
	})())
	resp, err := srv.Client().Get(srv.URL)
	require.NoError(t, err)
	require.Equal(t, 2, resp.ProtoMajor)
	require.Equal(t, http.StatusNotImplemented, resp.StatusCode)
	require.Equal(t, "feature not supported\n", body(t, resp))
}

func TestFilesArriveWholeAndInRanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	content := strings.Repeat("0123456789", 50_000)
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	both(t, through(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) }),
		func(t *testing.T, srv *httptest.Server) {
			resp, err := srv.Client().Get(srv.URL)
			require.NoError(t, err)
			require.Equal(t, content, body(t, resp))

			req, err := http.NewRequest(http.MethodGet, srv.URL, nil)
			require.NoError(t, err)
			req.Header.Set("Range", "bytes=10-14")
			resp, err = srv.Client().Do(req)
			require.NoError(t, err)
			require.Equal(t, http.StatusPartialContent, resp.StatusCode)
			require.Equal(t, "01234", body(t, resp))
		})
}

func TestAReverseProxyWorksBeneathTheChain(t *testing.T) {
	backend := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		b, _ := io.ReadAll(r.Body) // HTTP/1 does not echo while it reads
		w.Write(b)
	}))
	target, err := url.Parse(backend.URL)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = backend.Client().Transport
	both(t, func() http.Handler { return chain(&guard{}, nobody)(proxy) }, func(t *testing.T, srv *httptest.Server) {
		sent := strings.Repeat("x", 100_000)
		resp, err := srv.Client().Post(srv.URL, "text/plain", undeclared{strings.NewReader(sent)})
		require.NoError(t, err)
		require.True(t, sent == body(t, resp))
	})
}

func TestOldClientsAreServed(t *testing.T) {
	srv := start(t, through(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Method) })())
	for raw, want := range map[string]string{
		"GET / HTTP/1.0\n\n":                                                    "GET",
		"GET / HTTP/1.1\nHost: x\nConnection: close\n\n":                        "GET",
		"POST / HTTP/1.0\nContent-Length: 3\n\nabc":                             "POST",
		"PUT / HTTP/1.1\nHost: x\nContent-Length: 0\n\n":                        "PUT",
		"POST / HTTP/1.1\nHost: x\nExpect: 100-continue\nContent-Length: 3\n\n": "POST",
	} {
		resp, _ := exchange(t, dial(t, srv), raw)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, want, body(t, resp))
	}
}

func TestHugeHeadersAreTheServersMatter(t *testing.T) {
	g := &guard{}
	srv := start(t, chain(g, nobody)(silent))
	raw := "GET / HTTP/1.1\nHost: x\n" + weirhttp.HeaderTimeout + ": " + strings.Repeat("9", 100_000) + "\n" +
		weirhttp.HeaderCriticality + ": " + strings.Repeat("x", 100_000) + "\n\n"
	resp, _ := exchange(t, dial(t, srv), raw)
	require.Equal(t, http.StatusOK, resp.StatusCode, "ignored")
	require.Equal(t, 1, g.timesAsked())
}
