package weirhttp_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

// soon retries as soon as it can, and bounds what is in flight.
func soon(o weirhttp.TransportOptions) weirhttp.TransportOptions {
	o.Backoff.Base = -1
	o.Limit, o.HostLimit = limit.ConcurrencyOptions{Max: 100}, limit.ConcurrencyOptions{Max: 100}
	return o
}

// wrap has the client of a server use a Transport.
func wrap(t *testing.T, srv *httptest.Server, o weirhttp.TransportOptions) (*http.Client, *weirhttp.Transport) {
	t.Helper()
	tr := weirhttp.NewTransport(srv.Client().Transport, o)
	client := &http.Client{Transport: tr}
	t.Cleanup(client.CloseIdleConnections)
	return client, tr
}

// settles waits for hedges that lost, and for servers to notice.
func settles(t *testing.T, tr *weirhttp.Transport) {
	t.Helper()
	require.Eventually(t, func() bool { return tr.Stats().InFlight == 0 && inFlight(tr) == 0 }, 10*time.Second, time.Millisecond)
}

func TestTransportLeavesResponsesAsTheyAre(t *testing.T) {
	both(t, func() http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "</style.css>")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("Trailer", "Checksum")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			fmt.Fprintf(z, "%s over %s", r.Method, r.Proto)
			z.Close()
			w.Header().Set("Checksum", "42")
		})
	}, func(t *testing.T, srv *httptest.Server) {
		client, tr := wrap(t, srv, soon(weirhttp.TransportOptions{HedgeDelay: time.Hour, TryTimeout: time.Minute}))
		hints := 0
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(int, textproto.MIMEHeader) error { hints++; return nil },
		})
		r := request(t, http.MethodGet, srv.URL, nil).WithContext(ctx)
		resp, err := client.Do(r)
		require.NoError(t, err)
		require.True(t, resp.Uncompressed)
		require.Same(t, r, resp.Request)
		require.Equal(t, srv.TLS != nil, resp.TLS != nil)
		require.Equal(t, "GET over "+resp.Proto, body(t, resp))
		require.Equal(t, "42", resp.Trailer.Get("Checksum"))
		require.Equal(t, 1, hints)
		finished(t, tr, nil)
	})
}

func TestTransportStreamsInBothDirections(t *testing.T) {
	both(t, func() http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).EnableFullDuplex()
			w.WriteHeader(http.StatusOK)
			lines := bufio.NewScanner(r.Body)
			for lines.Scan() {
				fmt.Fprintln(w, strings.ToUpper(lines.Text()))
				w.(http.Flusher).Flush()
			}
		})
	}, func(t *testing.T, srv *httptest.Server) {
		client, tr := wrap(t, srv, soon(weirhttp.TransportOptions{TryTimeout: time.Minute}))
		pr, pw := io.Pipe()
		go io.WriteString(pw, "one\n")
		resp, err := client.Do(request(t, http.MethodPost, srv.URL, pr))
		require.NoError(t, err)
		lines := bufio.NewReader(resp.Body)
		for _, word := range []string{"one", "two", "three"} {
			line, err := lines.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, strings.ToUpper(word)+"\n", line)
			if word != "three" {
				next := map[string]string{"one": "two\n", "two": "three\n"}[word]
				_, err = io.WriteString(pw, next)
				require.NoError(t, err)
			}
		}
		require.Equal(t, 2, inFlight(tr), "one of its host and one of all")
		pw.Close()
		_, err = lines.ReadString('\n')
		require.Equal(t, io.EOF, err)
		finished(t, tr, nil)
		resp.Body.Close()
	})
}

// failing fails the first times that it is asked, and then answers ok.
func failing(times int64, fail http.HandlerFunc) http.Handler {
	var asked atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) <= times {
			fail(w, r)
			return
		}
		got, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "ok %s %s", got, r.Header.Get(weirhttp.HeaderAttempt))
	})
}

// mending fails each try but the third. It goes by the number of the try, for one
// that is given up while it connects never arrives.
func mending(fail http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		attempt := r.Header.Get(weirhttp.HeaderAttempt)
		if attempt != "3" {
			fail(w, r)
			return
		}
		got, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "ok %s %s", got, attempt)
	})
}

func TestTransportMendsWhatServersDo(t *testing.T) {
	for name, fail := range map[string]http.HandlerFunc{
		"unavailable": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			http.Error(w, "sorry", http.StatusServiceUnavailable)
		},
		"aborts": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"hangs":  func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body); <-r.Context().Done() },
		"answers half of an error": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(http.StatusBadGateway)
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"does not end an error": func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusBadGateway)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
		"resets": func(w http.ResponseWriter, r *http.Request) {
			if r.ProtoMajor == 2 {
				panic(http.ErrAbortHandler)
			}
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func() http.Handler { return mending(fail) }, func(t *testing.T, srv *httptest.Server) {
				o := soon(weirhttp.TransportOptions{})
				if name == "hangs" {
					o.TryTimeout = time.Second
				}
				client, tr := wrap(t, srv, o)
				r := request(t, http.MethodPost, srv.URL, strings.NewReader("again"))
				r.Header["Idempotency-Key"] = []string{"k"}
				resp, err := client.Do(r)
				require.NoError(t, err)
				require.Equal(t, "ok again 3", body(t, resp))
				require.EqualValues(t, 2, tr.Stats().Retries)
				require.Equal(t, [3]uint64{1, 2, 0}, counted(t, tr))
				finished(t, tr, nil)
			})
		})
	}
}

