package weir_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

func TestClassifyFollowsItsTable(t *testing.T) {
	wrap := func(err error) error { return fmt.Errorf("call: %w", err) }
	for name, c := range map[string]struct {
		err  error
		want weir.Outcome
	}{
		"nil":                            {nil, weir.Success},
		"cancelled":                      {context.Canceled, weir.Ignored},
		"cancelled, wrapped twice":       {wrap(wrap(context.Canceled)), weir.Ignored},
		"refused":                        {weir.ErrRejected, weir.Ignored},
		"refused by a guard":             {weir.NewRejection("x: full"), weir.Ignored},
		"refused, wrapped":               {wrap(weir.NewRejection("x: full")), weir.Ignored},
		"deadline":                       {context.DeadlineExceeded, weir.Failure},
		"deadline, wrapped":              {wrap(context.DeadlineExceeded), weir.Failure},
		"another error":                  {io.ErrUnexpectedEOF, weir.Failure},
		"another error with a like text": {errors.New("context canceled"), weir.Failure},
		"cancelled and failed":           {errors.Join(io.EOF, context.Canceled), weir.Ignored},
		"cancelled and late":             {errors.Join(context.DeadlineExceeded, context.Canceled), weir.Ignored},
		"refused and late":               {errors.Join(context.DeadlineExceeded, weir.ErrRejected), weir.Ignored},
		"late and failed":                {errors.Join(io.EOF, context.DeadlineExceeded), weir.Failure},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, weir.Classify(c.err)) })
	}
}

func TestOutcomeNames(t *testing.T) {
	for o, want := range map[weir.Outcome]string{
		weir.Success: "success", weir.Failure: "failure", weir.Ignored: "ignored",
		weir.Overloaded: "overloaded", 4: "outcome(4)", 255: "outcome(255)",
	} {
		require.Equal(t, want, o.String())
	}
}

func TestZeroOutcomeIsSuccess(t *testing.T) {
	var o weir.Outcome
	require.Equal(t, weir.Success, o)
}

func TestKindNames(t *testing.T) {
	require.Equal(t, "gauge", weir.Gauge.String())
	require.Equal(t, "counter", weir.Counter.String())
}
