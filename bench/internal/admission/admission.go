// Package admission compares what guards work: circuit breakers, concurrency
// limits, load shedders, and the chain of HTTP middlewares made of them.
//
// All contenders of a line call the same empty functions with the same context,
// and are configured alike where they can be: windows of 10 s, breakers that open
// at half of the calls failing, limits of 100. A breaker that is measured while it
// admits has seen nothing but successes, one that is measured while it refuses was
// opened by failures right before; the suite fails if it then does anything else. A
// shedder that is measured under overload has callers who fill it up to its limit and
// ask for more, and the suite fails if it takes in more and more, or hardly anybody.
package admission

import (
	"context"
	"errors"

	"github.com/weirgo/weir/bench/internal/suite"
)

// Suite returns the suite. Nothing is made before a line is measured.
func Suite() suite.Suite {
	return suite.Suite{
		Name:  "admission",
		About: "breakers, concurrency limits, load shedders, and an HTTP chain of them",
		Lines: []suite.Line{
			breakerSuccess(),
			breakerRefusal(),
			breakerMemory(),
			concurrencyFree(),
			shedderCalm(),
			shedderOverloaded(),
			shedderMix(),
			shedderRefusal(),
			httpChain(),
		},
		Withdrawn: withdrawn(),
	}
}

// withdrawn lists modules that would belong here. They were asked for once more
// when the versions of go.mod were pinned.
func withdrawn() []suite.Withdrawn {
	const why = "the module proxy answers: this module version is not available"
	return []suite.Withdrawn{
		{Module: "github.com/cep21/circuit/v4", Why: why},
		{Module: "github.com/mercari/go-circuitbreaker", Why: why},
		{Module: "github.com/alibaba/sentinel-golang", Why: why},
		{Module: "github.com/platinummonkey/go-concurrency-limits", Why: why},
		{Module: "github.com/slok/goresilience", Why: why},
		{Module: "github.com/bradenaw/backpressure", Why: why},
	}
}

var errDown = errors.New("down")

// The guarded work, in the shapes that contenders want it in.
func works() error                    { return nil }
func worksCtx(context.Context) error  { return nil }
func worksValue() (struct{}, error)   { return struct{}{}, nil }
func breaks() error                   { return errDown }
func breaksCtx(context.Context) error { return errDown }
func breaksValue() (struct{}, error)  { return struct{}{}, errDown }
