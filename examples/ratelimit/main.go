// Ratelimit shows replicas of a service that share one rate limit in Redis, and
// what happens to the limit while Redis is away.
//
//	go run ./examples/ratelimit
//
// Each replica is a limit.Token on a weirredis.Store with a client of its own
// (replica.go), and is asked for more than its share; together they are asked for
// twice the limit. Redis is embedded in the program. After half of the time it is
// killed, and started again after three quarters (store.go). A table says what
// each replica allows, second by second: first they share the limit as demand
// has it, then each falls back to its share and goes on by itself, then they are
// back. No caller sees an error.
//
// Flags:
//
//	-seconds N   how long all of it takes (default 12)
//	-rate N      the limit, in events per second of all replicas together (default 200);
//	             a tenth of it may come at once
//	-replicas N  how many replicas there are (default 2)
//	-redis addr  use the Redis at host:port instead of the embedded one, through a
//	             TCP proxy that is cut instead of killing the server
//	-json        print one JSON object on stdout, and the table on stderr
//
// In the JSON object, allowed counts the events of each replica and allowed_total
// all of them, of which degraded were allowed or refused while Redis was away, at_most
// is what the documentation of limit.FallbackLocal promises, and
// degraded_seconds says how long one replica at least was on its own. errors
// counts the errors that callers saw: none, or the program exits with 1.
//
// It exits with 0 when the run is complete, 1 if something failed, 2 on bad flags
// and 130 when interrupted.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/redis/go-redis/v9"

	"github.com/weirgo/weir/examples/internal/program"
)

func main() {
	redis.SetLogger(silent{})
	example().Main()
}

// silent keeps go-redis from writing between the lines of the table that Redis is
// away: that is the point.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func example() program.Program {
	var o options
	return program.Program{
		Name:  "ratelimit",
		Flags: func(fs *flag.FlagSet) { o.define(fs) },
		Check: o.check,
		Run: func(ctx context.Context, out io.Writer) (program.Result, error) {
			res, err := experiment(ctx, o, &board{out: out})
			if err == nil && res.Errors > 0 {
				err = fmt.Errorf("callers saw %d errors", res.Errors)
			}
			return res, err
		},
	}
}
