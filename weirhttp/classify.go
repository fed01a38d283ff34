package weirhttp

import (
	"net/http"

	"github.com/weirgo/weir"
)

// StatusClientClosedRequest is the status, made popular by nginx, of a request
// whose client left before the answer. Nobody ever reads it but logs and guards.
const StatusClientClosedRequest = 499

// ClassifyStatus tells what a final status says about the server that sent it:
//
//	status     outcome      why
//	429, 503   Overloaded   it said so
//	499        Ignored      the client left; that says nothing
//	5xx        Failure
//	other      Success      a 4xx is the client's own fault
func ClassifyStatus(status int) weir.Outcome {
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return weir.Overloaded
	case status == StatusClientClosedRequest:
		return weir.Ignored
	case status >= 500:
		return weir.Failure
	default:
		return weir.Success
	}
}
