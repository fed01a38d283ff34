package weirhttp

import (
	"bufio"
	"net"
	"net/http"
)

// track returns the response that w is, or a new one around it, and the writer
// to pass on: one that offers exactly what w offers.
func track(w http.ResponseWriter, r *http.Request) (*response, http.ResponseWriter) {
	if t, ok := w.(tracker); ok {
		return t.self(), w
	}
	rw := &response{ResponseWriter: w, http2: r.ProtoMajor >= 2}
	rw.root = rw
	return rw, rw.offering(rw.survey())
}

// A tracker is a response, whatever else it offers.
type tracker interface{ self() *response }

func (w *response) self() *response { return w }

// What the writers of net/http offer beyond http.ResponseWriter differs by
// protocol.
const (
	canFlush = 1 << iota
	canHijack
	canPush
)

// survey finds out what the writers beneath can do, the way
// http.ResponseController looks for it, and whether one of them is a response.
func (w *response) survey() (can int) {
	next := w.ResponseWriter
	for depth := 0; next != nil; depth++ {
		if _, ok := next.(http.Flusher); ok {
			can |= canFlush
		} else if _, ok := next.(interface{ FlushError() error }); ok {
			can |= canFlush
		}
		if _, ok := next.(http.Hijacker); ok {
			can |= canHijack
		}
		if _, ok := next.(http.Pusher); ok {
			can |= canPush
		}
		if t, ok := next.(tracker); ok && w.root == w {
			w.root = t.self().root
		}
		u, ok := next.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		// Not a server's own writer: it may encode what is written to it.
		if depth == 0 {
			w.keepEncoding = next.Header().Get("Content-Encoding") != ""
		}
		next = u.Unwrap()
	}
	return can
}

// The types below add to a response what the writer beneath can do, and only
// that. Each is one pointer wide, so that storing it in an interface costs no
// allocation.
type (
	flushing struct{ *response }
	hijacker struct{ *response }
	pusher   struct{ *response }

	flushHijacker struct{ flushing }
	flushPusher   struct{ flushing }
	hijackPusher  struct{ hijacker }

	flushHijackPusher struct{ flushHijacker }
)

func (w *response) offering(can int) http.ResponseWriter {
	switch can {
	case canFlush:
		return flushing{w}
	case canHijack:
		return hijacker{w}
	case canPush:
		return pusher{w}
	case canFlush | canHijack:
		return flushHijacker{flushing{w}}
	case canFlush | canPush:
		return flushPusher{flushing{w}}
	case canHijack | canPush:
		return hijackPusher{hijacker{w}}
	case canFlush | canHijack | canPush:
		return flushHijackPusher{flushHijacker{flushing{w}}}
	}
	return w
}

func (w flushing) Flush()            { w.flush() }
func (w flushing) FlushError() error { return w.flush() }

func (w hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error)      { return w.hijack() }
func (w flushHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.hijack() }

func (w pusher) Push(target string, o *http.PushOptions) error            { return w.push(target, o) }
func (w flushPusher) Push(target string, o *http.PushOptions) error       { return w.push(target, o) }
func (w hijackPusher) Push(target string, o *http.PushOptions) error      { return w.push(target, o) }
func (w flushHijackPusher) Push(target string, o *http.PushOptions) error { return w.push(target, o) }

func (w *response) flush() error {
	w.begin()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *response) hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buf, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.hijacked = true
	}
	return conn, buf, err
}

func (w *response) push(target string, o *http.PushOptions) error {
	next := w.ResponseWriter
	for {
		if p, ok := next.(http.Pusher); ok {
			return p.Push(target, o)
		}
		u, ok := next.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return http.ErrNotSupported
		}
		next = u.Unwrap()
	}
}
