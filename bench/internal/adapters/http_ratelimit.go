package adapters

import (
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/go-chi/httprate"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"

	"github.com/weirgo/weir/bench/internal/suite"
)

const oneForAllName = "failsafe, one limit for all"

func httpRateLimit() suite.Line {
	return suite.Line{
		Name: "HTTP rate limit",
		Work: "serve a request, without sockets, if the rate limit of its API key allows, and say what is left in headers",
		Contenders: []suite.Contender{
			contender(weirName, weirModule, behind(weirLimited(events, time.Second))),
			contender("weir, no headers", weirModule, behind(weirSilent)),
			contender(httprateName, httprateModule, behind(httprateLimited(events, time.Second))),
			contender(oneForAllName, failsafeModule, behind(func() middleware {
				return failsafeHTTP(ratelimiter.NewBursty[*http.Response](events, time.Second))
			})),
			contender(bareName, "", bareHandler),
		},
		Targets: noDearerThan(httprateName),
	}
}

// httpRateLimitRefusal has one event an hour, which is used up before anything is
// measured.
func httpRateLimitRefusal() suite.Line {
	return suite.Line{
		Name: "HTTP rate limit, refusal",
		Work: "answer 429 to a request, without sockets, that the rate limit of its API key does not allow",
		Contenders: []suite.Contender{
			contender(weirName, weirModule, refused(weirLimited(1, time.Hour))),
			contender(httprateName, httprateModule, refused(httprateLimited(1, time.Hour))),
			contender(bareName, "", func() suite.Loop { return serve(http.HandlerFunc(refuse), http.StatusTooManyRequests) }),
		},
		Targets: noDearerThan(httprateName),
	}
}

func refused(mw func() middleware) func() suite.Loop {
	return func() suite.Loop {
		h := mw()(http.HandlerFunc(answer))
		serve(h, http.StatusOK)(1)
		return serve(h, http.StatusTooManyRequests)
	}
}

func refuse(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusTooManyRequests)
	w.Write(body)
}

func weirLimited(n int, per time.Duration) func() middleware {
	return func() middleware {
		keys := limit.NewToken(limit.TokenOptions{Rate: limit.Rate{Events: n, Per: per}})
		return weirhttp.RateLimit(keys.Allow, weirhttp.KeyHeader(apiKey), weirhttp.RateLimitOptions{})
	}
}

func weirSilent() middleware {
	return weirhttp.RateLimit(newToken().Allow, weirhttp.KeyHeader(apiKey), weirhttp.RateLimitOptions{DisableHeaders: true})
}

func httprateLimited(n int, per time.Duration) func() middleware {
	return func() middleware {
		return httprate.LimitBy(n, per, func(r *http.Request) (string, error) { return r.Header.Get(apiKey), nil })
	}
}
