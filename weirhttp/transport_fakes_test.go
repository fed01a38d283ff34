package weirhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirhttp"
)

const second = time.Second

var errReset = errors.New("test: connection reset")

// A base is a RoundTripper that answers each request, counted from 1, as its func
// says. It closes request bodies, and knows of every response body whether it was
// closed.
type base struct {
	answer func(n int, r *http.Request) (*http.Response, error)

	mu     sync.Mutex      // guards what follows
	seen   []*http.Request // as sent
	at     []time.Time
	bodies []*trackedBody
	got    []string // request bodies
	idle   int      // calls of CloseIdleConnections
}

func (b *base) RoundTrip(r *http.Request) (*http.Response, error) {
	text := ""
	if r.Body != nil {
		read, _ := io.ReadAll(r.Body)
		text = string(read)
		r.Body.Close()
	}
	b.mu.Lock()
	b.seen = append(b.seen, r)
	b.at = append(b.at, time.Now())
	b.got = append(b.got, text)
	n := len(b.seen)
	b.mu.Unlock()
	resp, err := b.answer(n, r)
	if resp != nil && resp.Body != nil && resp.Body != http.NoBody {
		tracked := &trackedBody{ReadCloser: resp.Body}
		b.mu.Lock()
		b.bodies = append(b.bodies, tracked)
		b.mu.Unlock()
		resp.Body = tracked
		if rwc, ok := tracked.ReadCloser.(io.ReadWriteCloser); ok {
			resp.Body = struct {
				*trackedBody
				io.Writer
			}{tracked, rwc}
		}
	}
	return resp, err
}

func (b *base) CloseIdleConnections() { b.idle++ }

func (b *base) requests() []*http.Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]*http.Request{}, b.seen...)
}

// pauses returns how long after the one before each request came.
func (b *base) pauses() []time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	var d []time.Duration
	for i := 1; i < len(b.at); i++ {
		d = append(d, b.at[i].Sub(b.at[i-1]))
	}
	return d
}

func (b *base) open() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, body := range b.bodies {
		if !body.closed.Load() {
			n++
		}
	}
	return n
}

type trackedBody struct {
	io.ReadCloser
	read   atomic.Int64
	closed atomic.Bool
}

func (b *trackedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	return n, err
}

func (b *trackedBody) Close() error {
	b.closed.Store(true)
	return b.ReadCloser.Close()
}

// respond returns a response with a text, if that is not empty, and fields.
func respond(r *http.Request, status int, text string, fields ...string) *http.Response {
	resp := &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, ContentLength: int64(len(text)), Request: r,
	}
	if text != "" {
		resp.Body = io.NopCloser(strings.NewReader(text))
	}
	for i := 0; i < len(fields); i += 2 {
		resp.Header.Add(fields[i], fields[i+1])
	}
	return resp
}

// statuses answers with one status after the other, the last one for ever; 0 is an
// error.
func statuses(list ...int) *base {
	return &base{answer: func(n int, r *http.Request) (*http.Response, error) {
		status := list[min(n, len(list))-1]
		if status == 0 {
			return nil, errReset
		}
		return respond(r, status, "text of "+http.StatusText(status)), nil
	}}
}

// hanging answers never, before the context of the request is done. It then returns
// the cause, as net/http does.
func hanging(_ int, r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

func request(t testing.TB, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	require.NoError(t, err)
	return r
}

func getting(t testing.TB) *http.Request { return request(t, http.MethodGet, "http://a.test/", nil) }

// finished reports what a transport must be like when all is over, whatever it was:
// nothing in flight, no body open.
func finished(t *testing.T, tr *weirhttp.Transport, b *base) {
	t.Helper()
	require.Zero(t, tr.Stats().InFlight)
	if b != nil {
		require.Zero(t, b.open(), "bodies still open")
	}
	for m := range tr.Metrics {
		if m.Name == "weir_concurrency_in_flight" || m.Name == "weir_concurrency_waiting" {
			require.Zero(t, m.Value, m.Name)
		}
	}
}

// inFlight returns how many permits of limits are out.
func inFlight(tr *weirhttp.Transport) (n int) {
	for m := range tr.Metrics {
		if m.Name == "weir_concurrency_in_flight" {
			n += int(m.Value)
		}
	}
	return n
}

// counted returns what the breaker of the only host has heard: successes, failures,
// and what is ignored.
func counted(t *testing.T, tr *weirhttp.Transport) [3]uint64 {
	t.Helper()
	require.Equal(t, 1, tr.Breakers().Len())
	for _, b := range tr.Breakers().All() {
		st := b.Stats()
		return [3]uint64{st.Accepted, st.Failed, st.Ignored}
	}
	return [3]uint64{}
}

// outcomes collects what OnTry says.
type outcomes struct {
	mu   sync.Mutex
	list []weirhttp.TransportTry
}

func (o *outcomes) add(e weirhttp.TransportTry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, e)
}

func (o *outcomes) seen() (list []weir.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.list {
		list = append(list, e.Outcome)
	}
	return list
}
