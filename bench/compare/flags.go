package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/weirgo/weir/bench/internal/suite"
)

// config is what the arguments ask for.
type config struct {
	suite   suite.Suite
	options suite.Options
	json    bool
	list    bool
}

// parse reads the arguments. It writes the usage to stderr where the flags are
// wrong.
func parse(args []string, all []suite.Suite, stderr io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(stderr)
	name := flags.String("suite", "", "what to measure: "+names(all))
	only := flags.String("only", "", "measure only the lines whose name contains this")
	cpus := flags.String("cpu", "1,2", "settings of GOMAXPROCS, separated by commas")
	flags.IntVar(&c.options.Rounds, "rounds", 7, "how often each contender is measured")
	flags.DurationVar(&c.options.Time, "time", 100*time.Millisecond, "how long one measurement takes")
	flags.BoolVar(&c.json, "json", false, "print one JSON object and nothing else")
	flags.BoolVar(&c.list, "list", false, "print what would be measured, and measure nothing")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	var err error
	switch c.options.CPUs, err = parseCPUs(*cpus); {
	case err != nil:
		return c, err
	case flags.NArg() > 0:
		return c, fmt.Errorf("unknown argument %q", flags.Arg(0))
	case c.options.Rounds < 1:
		return c, errors.New("-rounds must be at least 1")
	case c.options.Time <= 0:
		return c, errors.New("-time must be more than 0")
	}
	c.suite, err = pick(all, *name, *only)
	return c, err
}

func parseCPUs(list string) (cpus []int, err error) {
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-cpu: %q is not a number above 0", field)
		}
		cpus = append(cpus, n)
	}
	return cpus, nil
}

// pick returns the suite of that name, cut down to the lines asked for.
func pick(all []suite.Suite, name, only string) (suite.Suite, error) {
	for _, s := range all {
		if s.Name != name {
			continue
		}
		var lines []suite.Line
		for _, line := range s.Lines {
			if strings.Contains(line.Name, only) {
				lines = append(lines, line)
			}
		}
		if len(lines) == 0 && len(s.Lines) > 0 {
			return s, fmt.Errorf("-only: no line of %s contains %q", name, only)
		}
		s.Lines = lines
		return s, nil
	}
	return suite.Suite{}, fmt.Errorf("-suite must be one of: %s", names(all))
}

func names(all []suite.Suite) string {
	var list []string
	for _, s := range all {
		list = append(list, s.Name)
	}
	return strings.Join(list, ", ")
}
