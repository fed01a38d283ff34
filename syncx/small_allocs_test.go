//go:build !race

package syncx_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

func TestWhatIsThereIsHandedOutWithoutAllocating(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	limit := syncx.NewLimit(2)
	value := syncx.NewImmutableResource(syncx.ImmutableOptions[int]{Load: numbered()})
	link := syncx.NewManagedResource(syncx.ManagedOptions[int]{Generate: numbered(), Equal: same})
	counted := syncx.NewRefResource(func() {})
	require.NoError(t, counted.Use())
	var hosts clients
	dial := connect(new(client), 0)
	for name, use := range map[string]func(){
		"Limit":             func() { _ = limit.Borrow(ctx); _ = limit.Return() },
		"ImmutableResource": func() { _, _ = value.Get(ctx) },
		"ManagedResource":   func() { _, _ = link.Take(ctx) },
		"RefResource":       func() { _ = counted.Use(); counted.Clean() },
		"ResourceManager":   func() { _, _ = hosts.Get(ctx, "a", dial) },
	} {
		use()
		require.Zero(t, testing.AllocsPerRun(1000, use), name)
	}
}

func TestLockedCallAllocatesItsContextOnly(t *testing.T) {
	var l syncx.LockedCalls[string]
	fn := pause(0)
	require.EqualValues(t, 1, testing.AllocsPerRun(1000, func() { _ = l.Do(context.Background(), "key", fn) }))
}
