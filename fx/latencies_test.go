package fx_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/fx"
)

func TestQuantilesAreThoseOfTheDurationsOrAnEighthMore(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		var l fx.Latencies
		all := make([]time.Duration, 20+rng.IntN(979))
		for i := range all {
			all[i] = time.Duration(math.Exp(rng.Float64() * 43)) // 1 ns to a century
			l.Observe(all[i])
		}
		slices.Sort(all)
		for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.95, 0.99, 1} {
			want := all[max(1, int(math.Ceil(q*float64(len(all)))))-1]
			got, known := l.Quantile(q)
			require.True(t, known)
			require.GreaterOrEqual(t, got, want)
			require.LessOrEqual(t, got, want+want/8)
		}
	}
}

func TestQuantileIsUnknownWithoutTwentyDurations(t *testing.T) {
	var l fx.Latencies
	for range 19 {
		l.Observe(time.Second)
	}
	_, known := l.Quantile(0.5)
	require.False(t, known)
	l.Observe(time.Second)
	got, known := l.Quantile(0.5)
	require.True(t, known)
	require.InDelta(t, time.Second, got, float64(time.Second)/8)
}

func TestExtremeDurationsHaveAPlace(t *testing.T) {
	var l fx.Latencies
	for range 10 {
		l.Observe(-time.Second)
		l.Observe(math.MaxInt64)
	}
	low, _ := l.Quantile(0)
	require.Zero(t, low)
	high, _ := l.Quantile(1)
	require.Equal(t, time.Duration(math.MaxInt64), high)
}

func TestWhatIsLongAgoFadesAway(t *testing.T) {
	var l fx.Latencies
	for range 100_000 {
		l.Observe(time.Second)
	}
	n := 0
	for ; ; n++ {
		if q, _ := l.Quantile(0.95); q < 2*time.Millisecond {
			break
		}
		l.Observe(time.Millisecond)
	}
	require.Less(t, n, 3000)
	for range 3000 {
		l.Observe(time.Second)
	}
	q, _ := l.Quantile(0.5)
	require.Greater(t, q, 900*time.Millisecond)
}

func TestLatenciesMayBeSharedByGoroutines(t *testing.T) {
	var l fx.Latencies
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 5000 {
				l.Observe(time.Duration(g*i) * time.Microsecond)
				if i%100 == 0 {
					l.Quantile(0.9)
				}
			}
		})
	}
	wg.Wait()
	q, known := l.Quantile(1)
	require.True(t, known)
	require.Less(t, q, 20*time.Millisecond)
}
