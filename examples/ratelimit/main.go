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
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/redis/go-redis/v9"
)

func main() {
	redis.SetLogger(silent{})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// silent keeps go-redis from writing between the lines of the table that Redis is
// away: that is the point.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	opts, err := parseFlags(args, stderr)
	if err != nil {
		return usageCode(err)
	}
	out := stdout
	if opts.json {
		out = stderr
	}
	res, err := experiment(ctx, opts, &board{out: out})
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "interrupted; nothing is left running")
		return 130
	case err == nil && res.Errors > 0:
		err = fmt.Errorf("callers saw %d errors", res.Errors)
	}
	if err == nil {
		err = deliver(opts, res, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "ratelimit:", err)
		return 1
	}
	return 0
}

func deliver(opts options, res result, stdout io.Writer) error {
	if opts.json {
		return json.NewEncoder(stdout).Encode(res)
	}
	_, err := fmt.Fprintf(stdout, "\n%s\n", verdict(res))
	return err
}
