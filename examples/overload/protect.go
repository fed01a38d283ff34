package main

import (
	"net/http"

	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/load"
	"github.com/weirgo/weir/weirhttp"
)

// protect is all that a service adds to survive the overload. There is nothing in it
// that had to be measured or guessed, and it is the same in each scenario.
//
// The shedder finds out how many requests the backend works on at a time, lets in a
// few more, so that it never lacks work, and refuses the others at once, while there
// is still time to ask somebody else.
//
// The breaker is inside the shedder, where it sees only what the backend did: it
// opens when the backend fails, not when the shedder refuses. The timeout is
// outside both, for the shedder goes by the deadline in the context.
func protect(p plan, h http.Handler) http.Handler {
	shedder := load.New(load.Options{Name: "server"})
	backend := breaker.New(breaker.Options{Name: "backend"})
	return weirhttp.Chain(
		weirhttp.Recover(weirhttp.RecoverOptions{}),
		weirhttp.Timeout(p.deadline),
		weirhttp.Admit(shedder, weirhttp.AdmitOptions{}),
		weirhttp.Admit(backend, weirhttp.AdmitOptions{}),
	)(h)
}
