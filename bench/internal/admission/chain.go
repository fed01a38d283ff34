package admission

import (
	"context"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	withTimeoutName = "context.WithTimeout alone"
	patience        = time.Second // what every contender but the bare handler allows
)

func httpChain() suite.Line {
	return suite.Line{
		Name: "HTTP chain without rate limit",
		Work: "serve a request, without sockets, through recover, observe, shedder, concurrency limit, breaker and timeout",
		Contenders: []suite.Contender{
			{Name: weirName, Module: weirModule, New: timed(weirChain)},
			{Name: "bare handler", New: timed(bareHandler)},
			{Name: withTimeoutName, New: timed(withTimeout)},
			{Name: "failsafe: retry, breaker, bulkhead, timeout", Module: failsafeModule, New: timed(failsafeChain)},
		},
		Targets: []suite.Target{
			suite.TimeAbove(weirName, 1000, withTimeoutName),
			suite.AllocsAbove(weirName, 4, withTimeoutName),
		},
	}
}

var body = []byte("ok")

func answer(w http.ResponseWriter, _ *http.Request) { w.Write(body) }

func bareHandler() suite.Loop { return serveLoop(http.HandlerFunc(answer)) }

// withTimeout is the least that a deadline costs: not even the request is told
// of the context.
func withTimeout() suite.Loop {
	return serveLoop(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		answer(w, r)
	}))
}

func weirChain() suite.Loop {
	chain := weirhttp.Chain(
		weirhttp.Recover(weirhttp.RecoverOptions{}),
		weirhttp.Observe(func(weirhttp.Observation) {}),
		weirhttp.Admit(newShedder(), weirhttp.AdmitOptions{}),
		weirhttp.Admit(limit.NewConcurrency(limit.ConcurrencyOptions{Max: inFlight}), weirhttp.AdmitOptions{}),
		weirhttp.Admit(breaker.New(breaker.Options{}), weirhttp.AdmitOptions{}),
		weirhttp.Timeout(patience),
	)
	return serveLoop(chain(http.HandlerFunc(answer)))
}

// failsafeChain has a retry, which never has anything to do, where Weir has recover
// and observe. No target speaks of it.
func failsafeChain() suite.Loop {
	executor := failsafe.With[any](
		retrypolicy.NewWithDefaults[any](),
		newFailsafe(),
		bulkhead.New[any](inFlight),
		timeout.New[any](patience),
	)
	return serveLoop(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := executor.WithContext(r.Context()).RunWithExecution(func(e failsafe.Execution[any]) error {
			answer(w, r.WithContext(e.Context()))
			return nil
		})
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
}
