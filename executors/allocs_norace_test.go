//go:build !race

// The race detector allocates, too.

package executors_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/executors"
)

func TestAddAllocatesNothing(t *testing.T) {
	b := executors.NewBulk(executors.BulkOptions[int]{Size: 100, Handle: nothing})
	burst := func() {
		for i := range 1000 {
			_ = b.Add(background(), i)
		}
		_ = b.Flush(background())
	}
	burst()
	require.Less(t, testing.AllocsPerRun(100, burst), 20.0, "for a thousand items: workers that come and go, and Flush")
	require.NoError(t, b.Close(background()))

	c := executors.NewChunk(executors.ChunkOptions[int]{SizeOf: size, Handle: nothing})
	require.NoError(t, c.Add(background(), 1))
	require.Less(t, testing.AllocsPerRun(1000, func() { _ = c.Add(background(), 1) }), 1.0, "slices grow for the first time")
	require.NoError(t, c.Close(background()))
}

func TestRefusalsAllocateNothing(t *testing.T) {
	release := make(chan struct{})
	b := executors.NewBulk(executors.BulkOptions[int]{Size: 1, MaxPending: 1, FailFast: true,
		Handle: func(context.Context, []int) error { <-release; return nil }})
	require.NoError(t, b.Add(background(), 1))
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = b.Add(background(), 2) }))
	close(release)
	require.NoError(t, b.Close(background()))
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = b.Add(background(), 2) }))
}

func TestCallsThatAreLeftOutAllocateNothing(t *testing.T) {
	l := executors.NewLess(time.Hour)
	fn := func() {}
	require.Zero(t, testing.AllocsPerRun(100, func() { l.Do(fn) }))
	d, _ := newDelay(time.Minute, 0)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = d.Trigger() }))
	require.NoError(t, d.Close(background()))
}
