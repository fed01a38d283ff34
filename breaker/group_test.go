package breaker_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/breaker"
)

func TestSameKeySameBreaker(t *testing.T) {
	g := breaker.NewGroup[string](breaker.GroupOptions{Options: breaker.Options{Name: "http", Protection: 7}})
	a := g.Get("a")
	require.Same(t, a, g.Get("a"))
	require.NotSame(t, a, g.Get("b"))
	require.Equal(t, "http/a", a.Name())
	require.Equal(t, "http/", g.Get("").Name())
	require.Equal(t, 3, g.Len())
	a.Force(breaker.ForcedOpen)
	require.Equal(t, breaker.Closed, g.Get("b").State())
}

func TestKeysOfOneBreakerAreMadeOnceWhoeverAsks(t *testing.T) {
	g := breaker.NewGroup[int](breaker.GroupOptions{})
	const keys = 200
	var got [64][keys]*breaker.Breaker
	together(64, func(worker int) {
		for i := range keys {
			key := (i + worker*3) % keys
			got[worker][key] = g.Get(key)
		}
	})
	for worker := range got {
		require.Equal(t, got[0], got[worker])
	}
	require.Equal(t, keys, g.Len())
}

func TestAllRangesOverEveryBreaker(t *testing.T) {
	g := breaker.NewGroup[int](breaker.GroupOptions{})
	want := map[int]*breaker.Breaker{}
	for key := range 500 {
		want[key] = g.Get(key)
	}
	got := map[int]*breaker.Breaker{}
	for key, b := range g.All() {
		require.NotContains(t, got, key)
		got[key] = b
		g.Get(500 + key%500) // no lock is held
	}
	for key, b := range want {
		require.Same(t, b, got[key])
	}
	require.Equal(t, 1000, g.Len())

	seen := 0
	for range g.All() {
		if seen++; seen == 3 {
			break
		}
	}
	require.Equal(t, 3, seen)
}

func TestNotANumberIsNoKey(t *testing.T) {
	floats := breaker.NewGroup[float64](breaker.GroupOptions{})
	anything := breaker.NewGroup[any](breaker.GroupOptions{})
	structs := breaker.NewGroup[struct{ x float64 }](breaker.GroupOptions{})
	for range 1000 {
		require.Same(t, floats.Overflow(), floats.Get(math.NaN()))
		require.Same(t, anything.Overflow(), anything.Get(math.NaN()))
		require.Same(t, structs.Overflow(), structs.Get(struct{ x float64 }{math.NaN()}))
	}
	require.Zero(t, floats.Len()+anything.Len()+structs.Len())
	require.Same(t, floats.Get(0.0), floats.Get(math.Copysign(0, -1)), "equal keys share a breaker")
}

func TestUnhashableKeyPanicsAndLocksNothing(t *testing.T) {
	g := breaker.NewGroup[any](breaker.GroupOptions{})
	g.Get("fine")
	for range 200 {
		require.Panics(t, func() { g.Get([]int{1}) })
		require.Panics(t, func() { g.Get(struct{ f any }{func() {}}) })
		require.Panics(t, func() { g.Get(map[string]int{}) })
	}
	for key := range 200 { // every shard still works
		require.NotSame(t, g.Overflow(), g.Get(key))
	}
	require.Equal(t, 201, g.Len())
	require.Len(t, slices.Collect(keys(g)), 201)
}

// keys ranges over the keys of a group.
func keys[K comparable](g *breaker.Group[K]) func(yield func(K) bool) {
	return func(yield func(K) bool) {
		for key := range g.All() {
			if !yield(key) {
				return
			}
		}
	}
}

// A moody key has a name that depends on its mood.
type moody struct {
	id   int
	mood string
	in   *breaker.Group[moody]
}

// spiteful is a panic value that cannot be printed either.
type spiteful struct{}

func (spiteful) Error() string { panic(errors.New("no name for the reason")) }

func (m moody) String() string {
	switch m.mood {
	case "panics":
		panic("no name")
	case "panics twice":
		panic(spiteful{})
	case "exits":
		runtime.Goexit()
	case "asks":
		if m.id > 0 {
			return m.in.Get(moody{m.id - 1, m.mood, m.in}).Name() + "+" + strconv.Itoa(m.id)
		}
	}
	return m.mood
}

func TestKeysThatCannotBeNamedTakeNoPlace(t *testing.T) {
	const places = 10
	g := breaker.NewGroup[moody](breaker.GroupOptions{MaxKeys: places})
	for range 3 * places {
		together(1, func(int) {
			defer func() { _ = recover() }()
			g.Get(moody{mood: "exits"})
		})
		together(1, func(int) {
			defer func() { _ = recover() }()
			g.Get(moody{mood: "panics twice"})
		})
	}
	require.Len(t, slices.Collect(keys(g)), g.Len())
	g = breaker.NewGroup[moody](breaker.GroupOptions{MaxKeys: places})
	require.Contains(t, g.Get(moody{mood: "panics"}).Name(), "PANIC")
	require.Equal(t, 1, g.Len())
}

func TestNameOfAKeyMayUseTheGroup(t *testing.T) {
	g := breaker.NewGroup[moody](breaker.GroupOptions{Options: breaker.Options{Name: "g"}})
	b := g.Get(moody{3, "asks", g})
	require.Equal(t, "g/g/g/g/asks+1+2+3", b.Name())
	require.Equal(t, 4, g.Len())
	require.Same(t, b, g.Get(moody{3, "asks", g}))
}

func TestEachKeyHasItsOwnFate(t *testing.T) {
	g := breaker.NewGroup[string](breaker.GroupOptions{Options: breaker.Options{TripDelay: -1}})
	_ = times(100, g.Get("down"), fail)
	require.Equal(t, 100, times(100, g.Get("up"), succeed))
	require.Equal(t, breaker.Open, g.Get("down").State())
	require.ErrorIs(t, g.Get("down").Do(context.Background(), succeed), breaker.ErrOpen)
}
