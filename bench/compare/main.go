// Compare runs Weir and its peers side by side, and says which of Weir's targets
// are met:
//
//	GOWORK=off go -C bench run ./compare -suite admission
//
// For each line of the suite it prints the median cost of every contender, and
// for each target the median of what the target compares. Its last line reads
//
//	met M of N: names of the missed
//
// A target is met if it is met at every setting of GOMAXPROCS. The exit status is
// 0 if all are met, 1 if one is missed, and 2 if nothing could be said: wrong
// arguments, or a contender that did not do the work it was timed at.
//
// Run it on a machine that does little else. Other load is left out of the figures
// as far as the system tells of it, and both sides of a ratio suffer alike from
// what remains; but a target in nanoseconds has no other side.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/weirgo/weir/bench/internal/suite"
)

func main() {
	os.Exit(run(os.Args[1:], suites(), os.Stdout, os.Stderr))
}

// Exit statuses.
const (
	allMet = iota
	someMissed
	noVerdict
)

func run(args []string, all []suite.Suite, stdout, stderr io.Writer) int {
	c, err := parse(args, all, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "compare:", err)
		return noVerdict
	}
	if c.list {
		return failed(c.suite.WriteList(stdout), stderr, allMet)
	}
	if c.json {
		return runJSON(c, stdout, stderr)
	}
	return runText(c, stdout, stderr)
}

func runText(c config, stdout, stderr io.Writer) int {
	writeHead(stdout, newHead(c))
	result, err := suite.Run(c.suite, c.options, func(b suite.Block) { b.WriteText(stdout) })
	if err != nil {
		return failed(err, stderr, noVerdict)
	}
	suite.WriteWithdrawn(stdout, result.Withdrawn)
	_, err = fmt.Fprintf(stdout, "\n%s\n", result.LastLine())
	return failed(err, stderr, status(result))
}

func runJSON(c config, stdout, stderr io.Writer) int {
	result, err := suite.Run(c.suite, c.options, func(suite.Block) {})
	if err != nil {
		return failed(err, stderr, noVerdict)
	}
	out := json.NewEncoder(stdout)
	out.SetEscapeHTML(false)
	return failed(out.Encode(struct {
		head
		suite.Result
	}{newHead(c), result}), stderr, status(result))
}

func status(r suite.Result) int {
	if r.Met < r.Total {
		return someMissed
	}
	return allMet
}

// failed returns otherwise if err is nil.
func failed(err error, stderr io.Writer, otherwise int) int {
	if err == nil {
		return otherwise
	}
	fmt.Fprintln(stderr, "compare:", err)
	return noVerdict
}
