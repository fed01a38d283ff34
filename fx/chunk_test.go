package fx_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/fx"
)

func TestSplitGivesSlicesThatMayBeKept(t *testing.T) {
	chunks := fx.Split(upTo(10), 4).Collect()
	require.Equal(t, [][]int{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}}, chunks)
	for _, c := range chunks {
		_ = append(c, 99)
	}
	require.Equal(t, [][]int{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}}, chunks)
	require.Zero(t, fx.Split(upTo(0), 4).Count())
	require.Equal(t, [][]int{{0, 1}}, fx.Split(upTo(2), math.MaxInt).Collect(), "a huge size makes no huge slice")
}

func TestChunkWeightKeepsBelowItsLimit(t *testing.T) {
	own := func(n int) int { return n }
	for name, c := range map[string]struct {
		items []int
		want  [][]int
	}{
		"fits":            {[]int{3, 4, 3}, [][]int{{3, 4, 3}}},
		"next one":        {[]int{5, 4, 2}, [][]int{{5, 4}, {2}}},
		"too large":       {[]int{5, 11, 4}, [][]int{{5}, {11}, {4}}},
		"only too large":  {[]int{11, 12}, [][]int{{11}, {12}}},
		"weightless":      {[]int{0, 0, 10, 0, 0}, [][]int{{0, 0, 10}, {0, 0}}},
		"immensely large": {[]int{1, 1<<31 - 1, 1}, [][]int{{1}, {1<<31 - 1}, {1}}},
	} {
		require.Equal(t, c.want, fx.ChunkWeight(fx.Just(c.items...), 10, own).Collect(), name)
	}
}

func TestNegativeWeightPanics(t *testing.T) {
	s := fx.ChunkWeight(upTo(3), 10, func(int) int { return -1 })
	require.PanicsWithValue(t, "fx: a weight must not be negative", func() { s.Count() })
}

func TestBrokenOffChunksAreNotFollowedByTheRest(t *testing.T) {
	for range fx.Split(upTo(5), 2) {
		break
	}
	asked := 0
	for range fx.ChunkWeight(naturals(&asked), 3, func(n int) int { return n }) {
		break
	}
	require.Equal(t, 3, asked, "0, 1 and 2 fill a chunk")
}

func TestChunkTimeWaitsForTheFirstItemOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan int)
		go func() {
			defer close(ch)
			for i, pause := range []time.Duration{50, 3, 3, 3, 0, 0, 0, 20, 9, 2} {
				time.Sleep(pause * time.Second)
				ch <- i
			}
		}()
		type chunk struct {
			at    time.Duration
			items []int
		}
		start := time.Now()
		var got []chunk
		for items := range fx.ChunkTime(t.Context(), ch, 4, 10*time.Second) {
			got = append(got, chunk{time.Since(start) / time.Second, items})
		}
		require.Equal(t, []chunk{
			{59, []int{0, 1, 2, 3}}, // full
			{69, []int{4, 5, 6}},    // the first of them came at 59
			{89, []int{7, 8}},       // ... at 79
			{90, []int{9}},          // closed
		}, got)
	})
}

func TestChunkTimeYieldsWhatItHasWhenItsContextIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ch := make(chan int, 5)
		ch <- 1
		ch <- 2
		start := time.Now()
		require.Equal(t, [][]int{{1, 2}}, fx.ChunkTime(ctx, ch, 9, time.Hour).Collect())
		require.Equal(t, time.Second, time.Since(start))
		ch <- 3
		require.Zero(t, fx.ChunkTime(ctx, ch, 9, time.Hour).Count())
		require.Len(t, ch, 1, "nothing is received and lost")
	})
}

func TestChunkTimeStopsWithTheLoop(t *testing.T) {
	ch := make(chan int, 4)
	for i := range 4 {
		ch <- i
	}
	for items := range fx.ChunkTime(ctx, ch, 1, time.Hour) {
		require.Equal(t, []int{0}, items)
		break
	}
	require.Len(t, ch, 3)
}
