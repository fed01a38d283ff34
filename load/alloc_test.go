package load_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

// allocates returns what fn allocates once it has been called before.
func allocates(fn func()) float64 { return testing.AllocsPerRun(2000, fn) }

func TestRefusalsAllocateNothing(t *testing.T) {
	for name, o := range map[string]load.Options{
		"limit":   {MaxLimit: 1},
		"callers": {MaxLimit: 1, Caller: func(context.Context) string { return "one" }},
		"CPU":     {MaxLimit: 1, CPUThreshold: 0.9},
	} {
		s := blind(o)
		held := enter(t, s, 1)
		refused := 0
		for _, class := range allClasses {
			ctx := of(class)
			require.Zero(t, allocates(func() {
				if p, err := s.Allow(ctx); err != nil {
					refused++
				} else {
					p.Done(weir.Ignored)
				}
			}), "%s, %s", name, class)
		}
		require.Greater(t, refused, 8000, name)
		leave(weir.Success, held...)
	}
}

func TestRefusalsForASignalAllocateNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := blind(load.Options{Signals: []load.Signal{{Name: "disk", Read: func() (float64, error) { return 100, nil }}}})
		ctx := of(weir.Sheddable)
		visit(t, s, 2*time.Second, "disk")
		refused := 0
		require.Zero(t, allocates(func() {
			p, err := s.Allow(ctx)
			if err != nil {
				refused++
			}
			p.Done(weir.Ignored)
		}))
		require.Greater(t, refused, 1800)
	})
}

func TestRefusalOfADoneContextAllocatesNothing(t *testing.T) {
	s := blind(load.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.Zero(t, allocates(func() { _, _ = s.Allow(ctx) }))
	late, cancel := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancel()
	require.Zero(t, allocates(func() { _, _ = s.Allow(late) }))
}

func TestReadingTheRefusalAllocatesNothing(t *testing.T) {
	s := blind(load.Options{MaxLimit: 1})
	held := enter(t, s, 1)
	_, err := s.Allow(context.Background())
	require.Zero(t, allocates(func() {
		_ = err.Error()
		_ = weir.RetryAfter(s, err)
		_ = weir.Classify(err)
	}))
	leave(weir.Success, held...)
}
