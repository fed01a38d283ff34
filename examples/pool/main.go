// Pool keeps TCP connections to an echo server in a syncx.Pool, while the server
// is restarted in the middle of it.
//
//	go run ./examples/pool
//
// Callers send a line each and read it back, on a connection that the pool lends
// them. Twice the server goes away with all its connections, and comes back at the
// same port a moment later. Who was using one of them gets an error, discards the
// connection and tries once more with a new one. From the first such error on the
// pool finds the old ones unhealthy, so that no second attempt meets one of them.
// Who is to make a connection waits until the server is there again.
//
// A table says, second by second, how many lines were echoed, how many had to be
// sent again, and what the pool has: connections open and lent, callers who wait,
// connections made and destroyed.
//
// Flags:
//
//	-callers N  how many callers there are (default 32)
//	-conns N    how many connections there may be (default 8)
//	-seconds N  how long it takes (default 6)
//	-json       print one JSON object on stdout, and the table on stderr
//
// It exits with 0 when no error has reached a caller, 1 if one has or something
// else failed, 2 on bad flags and 130 when interrupted.
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
	callers int
	conns   int
	seconds float64
}

func newProgram() program.Program {
	var o options
	return program.Program{
		Name: "pool",
		Flags: func(fs *flag.FlagSet) {
			fs.IntVar(&o.callers, "callers", 32, "how many callers there are")
			fs.IntVar(&o.conns, "conns", 8, "how many connections there may be")
			fs.Float64Var(&o.seconds, "seconds", 6, "how long it takes")
		},
		Check: func() error { return o.check() },
		Run: func(ctx context.Context, out io.Writer) (program.Result, error) {
			return o.run(ctx, out)
		},
	}
}

func (o options) check() error {
	for _, err := range []error{
		program.Between("callers", o.callers, 1, 10_000),
		program.Between("conns", o.conns, 1, 1000),
		program.Between("seconds", o.seconds, 0.5, 600),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func (o options) length() time.Duration { return time.Duration(o.seconds * float64(time.Second)) }
