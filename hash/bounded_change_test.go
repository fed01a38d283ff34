package hash_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

func TestNodeTakesWhatItHasInFlightAwayAndBringsItBack(t *testing.T) {
	b := newBounded(t, 1, map[string]int{"a": 1, "b": 1})
	held := map[string][]weir.Permit{}
	for range 10 {
		node, p, _ := b.Acquire("key")
		held[node] = append(held[node], p)
	}
	require.True(t, b.Remove("a"))
	require.Equal(t, map[string]int{"b": 5}, maps.Collect(b.Loads()))
	require.Equal(t, 5, b.Stats().InFlight)
	held["a"][0].Done(weir.Success) // while it is away
	held["a"][0].Done(weir.Success)
	require.Equal(t, 5, b.Stats().InFlight)

	require.NoError(t, b.Add("a", 1))
	require.Equal(t, map[string]int{"a": 4, "b": 5}, maps.Collect(b.Loads()))
	require.Equal(t, 9, b.Stats().InFlight)
	node, p, _ := b.Acquire("key")
	require.Equal(t, "a", node, "the only one with room")
	p.Done(weir.Success)

	for _, permits := range held {
		for _, p := range permits {
			p.Done(weir.Success)
		}
	}
	require.Zero(t, b.Stats().InFlight)
	require.Equal(t, map[string]int{"a": 0, "b": 0}, maps.Collect(b.Loads()))
}

func TestNodeThatEndsItsCallsWhileAwayComesBackIdle(t *testing.T) {
	b := newBounded(t, 1, map[string]int{"a": 1})
	_, p, _ := b.Acquire("key")
	require.NoError(t, b.SetNodes(none))
	require.Zero(t, b.Stats().InFlight)
	p.Done(weir.Success)
	require.NoError(t, b.Add("a", 1))
	require.Zero(t, b.Stats().InFlight)
	require.Equal(t, map[string]int{"a": 0}, maps.Collect(b.Loads()))
}

func TestLoadsStayWhileNodesAndWeightsChange(t *testing.T) {
	random := seeded(7)
	b := newBounded(t, 1.25, map[string]int{"a": 1})
	for range 300 {
		name := nodeName(random.IntN(6))
		switch random.IntN(8) {
		case 0:
			require.NoError(t, b.Add(name, 1+random.IntN(9)))
		case 1:
			b.Remove(name)
		default:
			if len(b.out) > 0 && random.IntN(5) < 2 {
				b.release(random.IntN(len(b.out)))
			} else {
				b.countPresent()
				b.acquire(t, nodeName(random.IntN(3)))
			}
		}
		b.countPresent()
		b.check(t)
	}
}

// countPresent makes all what is in flight on the nodes that are in the ring.
func (b *bounded) countPresent() {
	b.all = 0
	for node := range b.Nodes() {
		b.all += b.inFlight[node]
	}
}
