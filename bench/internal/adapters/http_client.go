package adapters

import (
	"net/http"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/weirgo/weir/weirhttp"

	"github.com/weirgo/weir/bench/internal/suite"
)

func httpClient() suite.Line {
	return suite.Line{
		Name: "HTTP client",
		Work: "send a request to a fake base, through a breaker and retries, and close the body of the answer",
		Contenders: []suite.Contender{
			contender(weirName, weirModule, sent(func() http.RoundTripper {
				return weirhttp.NewTransport(fakeBase{}, weirhttp.TransportOptions{})
			})),
			contender(failsafeName, failsafeModule, sent(func() http.RoundTripper { return failsafeTransport() })),
			contender("weir, with a timeout per try", weirModule, sent(func() http.RoundTripper {
				return weirhttp.NewTransport(fakeBase{}, weirhttp.TransportOptions{TryTimeout: patience})
			})),
			contender("failsafe, with a timeout per try", failsafeModule, sent(func() http.RoundTripper {
				return failsafeTransport(timeout.New[*http.Response](patience))
			})),
			contender(bareName, "", sent(func() http.RoundTripper { return fakeBase{} })),
		},
		Targets: append(noDearerThan(failsafeName),
			suite.Ratio("weir, with a timeout per try", 1, "failsafe, with a timeout per try")),
	}
}

func failsafeTransport(inner ...failsafe.Policy[*http.Response]) http.RoundTripper {
	policies := []failsafe.Policy[*http.Response]{
		failsafehttp.NewRetryPolicyBuilder().Build(),
		failsafeBreaker[*http.Response](),
	}
	return failsafehttp.NewRoundTripper(fakeBase{}, append(policies, inner...)...)
}

// fakeBase answers at once.
type fakeBase struct{}

func (fakeBase) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// sent returns what makes a loop of requests to a round tripper.
func sent(make func() http.RoundTripper) func() suite.Loop {
	return func() suite.Loop {
		rt := make()
		idle := newShelf(newClientExchange)
		return func(n int) (odd int) {
			e := idle.take()
			defer idle.putBack(e)
			for range n {
				resp, err := rt.RoundTrip(e.request)
				if err != nil || resp.StatusCode != http.StatusOK || resp.Body.Close() != nil {
					odd++
				}
			}
			return odd
		}
	}
}

// newClientExchange returns a request of a client, which has no body.
func newClientExchange() *exchange {
	e := newExchange()
	e.request.Body = nil
	return e
}
