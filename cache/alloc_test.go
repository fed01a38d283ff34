package cache_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/cache"
)

func TestHitsAllocateNothing(t *testing.T) {
	for name, o := range map[string]cache.Options[string, int]{
		"plain": {}, "refreshed": {RefreshAfter: time.Hour}, "stale": {StaleOnError: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			c := exact(t, o)
			c.Set("a", 1)
			_, _ = c.Take(ctx, "missing", fails(cache.ErrNotFound))
			load := mustNot(t)
			require.Zero(t, testing.AllocsPerRun(1000, func() { c.Get("a") }))
			require.Zero(t, testing.AllocsPerRun(1000, func() { c.Get("b") }))
			require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = c.Take(ctx, "a", load) }))
			require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = c.Take(ctx, "missing", load) }))
		})
	}
}

func TestUpdateOfASmallValueAllocatesNothing(t *testing.T) {
	c := cache.New(cache.Options[string, int]{})
	defer c.Close(ctx)
	c.Set("a", 1)
	require.Zero(t, testing.AllocsPerRun(1000, func() { c.Set("a", 2) }))
}
