package adapters

import (
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/failsafe-go/failsafe-go/timeout"
	gozero "github.com/zeromicro/go-zero/rest/handler"

	"github.com/weirgo/weir/weirhttp"

	"github.com/weirgo/weir/bench/internal/suite"
)

// httpChain is what the suite of admission has, with a rate limit by key besides.
// Those of the others have what each has of it.
func httpChain() suite.Line {
	return suite.Line{
		Name: "HTTP chain with rate limit",
		Work: "serve a request, without sockets, through observe, recover, timeout, rate limit, shedder, concurrency limit and breaker",
		Contenders: []suite.Contender{
			contender(weirName, weirModule, behind(weirChain)),
			contender("weir, no headers", weirModule, behind(weirSilentChain)),
			contender("failsafe: all but observe, recover", failsafeModule, behind(failsafeChain)),
			contender("go-zero: all but observe, rate limit", gozeroModule, behind(gozeroChain)),
			contender(withTimeoutName, "", withTimeout),
			contender(bareName, "", bareHandler),
		},
		Targets: []suite.Target{
			suite.TimeAbove(weirName, 1000, withTimeoutName),
			suite.AllocsAbove(weirName, 4, withTimeoutName),
		},
	}
}

func weirChain() middleware { return weirChainOf(weirLimited(events, time.Second)()) }

func weirSilentChain() middleware { return weirChainOf(weirSilent()) }

func weirChainOf(limited middleware) middleware {
	return weirhttp.Chain(
		weirhttp.Observe(nobody),
		weirhttp.Recover(weirhttp.RecoverOptions{}),
		weirhttp.Timeout(patience),
		limited,
		weirhttp.Admit(newShedder(), weirhttp.AdmitOptions{}),
		weirhttp.Admit(newConcurrency(), weirhttp.AdmitOptions{}),
		weirhttp.Admit(newBreaker(), weirhttp.AdmitOptions{}),
	)
}

func failsafeChain() middleware {
	return failsafeHTTP(
		timeout.New[*http.Response](patience),
		ratelimiter.NewBursty[*http.Response](events, time.Second),
		failsafeShedder[*http.Response](),
		failsafeBulkhead[*http.Response](),
		failsafeBreaker[*http.Response](),
	)
}

func gozeroChain() middleware {
	return weirhttp.Chain(
		gozero.RecoverHandler,
		gozero.TimeoutHandler(patience),
		gozeroShedding(),
		gozero.MaxConnsHandler(inFlight),
		gozeroBreaker(),
	)
}
