// Gateway shows all guards of Weir at once, in a system that is overloaded and of
// which one part after another fails.
//
//	go run ./examples/gateway
//
// An HTTP gateway asks a gRPC service what things cost. Before that it asks a
// limiter in Redis whether the user has not asked too often. All of it is real and
// runs in this process, over the loopback interface:
//
//	users -> gateway (gateway.go) -> 3 backends (backend.go, service.go)
//	              \-> Redis (world.go, embedded)
//
// Each backend has a few workers, so that the capacity of the whole is known. The
// load is Poisson traffic from users who do not wait for each other; one of them
// sends much more than the others, and more than anybody is allowed (client.go).
// A plan (plan.go) goes through calm, an overload, a slow backend, one that is killed,
// then Redis killed as well, and the end of all troubles. For each phase, the table
// has what became of the requests, per second: how many users sent, how many were answered in
// time, and too late; who refused how many: the rate limit (429), the gateway's
// shedder, its breaker, or a backend's own shedder (503); and how many failed in any
// other way. Then how long users waited for answers, and which share of the calls
// the balancer sent to each backend.
//
// The guards have the options that a user would set, and no others: how much a user
// may ask for, how long an answer may take, and names.
//
// Flags:
//
//	-seconds N  how long each phase lasts (default 5)
//	-load X     in place of the plan, X times the capacity, with a row per second;
//	            0.1 to 5
//	-json       print one JSON object on stdout, and the table on stderr
//
// In the JSON object, capacity and all rates are per second. broken says in words
// what did not happen as it should (plan.go): nothing, on a machine that has a
// processor to spare. failed counts the requests of all phases that were neither
// answered nor refused nor too late: none, on any machine.
//
// It exits with 0 when the run is complete, 1 if something failed, 2 on bad flags
// and 130 when interrupted.
package main

import (
	"context"
	"flag"
	"io"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/weirgo/weir/examples/internal/program"
)

func main() {
	redis.SetLogger(silent{})
	newProgram().Main()
}

// silent keeps go-redis from writing between the lines of the table that Redis is
// away: that is the point.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

type options struct {
	seconds float64
	load    float64 // 0 is the plan
}

func (o options) length() time.Duration { return time.Duration(o.seconds * float64(time.Second)) }

func newProgram() program.Program {
	var o options
	return program.Program{
		Name: "gateway",
		Flags: func(fs *flag.FlagSet) {
			fs.Float64Var(&o.seconds, "seconds", 5, "how long each phase lasts")
			fs.Float64Var(&o.load, "load", 0, "how many times the capacity, in place of the plan")
		},
		Check: func() error { return o.check() },
		Run: func(ctx context.Context, out io.Writer) (program.Result, error) {
			return o.run(ctx, out)
		},
	}
}

func (o options) check() error {
	if err := program.Between("seconds", o.seconds, 0.5, 600); err != nil {
		return err
	}
	if o.load == 0 {
		return nil
	}
	return program.Between("load", o.load, 0.1, 5)
}
