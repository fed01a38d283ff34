package weir_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

func TestRejectionIsErrRejectedAndNothingElse(t *testing.T) {
	full, open := weir.NewRejection("limit: full"), weir.NewRejection("limit: full")
	require.EqualError(t, full, "limit: full")
	require.ErrorIs(t, full, weir.ErrRejected)
	require.ErrorIs(t, full, full)
	require.ErrorIs(t, fmt.Errorf("call: %w", full), weir.ErrRejected)
	require.NotErrorIs(t, full, open, "two sentinels of the same text are two errors")
	require.NotErrorIs(t, weir.ErrRejected, full)
	require.NotErrorIs(t, full, context.Canceled)
}

func TestDoneContextIsNoRefusal(t *testing.T) {
	require.NotErrorIs(t, context.Canceled, weir.ErrRejected)
	require.NotErrorIs(t, context.DeadlineExceeded, weir.ErrRejected)
}

// waitError is a refusal that knows how long to wait.
type waitError struct{ wait time.Duration }

func (waitError) Error() string               { return "test: wait" }
func (waitError) Is(target error) bool        { return target == weir.ErrRejected }
func (e waitError) RetryAfter() time.Duration { return e.wait }

func TestRetryAfterAsksTheErrorThenTheGuard(t *testing.T) {
	guard := refusing{wait: time.Second}
	silent := newTurnstile()
	for name, c := range map[string]struct {
		g    weir.Guard
		err  error
		want time.Duration
	}{
		"the error knows":                  {guard, waitError{3 * time.Second}, 3 * time.Second},
		"the wrapped error knows":          {guard, fmt.Errorf("x: %w", waitError{3 * time.Second}), 3 * time.Second},
		"a joined error knows":             {guard, errors.Join(errRefused, waitError{2 * time.Second}), 2 * time.Second},
		"only the guard knows":             {guard, errRefused, time.Second},
		"the error could but does not":     {guard, waitError{0}, time.Second},
		"the error could but is nonsense":  {guard, waitError{-1}, time.Second},
		"only the error knows":             {silent, waitError{time.Minute}, time.Minute},
		"neither knows":                    {silent, errRefused, 0},
		"the guard's answer is nonsense":   {refusing{wait: -time.Second}, errRefused, 0},
		"there is no guard":                {nil, errRefused, 0},
		"there is no error":                {guard, nil, time.Second},
		"the error knows, without a guard": {nil, waitError{time.Second}, time.Second},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, weir.RetryAfter(c.g, c.err)) })
	}
}
