package program_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"testing"

	"github.com/weirgo/weir/examples/internal/program"
)

type answer struct {
	N int `json:"n"`
}

func (a answer) Verdict() string { return fmt.Sprintf("It is %d.", a.N) }

// execute runs a program whose -n must be positive, and fails if it is 13.
func execute(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	n := 0
	p := program.Program{
		Name:  "example",
		Flags: func(fs *flag.FlagSet) { fs.IntVar(&n, "n", 1, "a number") },
		Check: func() error { return program.Between("n", n, 1, 100) },
		Run: func(_ context.Context, out io.Writer) (program.Result, error) {
			fmt.Fprintln(out, "working")
			if n == 13 {
				return nil, errors.New("no luck")
			}
			return answer{n}, nil
		},
	}
	var out, err bytes.Buffer
	code = p.Execute(ctx, args, &out, &err)
	return code, out.String(), err.String()
}

func TestAProgramEndsWithItsVerdict(t *testing.T) {
	code, stdout, stderr := execute(t.Context(), "-n", "7")
	if code != 0 || stdout != "working\n\nIt is 7.\n" || stderr != "" {
		t.Errorf("%d, %q, %q", code, stdout, stderr)
	}
}

func TestJSONStandsAloneOnStdout(t *testing.T) {
	code, stdout, stderr := execute(t.Context(), "-json")
	if code != 0 || stdout != "{\"n\":1}\n" || stderr != "working\n" {
		t.Errorf("%d, %q, %q", code, stdout, stderr)
	}
}

func TestAFailureIsSaidAndExitsWithOne(t *testing.T) {
	code, stdout, stderr := execute(t.Context(), "-n", "13")
	if code != 1 || stdout != "working\n" || stderr != "example: no luck\n" {
		t.Errorf("%d, %q, %q", code, stdout, stderr)
	}
}

func TestBadFlagsExitWithTwoAndNothingRuns(t *testing.T) {
	for _, args := range [][]string{{"-n", "0"}, {"-n", "x"}, {"-unknown"}, {"more"}} {
		if code, stdout, stderr := execute(t.Context(), args...); code != 2 || stdout != "" || stderr == "" {
			t.Errorf("%q: %d, %q, %q", args, code, stdout, stderr)
		}
	}
}

func TestHelpIsNoError(t *testing.T) {
	if code, _, stderr := execute(t.Context(), "-h"); code != 0 || stderr == "" {
		t.Errorf("%d, %q", code, stderr)
	}
}

func TestAnInterruptExitsWith130(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code, _, _ := execute(ctx); code != 130 {
		t.Errorf("exit code %d", code)
	}
}

func TestNaNIsBetweenNothing(t *testing.T) {
	if program.Between("x", math.NaN(), 0, 1) == nil {
		t.Error("it is")
	}
}
