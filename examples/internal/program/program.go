// Package program is what the examples have in common: flags, a table on the
// screen or one JSON object for machines, and exit codes.
package program

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// A Program is one example.
type Program struct {
	Name string
	// Flags defines the flags besides -json.
	Flags func(*flag.FlagSet)
	// Check says what is wrong with their values; nil if nothing can be.
	Check func() error
	// Run does it. What it prints to out is for people. It must leave nothing
	// running, also when ctx ends it early.
	Run func(ctx context.Context, out io.Writer) (Result, error)
}

// A Result is printed at the end: by what it says, or with -json as a JSON object.
type Result interface{ Verdict() string }

// Main runs the program and ends the process: with 0 when the run was complete, 1
// if something failed, 2 on bad flags and 130 when interrupted.
func (p Program) Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := p.Execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Execute is Main without the process: it returns the exit code.
func (p Program) Execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	asJSON, err := p.parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	out := stdout
	if asJSON {
		out = stderr
	}
	result, err := p.Run(ctx, out)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "interrupted; nothing is left running")
		return 130
	case err == nil && asJSON:
		err = json.NewEncoder(stdout).Encode(result)
	case err == nil:
		_, err = fmt.Fprintf(stdout, "\n%s\n", result.Verdict())
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", p.Name, err)
		return 1
	}
	return 0
}

func (p Program) parse(args []string, stderr io.Writer) (asJSON bool, err error) {
	fs := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.BoolVar(&asJSON, "json", false, "print one JSON object on stdout, and all else on stderr")
	if p.Flags != nil {
		p.Flags(fs)
	}
	if err := fs.Parse(args); err != nil {
		return false, err // which has been printed
	}
	switch {
	case fs.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q; all options are flags", fs.Arg(0))
	case p.Check != nil:
		err = p.Check()
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", p.Name, err)
	}
	return asJSON, err
}

// Between returns an error unless low <= x <= high; a NaN is not.
func Between[T int | float64](name string, x, low, high T) error {
	if x >= low && x <= high {
		return nil
	}
	return fmt.Errorf("-%s must be between %v and %v, not %v", name, low, high, x)
}
