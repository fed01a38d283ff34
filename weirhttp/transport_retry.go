package weirhttp

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/weirgo/weir"
)

// errAgain stands for a try that is worth another one; what it ended with is in
// the call.
var errAgain = errors.New("weirhttp: worth another try")

// again reports whether another try is possible, and may mend what the last one
// ended with.
func (c *call) again() bool {
	if c.ctx.Err() != nil || withdrawn(c.req) || c.spent || errors.Is(c.err, weir.ErrRejected) {
		return false
	}
	return c.t.opts.RetryIf(c.resp, c.err) && rewindable(c.req) && c.t.opts.Idempotent(c.req) &&
		(c.err == nil || !malformed(c.req)) // the next try would not be sent either
}

// mayMend is what RetryIf is by default.
func mayMend(resp *http.Response, err error) bool {
	if err != nil {
		_, misfit := errors.AsType[*tls.CertificateVerificationError](err)
		return !misfit
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func bodiless(req *http.Request) bool { return req.Body == nil || req.Body == http.NoBody }

// rewindable reports whether the body of req can be had once more.
func rewindable(req *http.Request) bool { return bodiless(req) || req.GetBody != nil }

// idempotent is what Idempotent is by default.
func idempotent(req *http.Request) bool {
	switch req.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	// Also without a value: that is how to tell net/http that a request may be
	// repeated without telling the server.
	_, plain := req.Header["Idempotency-Key"]
	_, extended := req.Header["X-Idempotency-Key"]
	return plain || extended
}

// askedToWait returns how long the response asks to wait, 0 if it does not.
func askedToWait(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	text, ok := only(resp.Header, "Retry-After")
	if !ok {
		return 0
	}
	wait, _ := retryAfter(text, resp.Header.Get("Date"), time.Now())
	return wait
}

// longestWait is longer than anybody waits, and far from any overflow.
const longestWait = 100 * 365 * 24 * time.Hour

// retryAfter parses what a Retry-After header says: a number of seconds, or a
// date. A date counts from the one that the server says it is now, so that clocks
// need not agree, or else from now; one in the past is 0.
func retryAfter(text, date string, now time.Time) (time.Duration, bool) {
	if wait, ok := seconds(text); ok {
		return wait, true
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	if theirs, err := http.ParseTime(date); err == nil {
		now = theirs
	}
	// Sub saturates.
	return min(max(0, until.Sub(now)), longestWait), true
}

// seconds parses decimal digits, and nothing else.
func seconds(text string) (time.Duration, bool) {
	if text == "" {
		return 0, false
	}
	var n time.Duration
	for i := range len(text) {
		c := text[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(n*10+time.Duration(c-'0'), longestWait/time.Second)
	}
	return n * time.Second, true
}

// How much of a response that nobody wants is read, and for how long.
const (
	drainBytes = 64 << 10
	drainTime  = 50 * time.Millisecond
)

// drain closes the body of a response that nobody wants, and reads the rest
// before, where that lets the connection serve again.
func drain(resp *http.Response) {
	if resp.Body == nil {
		return
	}
	defer resp.Body.Close()
	// HTTP/2 gives up the stream and keeps the connection.
	if resp.ProtoMajor >= 2 || resp.Close || resp.ContentLength > drainBytes {
		return
	}
	timer := time.AfterFunc(drainTime, func() { resp.Body.Close() })
	defer timer.Stop()
	_, _ = io.CopyN(io.Discard, resp.Body, drainBytes+1)
}

func closeBody(resp *http.Response) {
	if resp != nil && resp.Body != nil {
		resp.Body.Close()
	}
}

func statusOf(resp *http.Response) int {
	if resp == nil {
		return 0
	}
	return resp.StatusCode
}
