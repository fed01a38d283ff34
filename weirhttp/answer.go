package weirhttp

import "net/http"

const textPlain = "text/plain; charset=utf-8"

// answer sends a response of this package's own: the status, and its name as the
// body. Precondition: nothing has been sent yet.
func (w *response) answer(status int) {
	h := w.Header()
	// What the handler had in mind for its own response does not describe this
	// one. An encoding that an outer middleware applies to all that is written
	// stays declared.
	for _, key := range [...]string{
		"Cache-Control", "Content-Length", "Etag", "Last-Modified", "Trailer", "Transfer-Encoding",
	} {
		delete(h, key)
	}
	if !w.keepEncoding {
		delete(h, "Content-Encoding")
	}
	h["Content-Type"] = []string{textPlain}
	w.WriteHeader(status)
	// A client that has gone is no news to anybody here.
	_, _ = w.WriteString(http.StatusText(status))
	_, _ = w.WriteString("\n")
}

// An ending tells how a handler ended.
type ending uint8

const (
	exited   ending = iota // by runtime.Goexit
	returned               // as it should
	aborted                // by panic(http.ErrAbortHandler)
	panicked               // by any other panic
)

// endingOf tells the ending from what recover said about a handler that did not
// return.
func endingOf(v any) ending {
	switch v {
	case nil:
		return exited
	case http.ErrAbortHandler:
		return aborted
	}
	return panicked
}
