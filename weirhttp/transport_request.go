package weirhttp

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
)

// HeaderAttempt numbers the tries of one request, as a decimal integer from 2 on;
// the first try goes without. A server short of capacity sheds retries first:
// their callers have shown that they can wait. Where the request that a
// [Transport] is given has one already, from a client further out, the tries add
// up.
const HeaderAttempt = "Weir-Attempt"

// nextBody returns the body to send: that of the request for the first try, and
// another one like it for those that follow.
func (c *call) nextBody() (io.ReadCloser, error) {
	if !c.sent || bodiless(c.req) {
		return c.req.Body, nil
	}
	body, err := c.req.GetBody()
	if err != nil {
		c.spent = true
	}
	return body, err
}

// leave closes what nobody else will: the body of a request that the base has never
// seen, and a response that does not reach the caller because of a panic.
func (c *call) leave() {
	if !c.returns {
		closeBody(c.resp)
	}
	if !c.sent && c.req.Body != nil {
		c.req.Body.Close()
	}
}

// request returns what to send: the caller's own request where nothing is to be
// added, else a copy.
func (y *try) request(body io.ReadCloser) *http.Request {
	t, req := y.call.t, y.call.req
	header, changed := req.Header, false
	if !t.opts.DisableHeaders {
		header, changed = y.header()
	}
	// A body from memory does not fail, and is told by its type, as is a file: a
	// base may have a faster way for those.
	if _, file := body.(*os.File); !bodiless(req) && req.GetBody == nil && !file && t.breakers != nil {
		y.upload = &upload{ReadCloser: body, length: req.ContentLength}
		body, changed = y.upload, true
	}
	if !changed && y.cancel == nil && !y.call.sent {
		return req
	}
	out := req.WithContext(y.ctx)
	out.Header, out.Body = header, body
	return out
}

// header returns the header to send, and whether it differs from the caller's. The
// values it shares with that are not changed.
func (y *try) header() (http.Header, bool) {
	h := y.call.req.Header
	if h == nil {
		return h, false // the base will say that there must be one
	}
	copied := false
	own := func() {
		if !copied {
			h, copied = maps.Clone(h), true
		}
	}
	set := func(key, value string) {
		own()
		h[key] = []string{value}
	}
	ctx := y.call.ctx
	if left, ok := timeLeft(ctx); ok {
		set(HeaderTimeout, strconv.FormatInt(left, 10))
	} else if _, claims := h[HeaderTimeout]; claims {
		own()
		delete(h, HeaderTimeout)
	}
	class := weir.CriticalityFrom(ctx)
	if _, claims := h[HeaderCriticality]; claims || class != weir.Critical {
		set(HeaderCriticality, class.String())
	}
	if y.number > 1 {
		set(HeaderAttempt, strconv.Itoa(attempts(h)+int(y.number)-1))
	}
	return h, copied
}

// maxMillis has more digits than Propagate reads.
const maxMillis = 1_000_000_000

// timeLeft returns how many milliseconds are left until the deadline of ctx, if it
// has one that can be told.
func timeLeft(ctx context.Context) (int64, bool) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0, false
	}
	left := max(0, time.Until(deadline).Milliseconds())
	return left, left < maxMillis
}

// attempts returns what HeaderAttempt says, 1 if it says nothing or nonsense.
func attempts(h http.Header) int {
	text, ok := only(h, HeaderAttempt)
	if n, err := strconv.Atoi(text); ok && err == nil && 1 <= n && n <= 1000 {
		return n
	}
	return 1
}

// upload is a body that the caller reads from somewhere else, and notices if that
// fails, or is not as long as it should be: no fault of the server that it is sent
// to.
type upload struct {
	io.ReadCloser
	length, read   int64 // the first is that of the request: unknown if not above 0
	failed, closed atomic.Bool
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	u.read += int64(n)
	// One that was closed has been given up already, for another reason.
	if u.wrong(err) && !u.closed.Load() {
		u.failed.Store(true)
	}
	return n, err
}

func (u *upload) wrong(err error) bool {
	if errors.Is(err, io.EOF) {
		err = nil
		if u.read < u.length {
			return true
		}
	}
	return err != nil || u.length > 0 && u.read > u.length
}

func (u *upload) Close() error {
	u.closed.Store(true)
	return u.ReadCloser.Close()
}

// malformed reports whether net/http would not have sent such a request, so that
// its failure says nothing of the host. Header values may come from strangers.
func malformed(req *http.Request) bool {
	if req.URL == nil || req.URL.Host == "" || req.Header == nil || !token(req.Method, true) {
		return true
	}
	if req.Body == nil && req.ContentLength != 0 {
		return true
	}
	return !sendable(req.Header) || !sendable(req.Trailer)
}

func sendable(h http.Header) bool {
	for name, values := range h {
		if !token(name, false) {
			return false
		}
		for _, v := range values {
			if strings.IndexFunc(v, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) >= 0 {
				return false
			}
		}
	}
	return true
}

// token reports whether s is what RFC 9110 calls one.
func token(s string, orEmpty bool) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && !('0' <= c && c <= '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return orEmpty || s != ""
}
