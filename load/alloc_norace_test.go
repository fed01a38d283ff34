//go:build !race

// The race detector makes a sync.Pool drop what it is given at random, so that these
// promises can be held without it only.

package load_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

func TestCallsAllocateNothing(t *testing.T) {
	late, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	contexts := map[string]context.Context{"plain": context.Background(), "deadline": late, "class": of(weir.Sheddable)}
	for name, o := range map[string]load.Options{
		"zero":    {CPUThreshold: 0.9},
		"large":   {InitialLimit: 1000},
		"queue":   {MaxQueue: 10},
		"dry run": {DryRun: true},
	} {
		s := blind(o)
		for kind, ctx := range contexts {
			for o := weir.Success; o <= weir.Overloaded; o++ {
				require.Zero(t, allocates(func() {
					p, _ := s.Allow(ctx)
					p.Done(o)
				}), "%s, %s, %s", name, kind, o)
			}
			work := func(context.Context) error { return nil }
			require.Zero(t, allocates(func() { _ = weir.Do(ctx, s, work) }), "%s, %s", name, kind)
		}
	}
}

func TestDryRunAllocatesNothingForWhatItSpares(t *testing.T) {
	s := blind(load.Options{MaxLimit: 1, DryRun: true})
	held := enter(t, s, 1)
	require.Zero(t, allocates(func() {
		p, err := s.Allow(context.Background())
		if err != nil {
			panic(err)
		}
		p.Done(weir.Ignored)
	}))
	require.Greater(t, s.Stats().Spared, uint64(2000))
	leave(weir.Success, held...)
}

// A crowd, where some are admitted and others refused, and windows are closed.
func TestOverloadAllocatesNothing(t *testing.T) {
	s := blind(load.Options{InitialLimit: 8})
	var held [16]weir.Permit
	at := 0
	require.Zero(t, allocates(func() {
		for range 20 {
			held[at].Done(weir.Success)
			held[at], _ = s.Allow(context.Background())
			at = (at + 1) % len(held)
		}
	}))
	require.NotZero(t, s.Stats().Refused)
	leave(weir.Success, held[:]...)
}
