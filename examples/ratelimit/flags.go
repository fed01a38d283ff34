package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"time"
)

const (
	minSeconds  = 0.5
	maxSeconds  = 600
	maxRate     = 10_000
	maxReplicas = 8 // columns that fit on a screen
)

type options struct {
	length   time.Duration
	rate     int
	replicas int
	redis    string
	json     bool
}

// burst is how many events may come at once.
func (o options) burst() int { return max(1, o.rate/10) }

func parseFlags(args []string, stderr io.Writer) (options, error) {
	fs := flag.NewFlagSet("ratelimit", flag.ContinueOnError)
	fs.SetOutput(stderr)
	var o options
	seconds := fs.Float64("seconds", 12, "how long all of it takes")
	fs.IntVar(&o.rate, "rate", 200, "events per second of all replicas together")
	fs.IntVar(&o.replicas, "replicas", 2, "how many replicas share the limit")
	fs.StringVar(&o.redis, "redis", "", "host:port of a Redis to use instead of the embedded one")
	fs.BoolVar(&o.json, "json", false, "print one JSON object on stdout, the table on stderr")
	if err := fs.Parse(args); err != nil {
		return options{}, err
	}
	if err := check(fs, o, *seconds); err != nil {
		fmt.Fprintln(stderr, "ratelimit:", err)
		return options{}, err
	}
	o.length = time.Duration(*seconds * float64(time.Second))
	return o, nil
}

func check(fs *flag.FlagSet, o options, seconds float64) error {
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; all options are flags", fs.Arg(0))
	}
	// Written so that NaN fails too.
	if !(seconds >= minSeconds && seconds <= maxSeconds) {
		return fmt.Errorf("-seconds must be between %v and %d, not %v", minSeconds, maxSeconds, seconds)
	}
	if o.rate < 1 || o.rate > maxRate {
		return fmt.Errorf("-rate must be between 1 and %d, not %d", maxRate, o.rate)
	}
	if o.replicas < 1 || o.replicas > maxReplicas {
		return fmt.Errorf("-replicas must be between 1 and %d, not %d", maxReplicas, o.replicas)
	}
	if o.redis == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(o.redis); err != nil {
		return fmt.Errorf("-redis: %w", err)
	}
	return nil
}

// usageCode is the exit code for an error of parseFlags: asking for help is fine.
func usageCode(err error) int {
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	return 2
}
