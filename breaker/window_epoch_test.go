package breaker

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func newWindow(length time.Duration, n int) *window {
	w := new(window)
	w.init(length, n)
	return w
}

func TestPlaceIsTheRemainder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	sizes := []int{2, 3, 4, 5, 7, 10, 39, 40, 41, 64, 100, 1000, 4093, 4095, 4096}
	for range 30 {
		sizes = append(sizes, 2+rng.IntN(4095))
	}
	for _, n := range sizes {
		w := newWindow(time.Duration(n)*time.Millisecond, n)
		check := func(epoch uint32) {
			if got := w.place(epoch); got != int(epoch%uint32(n)) {
				require.Equal(t, int(epoch%uint32(n)), got, "%d mod %d", epoch, n)
			}
		}
		for i := range uint32(5000) {
			check(i)
			check(math.MaxUint32 - i)
			check(rng.Uint32())
		}
	}
}

func TestEpochsGrowByOnePerInterval(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, interval := range []time.Duration{
		time.Millisecond, 7 * time.Millisecond, 250 * time.Millisecond, time.Second + 1, time.Hour,
	} {
		const n = 40
		w := newWindow(n*interval, n)
		require.Equal(t, uint32(n+1), w.epoch(0), "the first epoch lies a round after the tags of untouched buckets")
		require.Equal(t, uint32(n+1), w.epoch(int64(interval)-1))
		for range 20_000 {
			round := rng.Int64N(int64(365*24*time.Hour) / int64(interval))
			inside := int64(interval)*round + int64(interval)/100 + rng.Int64N(int64(interval)/2)
			require.Equal(t, uint32(round)+n+1, w.epoch(inside), "%v after the start", time.Duration(inside))
		}
		last := uint32(0)
		for at := int64(0); at < 5000*int64(interval); at += rng.Int64N(int64(interval)) {
			e := w.epoch(at)
			require.GreaterOrEqual(t, e, last)
			require.LessOrEqual(t, e, last+n+1)
			last = e
		}
	}
}

// The place of an epoch jumps where the epoch wraps around. Counts may be lost
// then, for one window, but none may be found that nobody made.
func TestWindowSurvivesTheWrapOfItsEpochs(t *testing.T) {
	for _, n := range []int{2, 40, 64, 100} {
		w := newWindow(time.Duration(n)*time.Millisecond, n)
		const before = 20_000
		epoch := uint32(math.MaxUint32) - before + 1
		w.forgive(epoch)
		for i := range before + 1000 {
			w.add(failed, epoch)
			got, want := w.history(epoch).failed, float64(n)
			if i >= before && i < before+n {
				require.LessOrEqual(t, got, want, "epoch %d", epoch)
			} else if i >= n && got != want {
				require.Equal(t, want, got, "epoch %d", epoch)
			}
			epoch++
		}
		require.Equal(t, uint64(before+1000), w.total(failed))
	}
}

// A bucket of a millisecond is untouched for 25 days where calls fail once a
// month: half the range of an epoch. What it then counts must not look stale.
func TestBucketCountsAgainAfterHalfTheRangeOfEpochs(t *testing.T) {
	for _, idle := range []uint32{1<<31 - 1, 1 << 31, 1<<31 + 1, 3 << 30, math.MaxUint32 - 100_000} {
		w := newWindow(40*time.Millisecond, 40)
		idle -= idle % 40
		w.add(failed, 41)
		w.add(failed, 41+idle)
		require.Equal(t, 1.0, w.history(41+idle).failed, "after %d epochs", idle)
		require.Equal(t, uint64(2), w.total(failed))
	}
}

func TestStaleWriterIsDroppedOnlyIfItsBucketIsTaken(t *testing.T) {
	w := newWindow(time.Second, 4)
	w.add(accepted, 10)
	w.add(accepted, 14) // the same bucket, a round later
	w.add(accepted, 10)
	require.Equal(t, 1.0, w.history(14).accepted)
	require.Equal(t, uint64(2), w.total(accepted))

	w.add(accepted, 13) // its own bucket is free
	require.Equal(t, 2.0, w.history(14).accepted)
	w.add(failed, 10) // the bucket's other counters are free as well, but it counts no more
	require.Equal(t, 0.0, w.history(14).failed)
	require.Equal(t, uint64(1), w.total(failed))
}

func TestCounterThatIsFullStaysFull(t *testing.T) {
	var c counter
	c.word.Store(tagged(7, counterFull-1))
	for range 3 {
		require.Zero(t, c.add(7))
	}
	require.Equal(t, uint64(counterFull), c.in(7))
	require.Equal(t, uint32(counterFull), c.add(8), "the next epoch starts from one")
	require.Equal(t, uint64(1), c.in(8))
}

func TestForgivenWindowKeepsTheSuccessesOfTheCurrentBucket(t *testing.T) {
	w := newWindow(time.Second, 4)
	for epoch := uint32(5); epoch <= 7; epoch++ {
		for kind := range kinds {
			w.add(kind, epoch)
		}
	}
	w.forgive(7)
	require.Equal(t, history{accepted: 1, working: 1}, w.history(7))
	for kind := range kinds {
		require.Equal(t, uint64(3), w.total(kind), "totals forget nothing")
	}
	w.add(failed, 6) // a late one of the past
	require.Equal(t, history{accepted: 1, working: 1}, w.history(7))
}
