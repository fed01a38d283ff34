package hash_test

import (
	"maps"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/hash"
)

// bound is the most that a node of a weight may have of all that is in flight:
// load*all*weight/total, rounded up, without any rounding on the way.
func bound(load float64, all, weight, total int) int {
	exact := new(big.Rat).SetFloat64(load)
	exact.Mul(exact, big.NewRat(int64(all)*int64(weight), int64(total)))
	whole, rest := new(big.Int).QuoRem(exact.Num(), exact.Denom(), new(big.Int))
	return int(whole.Int64()) + rest.Sign()
}

// A bounded is a ring with bounded loads beside a naive account of what it has to do.
type bounded struct {
	*hash.Ring[string]
	load     float64
	inFlight map[string]int
	all      int
	out      []outstanding
}

type outstanding struct {
	node   string
	permit weir.Permit
}

func newBounded(t *testing.T, load float64, weights map[string]int) *bounded {
	r := newRing(t, hash.RingOptions[string]{Slots: 64, Load: load}, maps.All(weights))
	return &bounded{Ring: r, load: load, inFlight: map[string]int{}}
}

// acquire checks that the call goes to the first node that has room.
func (b *bounded) acquire(t *testing.T, key string) {
	t.Helper()
	weights, total, want := maps.Collect(b.Nodes()), int(b.Stats().Weight), ""
	for _, node := range b.GetN(key, b.Len()) {
		if b.inFlight[node] < bound(b.load, b.all+1, weights[node], total) {
			want = node
			break
		}
	}
	node, p, ok := b.Acquire(key)
	require.True(t, ok)
	require.Equal(t, want, node)
	b.inFlight[node]++
	b.all++
	b.out = append(b.out, outstanding{node, p})
}

func (b *bounded) release(i int) {
	o := b.out[i]
	b.out[i] = b.out[len(b.out)-1]
	b.out = b.out[:len(b.out)-1]
	o.permit.Done(weir.Success)
	b.inFlight[o.node]--
	b.all--
}

func (b *bounded) check(t *testing.T) {
	t.Helper()
	for node, n := range b.Loads() {
		require.Equal(t, b.inFlight[node], n)
	}
	require.Equal(t, b.all, b.Stats().InFlight)
}

func TestCallGoesToTheFirstNodeThatHasRoom(t *testing.T) {
	random := seeded(6)
	for _, load := range []float64{1, 1.125, 1.25, 2} {
		for _, weights := range []map[string]int{
			{"a": 1},
			{"a": 1, "b": 1, "c": 1},
			{"a": 1, "b": 2, "c": 7, "d": 7, "e": 1000},
		} {
			b := newBounded(t, load, weights)
			for range 400 {
				if len(b.out) > 0 && random.IntN(5) < 2 {
					b.release(random.IntN(len(b.out)))
				} else {
					b.acquire(t, nodeName(random.IntN(5))) // few keys, so that they collide
				}
				b.check(t)
			}
		}
	}
}

func TestOnePopularKeyIsSpreadByWeight(t *testing.T) {
	b := newBounded(t, 1, map[string]int{"a": 1, "b": 2, "c": 5})
	for range 800 {
		b.acquire(t, "popular")
	}
	require.Equal(t, map[string]int{"a": 100, "b": 200, "c": 500}, maps.Collect(b.Loads()))
}

func TestCallsBelowTheBoundGoWhereGetSays(t *testing.T) {
	b := newBounded(t, 1e6, map[string]int{"a": 1, "b": 2, "c": 5})
	for _, key := range keys(200) {
		node, p, ok := b.Acquire(key)
		want, _ := b.Get(key)
		require.True(t, ok)
		require.Equal(t, want, node)
		defer p.Done(weir.Success)
	}
	require.Equal(t, uint64(200), b.Stats().Acquired)
	require.Zero(t, b.Stats().Diverted)
}

func TestOutcomeOfACallDoesNotMatterAndDoneTwiceCountsOnce(t *testing.T) {
	b := newBounded(t, 2, map[string]int{"a": 1})
	for _, outcome := range []weir.Outcome{weir.Success, weir.Failure, weir.Ignored, weir.Overloaded} {
		_, first, _ := b.Acquire("key")
		_, second, _ := b.Acquire("key")
		copied := first
		first.Done(outcome)
		first.Done(outcome)
		copied.Done(weir.Failure)
		require.Equal(t, 1, b.Stats().InFlight)

		_, third, _ := b.Acquire("key") // in the place of the first
		first.Done(outcome)
		require.Equal(t, 2, b.Stats().InFlight, "the permit of before ends no call of now")
		second.Done(outcome)
		third.Done(outcome)
		require.Zero(t, b.Stats().InFlight)
	}
}

func TestForgottenPermitCountsForEverAndStopsNobody(t *testing.T) {
	b := newBounded(t, 1, map[string]int{"a": 1, "b": 1})
	forgotten, _, _ := b.Acquire("key")
	for range 100 {
		node, p, ok := b.Acquire("key")
		require.True(t, ok)
		require.NotEqual(t, forgotten, node, "that one has its share of two calls")
		p.Done(weir.Success)
	}
	require.Equal(t, 1, maps.Collect(b.Loads())[forgotten])
}

func TestWithoutBoundNothingIsCounted(t *testing.T) {
	for _, load := range []float64{0, -1} {
		b := newBounded(t, load, map[string]int{"a": 1, "b": 1})
		for _, key := range keys(50) {
			node, p, ok := b.Acquire(key)
			want, _ := b.Get(key)
			require.True(t, ok)
			require.Equal(t, want, node)
			require.Zero(t, p)
			p.Done(weir.Success)
		}
		require.Equal(t, map[string]int{"a": 0, "b": 0}, maps.Collect(b.Loads()))
		require.Equal(t, hash.RingStats{Nodes: 2, Slots: 64, Weight: 2}, b.Stats())
	}
}
