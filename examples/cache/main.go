// Cache shows two levels of caches in front of a slow database, and what they
// spare it, also while one of them is away.
//
//	go run ./examples/cache
//
// Two replicas of a service look users up, some of whom do not exist. Each has a
// cache.Cache in its memory; both share a weirredis.Cache in a Redis that is
// embedded in the program; behind that is a database that takes 20 ms for a query
// and can do eight at a time (database.go). Callers choose users as they are
// chosen in life: a few of them very often. A table says, second by second, who
// answered. After half of the time Redis is killed, and started again after three
// quarters: the levels left do its work. No caller sees an error.
//
// Flags:
//
//	-seconds N  how long all of it takes (default 8)
//	-users N    how many users there are (default 10,000)
//	-callers N  how many ask at a time, per replica (default 16)
//	-json       print one JSON object on stdout, and the table on stderr
//
// In the JSON object, requests is how many answers callers got, memory, redis and
// queries is who gave them, and without_caches is how many answers the database
// alone could have given. errors counts the errors that callers saw: none, or the
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
	users   int
	callers int
}

func (o options) length() time.Duration { return time.Duration(o.seconds * float64(time.Second)) }

func newProgram() program.Program {
	var o options
	return program.Program{
		Name: "cache",
		Flags: func(fs *flag.FlagSet) {
			fs.Float64Var(&o.seconds, "seconds", 8, "how long all of it takes")
			fs.IntVar(&o.users, "users", 10_000, "how many users there are")
			fs.IntVar(&o.callers, "callers", 16, "how many ask at a time, per replica")
		},
		Check: func() error { return o.check() },
		Run: func(ctx context.Context, out io.Writer) (program.Result, error) {
			return o.run(ctx, out)
		},
	}
}

func (o options) check() error {
	for _, err := range []error{
		program.Between("seconds", o.seconds, 0.5, 600),
		program.Between("users", o.users, 10, 10_000_000),
		program.Between("callers", o.callers, 1, 1000),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}
