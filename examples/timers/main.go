// Timers keeps a million sessions, each with a timeout of its own, in one
// collection.TimingWheel.
//
//	go run ./examples/timers
//
// Every session has a key and expires after its timeout, unless it is used before.
// Half of them are in use: goroutines pick one after another and set its timeout
// anew. The other half expires little by little. A table says, second by second,
// how many are pending, how many timeouts were set and how many fired, how late
// they were, and what it all takes: memory, goroutines, processor time. In the
// end the sessions that are left are drained.
//
// Flags:
//
//	-sessions N  how many sessions there are (default 1,000,000)
//	-seconds N   how long it takes until unused sessions have expired (default 10)
//	-tick D      how exact timeouts are (default 10ms)
//	-rate N      sessions used per second (default 200,000)
//	-json        print one JSON object on stdout, and the table on stderr
//
// In the JSON object, early counts timeouts that fired too early: none, or the
// program exits with 1.
//
// It exits with 0 when the run is complete, 1 if something failed, 2 on bad flags
// and 130 when interrupted.
package main

import (
	"context"
	"flag"
	"io"
	"time"

	"github.com/weirgo/weir/examples/internal/program"
)

func main() { newProgram().Main() }

type options struct {
	sessions int
	seconds  float64
	tick     time.Duration
	rate     int
}

func newProgram() program.Program {
	var o options
	return program.Program{
		Name: "timers",
		Flags: func(fs *flag.FlagSet) {
			fs.IntVar(&o.sessions, "sessions", 1_000_000, "how many sessions there are")
			fs.Float64Var(&o.seconds, "seconds", 10, "how long it takes until unused sessions have expired")
			fs.DurationVar(&o.tick, "tick", 10*time.Millisecond, "how exact timeouts are")
			fs.IntVar(&o.rate, "rate", 200_000, "sessions used per second")
		},
		Check: func() error { return o.check() },
		Run: func(ctx context.Context, out io.Writer) (program.Result, error) {
			return o.run(ctx, out)
		},
	}
}

func (o options) check() error {
	for _, err := range []error{
		program.Between("sessions", o.sessions, 2, 10_000_000),
		program.Between("seconds", o.seconds, 0.5, 600),
		program.Between("tick", o.tick.Seconds(), 1e-3, 1),
		program.Between("rate", o.rate, 1, 1_000_000),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}
