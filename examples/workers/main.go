// Workers makes a backup: it hashes chunks of data, several at a time and yet in
// their order, with a threading.StableRunner, and then compresses them on a
// threading.TaskRunner.
//
//	go run ./examples/workers
//
// The data is made up as it goes. The hash of each chunk goes into one manifest,
// which has them in the order of the data. To compress takes longer than to hash,
// so the queue of the TaskRunner fills, whoever schedules waits for room, and by
// that the StableRunner and the source of the data slow down: memory stays bounded.
//
// Hashing chunk 3 panics, and so does compressing chunk 5. The first panic is an
// error in the place of that chunk, the second one is counted and reported; all
// other chunks are complete. A table says, second by second, how many chunks were
// hashed and compressed, how many tasks run and wait, and how many have panicked.
//
// Flags:
//
//	-workers N  how many goroutines each of the two runners has (default GOMAXPROCS)
//	-seconds N  how long it takes (default 5)
//	-json       print one JSON object on stdout, and the table on stderr
//
// It exits with 0 when the backup is complete but for the two chunks, 1 if
// something failed, 2 on bad flags and 130 when interrupted.
package main

import (
	"context"
	"flag"
	"io"
	"runtime"
	"time"

	"github.com/weirgo/weir/examples/internal/program"
)

func main() { newProgram().Main() }

type options struct {
	workers int
	seconds float64
}

func newProgram() program.Program {
	var o options
	return program.Program{
		Name: "workers",
		Flags: func(fs *flag.FlagSet) {
			fs.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "how many goroutines each of the two runners has")
			fs.Float64Var(&o.seconds, "seconds", 5, "how long it takes")
		},
		Check: func() error { return o.check() },
		Run: func(ctx context.Context, out io.Writer) (program.Result, error) {
			return o.run(ctx, out)
		},
	}
}

func (o options) check() error {
	if err := program.Between("workers", o.workers, 1, 1000); err != nil {
		return err
	}
	return program.Between("seconds", o.seconds, 0.5, 600)
}

func (o options) length() time.Duration { return time.Duration(o.seconds * float64(time.Second)) }
