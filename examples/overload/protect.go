package main

import (
	"net/http"

	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

// protect is all that a service adds to survive the overload.
//
// The limit lets three times as many requests in as the backend works on at a
// time: the spare ones keep the workers busy while this process is slow to send in
// more, and wait about two service times. As many as there are workers may wait
// for their turn; whoever comes then is told so at once, while there is still time
// to ask somebody else. So the longest wait is well short of the deadline, whatever
// the load. These numbers are set by hand, which takes a capacity that is known
// and stays as it is.
//
// The breaker is inside the limit, where it sees only what the backend did: it
// opens when the backend fails, not when the limit refuses. The timeout is
// outside both, for waiting counts.
func protect(p plan, h http.Handler) http.Handler {
	concurrency := limit.NewConcurrency(limit.ConcurrencyOptions{
		Max:      3 * p.workers,
		MaxQueue: p.workers,
		MaxWait:  p.deadline / 2,
	})
	backend := breaker.New(breaker.Options{Name: "backend"})
	return weirhttp.Chain(
		weirhttp.Recover(weirhttp.RecoverOptions{}),
		weirhttp.Timeout(p.deadline),
		weirhttp.Admit(concurrency, weirhttp.AdmitOptions{}),
		weirhttp.Admit(backend, weirhttp.AdmitOptions{}),
	)(h)
}
