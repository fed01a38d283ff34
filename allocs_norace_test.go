//go:build !race

// The race detector makes a sync.Pool drop what it is given at random, so that
// what is pooled can be held to its promise without it only.

package weir_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

func TestJoinAllocatesNothing(t *testing.T) {
	ctx := context.Background()
	guards := []weir.Guard{newTurnstile(), newTurnstile(), newTurnstile()}
	admitting := weir.Join(guards...)
	refusing := weir.Join(newTurnstile(), newTurnstile(), refusing{})
	nested := weir.Join(newTurnstile(), weir.Join(newTurnstile(), newTurnstile()))
	fn := func(context.Context) error { return nil }
	require.Zero(t, testing.AllocsPerRun(1000, func() { _ = weir.Do(ctx, admitting, fn) }), "admitted")
	require.Zero(t, testing.AllocsPerRun(1000, func() { _ = weir.Do(ctx, refusing, fn) }), "refused")
	require.Zero(t, testing.AllocsPerRun(1000, func() { _ = weir.Do(ctx, nested, fn) }), "nested")
}
