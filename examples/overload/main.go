// Overload shows what happens to an HTTP server when more work arrives than it
// can do, once as it is and once behind Weir.
//
//	go run ./examples/overload
//
// It starts a real server on the loopback interface that can do a known number of
// requests per second, wraps it in a few lines (protect.go), and sends it Poisson
// traffic from a client that does not wait for answers before it sends the next
// request (client.go). The load rises from half of what the server can do to three
// times that. At the end it prints a table and draws overload.svg.
//
// There are two scenarios:
//
//   - cpu: handlers burn CPU (core.go). They have a quota, as in a container, of a
//     quarter of a core, so that the client and whoever else wants the machine's
//     CPU do not slow them down. The capacity is measured before anything else:
//     what the bare server does for a few users who wait for each answer before
//     they ask again (capacity.go).
//   - slow-backend: handlers wait for one of ten workers, such as database
//     connections, and burn nothing (pool.go). The capacity is what these can do.
//
// Flags:
//
//	-scenario s  cpu (the default) or slow-backend
//	-seconds N   measure N seconds per step (default 5; there are eight steps,
//	             each preceded by a warm-up of a second that is not counted;
//	             up to four are repeated if the machine stands still meanwhile,
//	             none more than twice)
//	-svg path    where the picture goes (default overload.svg; "" for none)
//	-json        print one JSON object on stdout instead of the table
//
// In the JSON object, capacity and all rates are requests per second of the
// measured time. offered = goodput + refused + late, plus failed, a field that is
// there only if requests failed otherwise (which they should not). p50_ms and
// p99_ms say how long users waited, in milliseconds: for the answer, or until they
// hung up; refusals, which come at once, are left out. They are 0 if nobody waited.
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, isTerminal(os.Stderr))
	stop()
	os.Exit(code)
}

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, live bool) int {
	opts, err := parseFlags(args, stderr)
	if err != nil {
		return usageCode(err)
	}
	p := scenarios[opts.scenario]()
	p.measure = opts.measure

	scr := &screen{out: stderr, live: live}
	res, err := runPlan(ctx, p, scr)
	switch {
	case errors.Is(err, context.Canceled):
		scr.say("interrupted; nothing is left running")
		return 130
	case err != nil:
		scr.say("overload: " + err.Error())
		return 1
	}
	if err := deliver(opts, p, res, stdout, scr); err != nil {
		scr.say("overload: " + err.Error())
		return 1
	}
	return 0
}

// deliver writes what was asked for: the table or the JSON, and the picture.
func deliver(opts options, p plan, res result, stdout io.Writer, scr *screen) error {
	if opts.json {
		if err := json.NewEncoder(stdout).Encode(res); err != nil {
			return err
		}
	} else if _, err := fmt.Fprintf(stdout, "\n%s\n%s\n", table(p, res), verdict(p, res)); err != nil {
		return err
	}
	if opts.svg == "" {
		return nil
	}
	if err := os.WriteFile(opts.svg, picture(p, res), 0o644); err != nil {
		return err
	}
	scr.say("picture: " + opts.svg)
	return nil
}
