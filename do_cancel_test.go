package weir_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

// What a call makes of a cancellation need not be context.Canceled: net/http
// returns the cause.
func TestFailureOfACancelledCallIsIgnored(t *testing.T) {
	left := errors.New("the user has left")
	for name, c := range map[string]struct {
		err  error
		want weir.Outcome
	}{
		"cause":   {left, weir.Ignored},
		"success": {nil, weir.Success},
	} {
		var got []weir.Outcome
		g := guardFunc(func(context.Context) (weir.Permit, error) {
			return weir.PermitFunc(func(o weir.Outcome) { got = append(got, o) }), nil
		})
		ctx, cancel := context.WithCancelCause(t.Context())
		leave := func(context.Context) error { cancel(left); return c.err }
		require.Equal(t, c.err, weir.Do(ctx, g, leave), name)

		ctx, cancel2 := context.WithCancelCause(t.Context())
		_, err := weir.Call(ctx, g, func(context.Context) (int, error) { cancel2(left); return 0, c.err })
		require.Equal(t, c.err, err, name)
		require.Equal(t, []weir.Outcome{c.want, c.want}, got, name)
	}
}
