package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// maxSeconds keeps a step short enough that its samples fit in memory.
const maxSeconds = 600

type options struct {
	scenario string
	measure  time.Duration
	svg      string
	json     bool
}

// parseFlags reads the command line. Whatever is wrong with it, it says so on
// stderr, now: a run takes most of a minute.
func parseFlags(args []string, stderr io.Writer) (options, error) {
	fs := flag.NewFlagSet("overload", flag.ContinueOnError)
	fs.SetOutput(stderr)
	scenario := fs.String("scenario", cpu, "what limits the server: cpu or slow-backend")
	seconds := fs.Float64("seconds", 5, "how long each of the eight steps is measured")
	svg := fs.String("svg", "overload.svg", "where the picture goes; empty for none")
	asJSON := fs.Bool("json", false, "print one JSON object on stdout instead of the table")
	if err := fs.Parse(args); err != nil {
		return options{}, err
	}
	err := check(fs, *scenario, *seconds, *svg)
	if err != nil {
		fmt.Fprintln(stderr, "overload:", err)
		return options{}, err
	}
	measure := time.Duration(*seconds * float64(time.Second))
	return options{scenario: *scenario, measure: measure, svg: *svg, json: *asJSON}, nil
}

func check(fs *flag.FlagSet, scenario string, seconds float64, svg string) error {
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; all options are flags", fs.Arg(0))
	}
	if scenarios[scenario] == nil {
		return fmt.Errorf("-scenario must be %s or %s, not %q", cpu, slowBackend, scenario)
	}
	// Written so that NaN fails too.
	if !(seconds >= 0.1 && seconds <= maxSeconds) {
		return fmt.Errorf("-seconds must be between 0.1 and %d, not %v", maxSeconds, seconds)
	}
	if svg == "" {
		return nil
	}
	if dir, err := os.Stat(filepath.Dir(svg)); err != nil || !dir.IsDir() {
		return fmt.Errorf("-svg: %s is not a directory", filepath.Dir(svg))
	}
	if file, err := os.Stat(svg); err == nil && file.IsDir() {
		return fmt.Errorf("-svg: %s is a directory", svg)
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
