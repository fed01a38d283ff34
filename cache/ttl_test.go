package cache_test

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/cache"
)

func TestTTLIsExactToTheNanosecond(t *testing.T) {
	for _, ttl := range []time.Duration{1, 1500 * time.Millisecond, 2 * time.Second, time.Hour, 7 * 24 * time.Hour} {
		bubble(t, func(t *testing.T) {
			c := exact(t, cache.Options[string, int]{TTL: ttl})
			c.Set("a", 1)
			c.SetTTL("b", 2, 2*ttl)
			time.Sleep(ttl - 1)
			has(t, c, "a", 1)
			time.Sleep(time.Nanosecond)
			lacks(t, c, "a")
			time.Sleep(ttl - 1)
			has(t, c, "b", 2)
			time.Sleep(time.Nanosecond)
			lacks(t, c, "b")
		})
	}
}

func TestTTLIsSevenDaysByDefault(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, cache.Options[string, int]{})
		c.Set("a", 1)
		time.Sleep(7*24*time.Hour - 1)
		has(t, c, "a", 1)
		time.Sleep(time.Nanosecond)
		lacks(t, c, "a")
	})
}

func TestOverwritingExtendsALife(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, cache.Options[string, int]{TTL: time.Minute})
		for i := range 10 {
			c.Set("a", i)
			time.Sleep(time.Minute - 1)
			has(t, c, "a", i)
		}
		time.Sleep(time.Nanosecond)
		lacks(t, c, "a")
	})
}

func TestOverwritingShortensALife(t *testing.T) {
	for _, elapsed := range []time.Duration{0, 250 * time.Second, time.Hour} {
		bubble(t, func(t *testing.T) {
			c := exact(t, cache.Options[string, int]{})
			c.SetTTL("a", 1, 24*time.Hour)
			time.Sleep(elapsed)
			c.SetTTL("a", 2, 5*time.Second)
			time.Sleep(5*time.Second - 1)
			has(t, c, "a", 2)
			time.Sleep(time.Nanosecond)
			lacks(t, c, "a")
			time.Sleep(2 * time.Second)
			require.Zero(t, c.Len(), "and its memory is given back")
		})
	}
}

func TestOverwritingWithAShortTTLKeepsTheValue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := cache.New(cache.Options[string, int]{TTL: time.Second})
		defer c.Close(ctx)
		for i := range 50 {
			for k := range 40 {
				key := fmt.Sprint(k)
				c.Set(key, i)
				has(t, c, key, i)
			}
			time.Sleep(5 * time.Millisecond)
			for k := range 40 {
				has(t, c, fmt.Sprint(k), i)
			}
		}
		c.SetTTL("0", -1, 10*time.Millisecond)
		time.Sleep(10*time.Millisecond - 1)
		has(t, c, "0", -1)
	})
}

func TestATimeThatIsOverDeletes(t *testing.T) {
	for _, ttl := range []time.Duration{0, -1, math.MinInt64} {
		c := exact(t, cache.Options[string, int]{})
		c.Set("a", 1)
		c.SetTTL("a", 2, ttl)
		c.SetTTL("b", 2, ttl)
		lacks(t, c, "a")
		require.Zero(t, c.Len())
	}
}

func TestLongestTimesDoNotOverflow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := cache.New(cache.Options[string, int]{TTL: math.MaxInt64, StaleOnError: math.MaxInt64, NotFoundTTL: math.MaxInt64})
		defer c.Close(ctx)
		c.Set("a", 1)
		c.SetTTL("b", 2, math.MaxInt64)
		c.SetTTL("c", 3, 100*365*24*time.Hour)
		_, err := c.Take(ctx, "d", fails(cache.ErrNotFound))
		require.ErrorIs(t, err, cache.ErrNotFound)
		time.Sleep(24 * time.Hour)
		has(t, c, "a", 1)
		has(t, c, "b", 2)
		has(t, c, "c", 3)
		_, err = c.Take(ctx, "d", mustNot(t))
		require.ErrorIs(t, err, cache.ErrNotFound)
	})
}

func TestJitterSpreadsAWeekOverSixteenHours(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n, week = 2000, 7 * 24 * time.Hour
		c := cache.New(cache.Options[int, int]{})
		defer c.Close(ctx)
		for i := range n {
			c.Set(i, i)
		}
		alive := func() int {
			count := 0
			for range c.All() {
				count++
			}
			return count
		}
		start := time.Now()
		at := func(d time.Duration) { time.Sleep(time.Until(start.Add(d))) }
		shortest, longest := week*95/100, week*105/100
		at(shortest - 1)
		require.Equal(t, n, alive(), "none ends before 95 % of its time")
		tenth := (longest - shortest) / 10
		require.InDelta(t, 16.8, (10 * tenth).Hours(), 1e-9)
		var ends []int
		for left, i := n, 1; i <= 10; i++ {
			at(shortest + time.Duration(i)*tenth)
			now := alive()
			ends = append(ends, left-now)
			left = now
		}
		require.Zero(t, alive(), "none lives longer than 105 % of it")
		// Each tenth of the spread ends a tenth of the keys: 200, give or take five
		// standard deviations of 13.4.
		require.Greater(t, slices.Min(ends), 133, "%v", ends)
		require.Less(t, slices.Max(ends), 267, "%v", ends)
	})
}

func TestJitterOfLoadedValuesIsThatOfTheirKeys(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := cache.New(cache.Options[string, int]{TTL: time.Hour, Jitter: 0.5})
		defer c.Close(ctx)
		ends := map[time.Duration]bool{}
		for i := range 50 {
			key := fmt.Sprint(i)
			start := time.Now()
			_, err := c.Take(ctx, key, gives(i))
			require.NoError(t, err)
			for ok := true; ok; _, ok = c.Get(key) {
				time.Sleep(time.Minute)
			}
			lived := time.Since(start)
			require.GreaterOrEqual(t, lived, 30*time.Minute)
			require.LessOrEqual(t, lived, 91*time.Minute)
			ends[lived] = true
		}
		require.Greater(t, len(ends), 20)
	})
}

func TestConcurrentDeleteAndSetLeaveNoImmortalEntry(t *testing.T) {
	const n = 20_000
	bubble(t, func(t *testing.T) {
		c := cache.New(cache.Options[int, int]{TTL: time.Second})
		defer c.Close(ctx)
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range n {
					if w%2 == 0 {
						c.Set(i, w)
					} else {
						c.Delete(i)
					}
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Second * 105 / 100)
		for range c.All() {
			t.Fatal("a value has outlived its time")
		}
		time.Sleep(2 * time.Second)
		require.Zero(t, c.Len(), "nothing is held for ever")
	})
}

func TestNothingExpiresBeforeItsTimeWhileItsKeyIsWrittenAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := exact(t, cache.Options[string, int]{TTL: time.Second})
		for i := range 1000 { // an expiry that is under way must not take the new value
			c.Set("a", i)
			time.Sleep(time.Second)
			lacks(t, c, "a")
			c.Set("a", -i)
			has(t, c, "a", -i)
		}
	})
}
