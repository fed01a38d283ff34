package load_test

import (
	"fmt"
	"hash/fnv"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/simulate"
	"github.com/weirgo/weir/load"
)

// decisions runs a scenario and returns a digest of what a shedder said to each call,
// when, and of what it knew at the end.
func decisions(t *testing.T, sc *simulate.Scenario) (digest string, st load.Stats) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		s := blind(load.Options{})
		all, h := guard(s), fnv.New64a()
		noted := simulate.GuardFunc(func(r simulate.Request) (func(bool), bool) {
			settle, ok := all.Admit(r)
			fmt.Fprintln(h, r.At.Nanoseconds(), r.Class, ok)
			return settle, ok
		})
		now := time.Duration(0)
		simulate.Run(sc, noted, func(to time.Duration) {
			time.Sleep(to - now)
			now = to
		})
		st = s.Stats()
		digest = fmt.Sprintf("%016x", h.Sum64())
	})
	return digest, st
}

// eventful has a cold start, bursts, a slower service, fewer workers and all classes.
func eventful(seed uint64) *simulate.Scenario {
	return &simulate.Scenario{
		Workers: 10, Mean: 10 * time.Millisecond, Service: simulate.Pareto,
		Load: []simulate.Step{
			{Value: 3}, {At: 4 * time.Second, Value: 0.5}, {At: 8 * time.Second, Value: 10}, {At: 9 * time.Second, Value: 1.5},
		},
		Slowness: []simulate.Step{{Value: 1}, {At: 12 * time.Second, Value: 3}, {At: 16 * time.Second, Value: 1}},
		Pool:     []simulate.Step{{Value: 1}, {At: 20 * time.Second, Value: 0.5}},
		Deadlines: []time.Duration{
			50 * time.Millisecond, 100 * time.Millisecond, time.Second,
		},
		Classes: [simulate.NumClasses]float64{1, 1, 2, 1},
		Length:  25 * time.Second, Seed: seed,
	}
}

// Nothing in a shedder is left to chance, to the order of a map or to the real clock:
// where the same calls arrive at the same times, they are decided upon alike.
func TestSameCallsAreDecidedUponAlike(t *testing.T) {
	digest, st := decisions(t, eventful(1))
	require.NotZero(t, st.Refused)
	require.NotZero(t, st.Succeeded)
	for range 3 {
		runtime.GC()
		again, stAgain := decisions(t, eventful(1))
		require.Equal(t, digest, again)
		require.Equal(t, st, stAgain)
	}
	other, _ := decisions(t, eventful(2))
	require.NotEqual(t, digest, other, "the digest tells runs apart")
}
