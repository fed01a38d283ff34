package adapters

import (
	"net/http"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/timeout"
	chi "github.com/go-chi/chi/v5/middleware"
	"github.com/zeromicro/go-zero/core/stat"
	gozero "github.com/zeromicro/go-zero/rest/handler"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirhttp"

	"github.com/weirgo/weir/bench/internal/suite"
)

type middleware = func(http.Handler) http.Handler

const (
	observeName   = "weir, observe alone"
	inObserveName = "weir, inside observe"
)

// httpRecover has Weir's once alone and once inside another: it has to know whether the
// handler has begun to answer, and to tell outer guards of the panic, so it wraps the
// writer, once for all of a chain. Those of the others do neither.
func httpRecover() suite.Line {
	return suite.Line{
		Name: "HTTP recover",
		Work: "serve a request, without sockets, of a handler whose panic would be a 500",
		Contenders: []suite.Contender{
			contender(weirName, weirModule, behind(func() middleware { return weirhttp.Recover(weirhttp.RecoverOptions{}) })),
			contender(inObserveName, weirModule, behind(func() middleware {
				return weirhttp.Chain(weirhttp.Observe(nobody), weirhttp.Recover(weirhttp.RecoverOptions{}))
			})),
			contender(observeName, weirModule, behind(func() middleware { return weirhttp.Observe(nobody) })),
			contender(gozeroName, gozeroModule, behind(func() middleware { quietGozero(); return gozero.RecoverHandler })),
			contender(chiName, chiModule, behind(func() middleware { return chi.Recoverer })),
			contender(bareName, "", bareHandler),
		},
		Targets: []suite.Target{
			suite.TimeAbove(inObserveName, 40, observeName),
			suite.AllocsAbove(inObserveName, 0, observeName),
			suite.Allocs(weirName, 1),
		},
	}
}

func nobody(weirhttp.Observation) {}

func httpTimeout() suite.Line {
	return suite.Line{
		Name: "HTTP timeout",
		Work: "serve a request, without sockets, within a second, or else answer 503 or 504",
		Contenders: []suite.Contender{
			contender(weirName, weirModule, behind(func() middleware { return weirhttp.Timeout(patience) })),
			contender(failsafeName, failsafeModule, behind(func() middleware { return failsafeHTTP(timeout.New[*http.Response](patience)) })),
			contender(gozeroName, gozeroModule, behind(func() middleware { quietGozero(); return gozero.TimeoutHandler(patience) })),
			contender(chiName, chiModule, behind(func() middleware { return chi.Timeout(patience) })),
			contender("http.TimeoutHandler", "", behind(standardTimeout)),
			contender(withTimeoutName, "", withTimeout),
		},
		// chi's bounds neither the reading of the body nor the writing of the answer.
		Targets: noDearerThan(failsafeName, gozeroName, "http.TimeoutHandler"),
	}
}

func standardTimeout() middleware {
	return func(h http.Handler) http.Handler { return http.TimeoutHandler(h, patience, "late") }
}

func httpConcurrency() suite.Line {
	return suite.Line{
		Name: "HTTP concurrency limit",
		Work: "serve a request, without sockets, with one of 100 free permits",
		Contenders: []suite.Contender{
			contender(weirName, weirModule, admitted(func() weir.Guard { return newConcurrency() })),
			contender(chiName, chiModule, behind(func() middleware { return chi.Throttle(inFlight) })),
			contender(gozeroName, gozeroModule, behind(func() middleware { quietGozero(); return gozero.MaxConnsHandler(inFlight) })),
			contender(failsafeName, failsafeModule, behind(func() middleware { return failsafeHTTP(failsafeBulkhead[*http.Response]()) })),
			contender(bareName, "", bareHandler),
		},
		Targets: noDearerThan(chiName, gozeroName, failsafeName),
	}
}

func httpBreaker() suite.Line {
	return suite.Line{
		Name: "HTTP breaker",
		Work: "serve a request, without sockets, and tell a breaker how it went",
		Contenders: []suite.Contender{
			contender(weirName, weirModule, admitted(func() weir.Guard { return newBreaker() })),
			contender(gozeroName, gozeroModule, behind(gozeroBreaker)),
			contender(failsafeName, failsafeModule, behind(func() middleware { return failsafeHTTP(failsafeBreaker[*http.Response]()) })),
			contender(bareName, "", bareHandler),
		},
		Targets: noDearerThan(gozeroName, failsafeName),
	}
}

func httpShedder() suite.Line {
	return suite.Line{
		Name: "HTTP shedder",
		Work: "serve a request, without sockets, if a shedder that has nothing to do admits it",
		Contenders: []suite.Contender{
			contender(weirName, weirModule, admitted(func() weir.Guard { return newShedder() })),
			contender(gozeroName, gozeroModule, behind(gozeroShedding)),
			contender(failsafeName, failsafeModule, behind(func() middleware { return failsafeHTTP(failsafeShedder[*http.Response]()) })),
			contender(bareName, "", bareHandler),
		},
		Targets: noDearerThan(gozeroName, failsafeName),
	}
}

// admitted is behind one guard of Weir.
func admitted(guard func() weir.Guard) func() suite.Loop {
	return behind(func() middleware { return weirhttp.Admit(guard(), weirhttp.AdmitOptions{}) })
}

func failsafeHTTP(policies ...failsafe.Policy[*http.Response]) middleware {
	return func(h http.Handler) http.Handler { return failsafehttp.NewHandler(h, policies...) }
}

func gozeroBreaker() middleware {
	quietGozero()
	return gozero.BreakerHandler(http.MethodGet, "/", stat.NewMetrics("adapters"))
}

func gozeroShedding() middleware {
	return gozero.SheddingHandler(gozeroShedder(), stat.NewMetrics("adapters"))
}
