package weirhttp_test

import (
	"bufio"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirhttp"
)

// chain is every middleware of the package, in the order that its comment shows.
func chain(g weir.Guard, observe func(weirhttp.Observation)) weirhttp.Middleware {
	return weirhttp.Chain(
		weirhttp.Observe(observe),
		weirhttp.Recover(weirhttp.RecoverOptions{OnPanic: func(*http.Request, *weir.Panic) {}}),
		weirhttp.Propagate(weirhttp.PropagateOptions{}),
		weirhttp.Timeout(10*time.Second),
		weirhttp.Admit(g, weirhttp.AdmitOptions{}),
		weirhttp.MaxBytes(1<<20),
	)
}

// nobody is an observer that looks away.
func nobody(weirhttp.Observation) {}

// call runs a handler on a recorder.
func call(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get() *http.Request { return httptest.NewRequest(http.MethodGet, "/", nil) }

// start serves h over HTTP/1 on a loopback socket until the test ends.
func start(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Start()
	t.Cleanup(func() {
		srv.Client().CloseIdleConnections()
		srv.Close()
	})
	return srv
}

// start2 does so over HTTP/2.
func start2(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(func() {
		srv.Client().CloseIdleConnections()
		srv.Close()
	})
	return srv
}

// both runs a test over HTTP/1 and HTTP/2.
func both(t *testing.T, h func() http.Handler, test func(t *testing.T, srv *httptest.Server)) {
	t.Run("HTTP/1", func(t *testing.T) { test(t, start(t, h())) })
	t.Run("HTTP/2", func(t *testing.T) { test(t, start2(t, h())) })
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(b)
}

// dial opens a raw connection to a server.
func dial(t *testing.T, srv *httptest.Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// exchange sends a raw request and returns the response, and the reader for what
// follows it.
func exchange(t *testing.T, conn net.Conn, raw string) (*http.Response, *bufio.Reader) {
	t.Helper()
	_, err := io.WriteString(conn, strings.ReplaceAll(raw, "\n", "\r\n"))
	require.NoError(t, err)
	buf := bufio.NewReader(conn)
	resp, err := http.ReadResponse(buf, nil)
	require.NoError(t, err)
	t.Cleanup(func() { resp.Body.Close() })
	return resp, buf
}

// pipes is a listener without a network: its connections are net.Pipe, whose
// deadlines obey the clock of a synctest bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// startPipes serves h inside a synctest bubble, and returns how to connect.
func startPipes(t *testing.T, srv *http.Server) (connect func() net.Conn) {
	t.Helper()
	l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	srv.ErrorLog = log.New(io.Discard, "", 0)
	served := make(chan error)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Close()
		<-served
	})
	return func() net.Conn {
		client, server := net.Pipe()
		l.conns <- server
		t.Cleanup(func() { client.Close() })
		return client
	}
}

// startPipes2 does so over HTTP/2 without TLS, and counts the connections.
func startPipes2(t *testing.T, h http.Handler) (client *http.Client, connections *int) {
	t.Helper()
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	connect := startPipes(t, &http.Server{Protocols: &protocols, Handler: h})
	connections = new(int)
	transport := &http.Transport{
		Protocols: &protocols,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			*connections++
			return connect(), nil
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}, connections
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }
