// Ingest is an HTTP server that takes lines and acknowledges them once they are on the
// disk, with many requests to an fsync: group commit, with executors.Bulk.
//
//	go run ./examples/ingest
//
// POST /lines takes some lines and puts them into a Bulk, as one item. Its handler
// appends a batch of such posts to a file, syncs that, and then tells each post, for
// which the request has waited (server.go has all of this, and is what to copy). The
// Bulk fills the next batch meanwhile, so the disk is never asked for more syncs than
// it can do, and the more requests there are, the more of them share one.
//
// The program starts this server as a process, has callers post lines to it, and twice
// kills it in the midst of that and starts it again. A caller posts its lines again
// until they are acknowledged. In turns with that the same number of callers post to a
// server that syncs the file for each request. In the end all lines that were ever
// acknowledged are looked for in the file: none may be lost.
//
// The server that syncs for each request is not as slow as one would think: a file system
// such as ext4 does together what is to be synced at the same time. Grouping needs some 30
// times fewer fsyncs, which pays the more the slower the disk is, or the more others use it.
//
// Lines are in the file at least once. They are there twice if the server was killed
// after it had synced them and before its answer arrived, as the caller cannot know and
// posts them again. So it is with -kill 9, now and then; kill -TERM makes no such lines,
// as the server then answers all that it has begun. Lines that were not acknowledged may
// be in the file, too. To have them there exactly once, a server
// would have to know the posts that it has, by a number that callers give them.
//
// A process that is killed has not lost what it wrote to a file, synced or not. So the
// run with -kill 9 shows that nothing is acknowledged which is only in the memory of
// the process; it cannot show what happens when the power fails. That is what fsync is
// for.
//
// A table says, in turns, how many lines were acknowledged, how many there were to an
// fsync, how long a post took, and how many were answered 503 (no room), 500 (could not
// be written), or not at all. With -fail 3 every third fsync fails; a batch is then
// written again, up to -attempts times, before its posts are answered 500.
//
// Flags:
//
//	-seconds N   how long it takes (default 5)
//	-callers N   how many callers there are (default 64)
//	-lines N     how many lines each post has (default 10)
//	-kill N      the signal that ends the server, 15 or 9 (default 15; on Windows 15 is
//	             the end of its stdin)
//	-naive       post to a server that syncs for each request as well (default true)
//	-dir D       where the files are made, and removed in the end (default that of the
//	             system; where it is in memory, an fsync costs nothing)
//	-json        print one JSON object on stdout, and the table on stderr
//
// and for the server:
//
//	-size N      how many posts make a batch (default 256)
//	-interval D  the longest that a post waits for its batch to fill (default 2ms)
//	-pending N   how many posts may be under way, all others are refused (default 1024)
//	-attempts N  how often to try a batch (default 3)
//	-fail N      have every Nth fsync fail, 0: none (default 0)
//
// It exits with 0 when no line was lost, 1 if one was or something failed, 2 on bad
// flags and 130 when interrupted.
//
// The server alone, until SIGTERM:
//
//	go run ./examples/ingest serve -addr 127.0.0.1:8080 -file lines.log
//	curl --data-binary $'one\ntwo\n' http://127.0.0.1:8080/lines
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/weirgo/weir/examples/internal/program"
)

func main() {
	if args := os.Args[1:]; len(args) > 0 && args[0] == "serve" {
		os.Exit(newServing(os.Stdin).Execute(context.Background(), args[1:], os.Stdout, os.Stderr))
	}
	newProgram().Main()
}

type options struct {
	settings
	seconds float64
	callers int
	lines   int
	kill    int
	naive   bool
	dir     string
}

func newProgram() program.Program {
	var o options
	return program.Program{
		Name: "ingest",
		Flags: func(fs *flag.FlagSet) {
			o.settings.flags(fs)
			fs.Float64Var(&o.seconds, "seconds", 5, "how long it takes")
			fs.IntVar(&o.callers, "callers", 64, "how many callers there are")
			fs.IntVar(&o.lines, "lines", 10, "how many lines each post has")
			fs.IntVar(&o.kill, "kill", sigTERM, "the signal that ends the server, 15 or 9")
			fs.BoolVar(&o.naive, "naive", true, "post to a server that syncs for each request as well")
			fs.StringVar(&o.dir, "dir", "", "where the files are made")
		},
		Check: func() error { return o.check() },
		Run: func(ctx context.Context, out io.Writer) (program.Result, error) {
			return o.run(ctx, out)
		},
	}
}

const (
	sigKILL = 9
	sigTERM = 15
)

func (o options) check() error {
	for _, err := range []error{
		o.settings.check(),
		program.Between("seconds", o.seconds, 0.5, 120),
		program.Between("callers", o.callers, 1, 10_000),
		program.Between("lines", o.lines, 1, 1000), // which fit in a body
	} {
		if err != nil {
			return err
		}
	}
	if o.kill != sigKILL && o.kill != sigTERM {
		return fmt.Errorf("-kill must be %d or %d, not %d", sigTERM, sigKILL, o.kill)
	}
	if o.dir == "" {
		return nil
	}
	if dir, err := os.Stat(o.dir); err != nil || !dir.IsDir() {
		return errors.Join(fmt.Errorf("-dir: %s is not a directory", o.dir), err)
	}
	return nil
}

func (o options) length() time.Duration { return time.Duration(o.seconds * float64(time.Second)) }

// settings are those of a server that groups.
type settings struct {
	size     int
	interval time.Duration
	pending  int
	attempts int
	fail     int
}

func (s *settings) flags(fs *flag.FlagSet) {
	fs.IntVar(&s.size, "size", 256, "how many posts make a batch")
	fs.DurationVar(&s.interval, "interval", 2*time.Millisecond, "the longest that a post waits for its batch to fill")
	fs.IntVar(&s.pending, "pending", 1024, "how many posts may be under way")
	fs.IntVar(&s.attempts, "attempts", 3, "how often to try a batch")
	fs.IntVar(&s.fail, "fail", 0, "have every Nth fsync fail; 0: none")
}

// args are flags that say the same.
func (s settings) args() []string {
	return []string{
		"-size", strconv.Itoa(s.size), "-interval", s.interval.String(), "-pending", strconv.Itoa(s.pending),
		"-attempts", strconv.Itoa(s.attempts), "-fail", strconv.Itoa(s.fail),
	}
}

func (s settings) check() error {
	for _, err := range []error{
		program.Between("size", s.size, 1, 100_000),
		program.Between("interval", s.interval.Seconds(), 1e-6, 60),
		program.Between("pending", s.pending, 1, 1_000_000),
		program.Between("attempts", s.attempts, 1, 100),
		program.Between("fail", s.fail, 0, 1_000_000_000),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}