func TestTransportCountsHalfABodyAsAFailure(t *testing.T) {
	both(t, func() http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		})
	}, func(t *testing.T, srv *httptest.Server) {
		client, tr := wrap(t, srv, soon(weirhttp.TransportOptions{}))
		resp, err := client.Get(srv.URL)
		require.NoError(t, err)
		_, err = io.ReadAll(resp.Body)
		require.Error(t, err)
		require.Equal(t, [3]uint64{0, 1, 0}, counted(t, tr))
		resp.Body.Close()
		finished(t, tr, nil)
	})
}

func TestTransportKeepsTheConnectionOfAResponseThatItDrops(t *testing.T) {
	both(t, func() http.Handler {
		return failing(2, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			io.Copy(w, io.LimitReader(zeros{}, 60_000))
		})
	}, func(t *testing.T, srv *httptest.Server) {
		client, tr := wrap(t, srv, soon(weirhttp.TransportOptions{}))
		fresh := 0
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
			if !i.Reused {
				fresh++
			}
		}})
		resp, err := client.Do(request(t, http.MethodGet, srv.URL, nil).WithContext(ctx))
		require.NoError(t, err)
		body(t, resp)
		require.EqualValues(t, 2, tr.Stats().Retries)
		require.Equal(t, 1, fresh)
		finished(t, tr, nil)
	})
}

func TestTransportCancelsTheLoserAtTheServer(t *testing.T) {
	both(t, func() http.Handler {
		// The hedge may arrive first, where connecting takes longer than the delay.
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get(weirhttp.HeaderAttempt) == "" {
				<-r.Context().Done()
				return
			}
			io.WriteString(w, "the hedge")
		})
	}, func(t *testing.T, srv *httptest.Server) {
		client, tr := wrap(t, srv, soon(weirhttp.TransportOptions{HedgeDelay: 50 * time.Millisecond}))
		resp, err := client.Get(srv.URL)
		require.NoError(t, err)
		require.Equal(t, "the hedge", body(t, resp))
		require.EqualValues(t, 1, tr.Stats().HedgesWon)
		settles(t, tr)
		srv.Close() // waits for the handlers: the one that hung has been told
	})
}

func TestTransportFreesThePermitOfABodyThatHangsBeyondTheTimeoutOfTheClient(t *testing.T) {
	both(t, func() http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "begins")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
	}, func(t *testing.T, srv *httptest.Server) {
		client, tr := wrap(t, srv, soon(weirhttp.TransportOptions{}))
		client.Timeout = time.Second
		resp, err := client.Get(srv.URL) // and nobody reads or closes the body
		require.NoError(t, err)
		require.Equal(t, 2, inFlight(tr))
		settles(t, tr)
		resp.Body.Close()
		resp, err = client.Get(srv.URL)
		require.NoError(t, err)
		_, err = io.ReadAll(resp.Body)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		resp.Body.Close()
		settles(t, tr)
	})
}

func TestTransportPassesUpgrades(t *testing.T) {
	srv := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		io.Copy(conn, buf)
	}))
	client, tr := wrap(t, srv, soon(weirhttp.TransportOptions{TryTimeout: time.Minute}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := request(t, http.MethodGet, srv.URL, nil).WithContext(ctx)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	resp, err := client.Do(r)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	conn := resp.Body.(io.ReadWriteCloser)
	for _, word := range []string{"hello", "world"} {
		_, err = io.WriteString(conn, word)
		require.NoError(t, err)
		got := make([]byte, 5)
		_, err = io.ReadFull(conn, got)
		require.NoError(t, err)
		require.Equal(t, word, string(got))
	}
	require.Equal(t, 2, inFlight(tr))
	require.NoError(t, conn.Close())
	finished(t, tr, nil)
}

func TestTransportWorksBeneathAReverseProxy(t *testing.T) {
	backend := start(t, failing(1, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	target, err := url.Parse(backend.URL)
	require.NoError(t, err)
	tr := weirhttp.NewTransport(backend.Client().Transport, soon(weirhttp.TransportOptions{}))
	proxy := start(t, &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: tr,
	})
	resp, err := proxy.Client().Get(proxy.URL)
	require.NoError(t, err)
	require.Equal(t, "ok  2", body(t, resp))
	settles(t, tr)
}

func TestTransportFollowsRedirectsHopByHop(t *testing.T) {
	target := start(t, http.HandlerFunc(hello))
	srv := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target.URL, http.StatusFound)
	}))
	client, tr := wrap(t, srv, soon(weirhttp.TransportOptions{}))
	resp, err := client.Get(srv.URL)
	require.NoError(t, err)
	require.Equal(t, "hello\n", body(t, resp))
	for _, u := range []string{srv.URL, target.URL} {
		require.EqualValues(t, 1, tr.Breakers().Get(u).Stats().Accepted, u)
	}
	finished(t, tr, nil)
	client.CloseIdleConnections()
}

func TestTransportRefusalsOverARealClientNameTheRequest(t *testing.T) {
	srv := start(t, http.HandlerFunc(hello))
	client, tr := wrap(t, srv, weirhttp.TransportOptions{HostLimit: limit.ConcurrencyOptions{Max: 1}})
	resp, err := client.Get(srv.URL)
	require.NoError(t, err)
	_, err = client.Get(srv.URL + "/other")
	var named *url.Error
	require.ErrorAs(t, err, &named)
	require.Equal(t, srv.URL+"/other", named.URL)
	require.ErrorIs(t, err, weir.ErrRejected)
	body(t, resp)
	finished(t, tr, nil)
}
