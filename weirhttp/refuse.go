package weirhttp

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/weirgo/weir"
)

// HeaderRefused is the response header in which [Admit] tells why it refused: the
// text of the guard's error, at most 128 bytes of printable ASCII.
const HeaderRefused = "Weir-Refused"

const maxReason = 128

// refuse answers a request that the guard did not admit.
func (a *admission) refuse(rw *response, w http.ResponseWriter, r *http.Request, err error) {
	if rw.started() {
		return // whoever called this handler has begun to answer by himself
	}
	rw.root.refused = true
	rejected := errors.Is(err, weir.ErrRejected)
	switch {
	case !rejected && errors.Is(err, context.Canceled):
		rw.giveUpDead(r)
		rw.WriteHeader(StatusClientClosedRequest)
		return
	case !rejected && errors.Is(err, context.DeadlineExceeded):
		rw.answer(http.StatusGatewayTimeout)
		return
	}
	wait := a.retryAfter(err)
	if a.opts.Refuse != nil {
		a.opts.Refuse(w, r, err, wait)
		return
	}
	h := w.Header()
	if wait > 0 {
		h["Retry-After"] = []string{wholeSeconds(wait)}
	}
	if rejected {
		h[HeaderRefused] = []string{reason(err.Error())}
	}
	rw.answer(a.status(err))
}

func (a *admission) retryAfter(err error) time.Duration {
	if a.opts.RetryAfter < 0 {
		return 0
	}
	if wait := weir.RetryAfter(a.guard, err); wait > 0 {
		return wait
	}
	return a.opts.RetryAfter
}

// status prefers what the user said to what the error says. An error that names
// no status of a failure is not believed.
func (a *admission) status(err error) int {
	if a.opts.Status != 0 {
		return a.opts.Status
	}
	if s, ok := errors.AsType[statusError](err); ok {
		if code := s.StatusCode(); code >= 400 && code <= 599 {
			return code
		}
	}
	return http.StatusServiceUnavailable
}

type statusError interface {
	error
	StatusCode() int
}

// wholeSeconds formats d > 0 as Retry-After wants it.
func wholeSeconds(d time.Duration) string { return strconv.FormatInt(ceilSeconds(d), 10) }

// reason makes the text of an error fit for a header.
func reason(text string) string {
	if len(text) > maxReason {
		text = text[:maxReason]
	}
	for i := range len(text) {
		if !printable(text[i]) {
			return printableOnly(text)
		}
	}
	return text
}

func printable(c byte) bool { return ' ' <= c && c <= '~' }

func printableOnly(text string) string {
	b := []byte(text)
	for i, c := range b {
		if !printable(c) {
			b[i] = '?'
		}
	}
	return string(b)
}
