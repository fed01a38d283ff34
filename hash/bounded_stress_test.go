package hash_test

import (
	"maps"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

const (
	callers    = 8
	heldByEach = 9
	stressLoad = 1.25
)

var stressWeights = map[string]int{"a": 1, "b": 2, "c": 3, "d": 4}

// overBound returns a node that has more than its bound of so many in flight.
func (b *bounded) overBound(all int) (node string) {
	for node, n := range b.Loads() {
		if n > bound(stressLoad, all, stressWeights[node], 10) {
			return node
		}
	}
	return ""
}

// watch looks at the loads all the time until the callers are done.
func (b *bounded) watch(t *testing.T, most int, call func(caller int)) {
	t.Helper()
	var (
		group sync.WaitGroup
		over  atomic.Bool
		seen  = make(chan string, 1)
	)
	go func() {
		worst := ""
		for !over.Load() {
			if node := b.overBound(most); node != "" {
				worst = node
			}
		}
		seen <- worst
	}()
	for i := range callers {
		group.Go(func() { call(i) })
	}
	group.Wait()
	over.Store(true)
	require.Empty(t, <-seen, "a node over its bound")
	require.Empty(t, b.overBound(most))
}

func TestNoNodeIsEverOverTheBoundOfConcurrentCalls(t *testing.T) {
	b := newBounded(t, stressLoad, stressWeights)
	const most = callers * heldByEach
	b.watch(t, most, func(caller int) {
		random := seeded(uint64(caller))
		var held []weir.Permit
		for range 3000 {
			if len(held) == heldByEach {
				i := random.IntN(heldByEach)
				held[i].Done(weir.Success)
				held[i].Done(weir.Success)
				held[i], held = held[len(held)-1], held[:len(held)-1]
			}
			_, p, ok := b.Acquire(nodeName(random.IntN(2)))
			if !ok {
				t.Error("no node")
			}
			held = append(held, p)
		}
		for _, p := range held {
			p.Done(weir.Failure)
		}
	})
	require.Zero(t, b.Stats().InFlight)
	require.Equal(t, uint64(callers*3000), b.Stats().Acquired)
	require.Positive(t, b.Stats().Diverted)
	for node, n := range b.Loads() {
		require.Zero(t, n, node)
	}
}

func TestCallsThatOnlyComeKeepEveryNodeWithinTheBoundOfThatMoment(t *testing.T) {
	b := newBounded(t, stressLoad, stressWeights)
	var wrong atomic.Bool
	b.watch(t, callers*500, func(int) {
		for range 500 {
			if _, _, ok := b.Acquire("popular"); !ok {
				t.Error("no node")
			}
			// With nothing that ends, the bound only grows: what was seen first must
			// be within the bound of what was counted later.
			loads := map[string]int{}
			for node, n := range b.Loads() {
				loads[node] = n
			}
			all := b.Stats().InFlight
			for node, n := range loads {
				if n > bound(stressLoad, all, stressWeights[node], 10) {
					wrong.Store(true)
				}
			}
		}
	})
	require.False(t, wrong.Load())
	sum := 0
	for node, n := range b.Loads() {
		require.LessOrEqual(t, n, bound(stressLoad, callers*500, stressWeights[node], 10))
		sum += n
	}
	require.Equal(t, callers*500, sum)
}

func TestCallsAndChangesAtTheSameTimeLoseNothing(t *testing.T) {
	b := newBounded(t, stressLoad, map[string]int{"a": 1})
	var (
		changes sync.WaitGroup
		over    atomic.Bool
	)
	changes.Go(func() {
		for i := 0; !over.Load(); i++ {
			// One node comes, the other goes, so that nothing in flight is usual.
			if err := b.SetNodes(maps.All(map[string]int{nodeName(i % 3): 1 + i%5})); err != nil {
				t.Error(err)
			}
		}
	})
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for _, key := range keys(15_000) {
				_, p, ok := b.Acquire(key)
				_, q, ok2 := b.Acquire(key)
				if !ok || !ok2 {
					t.Error("no node")
				}
				p.Done(weir.Success)
				q.Done(weir.Success)
			}
		})
	}
	group.Wait()
	over.Store(true)
	changes.Wait()
	require.Zero(t, b.Stats().InFlight)
	require.NoError(t, b.SetNodes(equal(3)))
	require.Zero(t, b.Stats().InFlight)
	for node, n := range b.Loads() {
		require.Zero(t, n, node)
	}
}
