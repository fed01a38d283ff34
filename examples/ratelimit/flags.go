package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"time"

	"github.com/weirgo/weir/examples/internal/program"
)

const (
	minSeconds  = 0.5
	maxSeconds  = 600
	maxRate     = 10_000
	maxReplicas = 8 // columns that fit on a screen
)

type options struct {
	seconds  float64
	rate     int
	replicas int
	redis    string
}

// length is how long all of it takes.
func (o options) length() time.Duration { return time.Duration(o.seconds * float64(time.Second)) }

// burst is how many events may come at once.
func (o options) burst() int { return max(1, o.rate/10) }

func (o *options) define(fs *flag.FlagSet) {
	fs.Float64Var(&o.seconds, "seconds", 12, "how long all of it takes")
	fs.IntVar(&o.rate, "rate", 200, "events per second of all replicas together")
	fs.IntVar(&o.replicas, "replicas", 2, "how many replicas share the limit")
	fs.StringVar(&o.redis, "redis", "", "host:port of a Redis to use instead of the embedded one")
}

func (o *options) check() error {
	return errors.Join(
		program.Between("seconds", o.seconds, minSeconds, maxSeconds),
		program.Between("rate", o.rate, 1, maxRate),
		program.Between("replicas", o.replicas, 1, maxReplicas),
		o.checkRedis(),
	)
}

func (o *options) checkRedis() error {
	if o.redis == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(o.redis); err != nil {
		return fmt.Errorf("-redis: %w", err)
	}
	return nil
}
