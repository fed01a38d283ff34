package cache_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/cache"
)

func TestImpossibleOptionsAreNamed(t *testing.T) {
	one := func(string, int) uint32 { return 1 }
	for want, o := range map[string]cache.Options[string, int]{
		"cache: Options.MaxWeight needs Weigh":                                  {MaxWeight: 1},
		"cache: Options.Weigh needs MaxWeight":                                  {Weigh: one},
		"cache: Options.MaxEntries and MaxWeight exclude each other":            {MaxWeight: 1, Weigh: one, MaxEntries: 1},
		"cache: Options.TTL must not be negative: nothing lives for ever":       {TTL: -1},
		"cache: Options.Jitter must be less than 1":                             {Jitter: 1},
		"cache: Options.RefreshAfter must not be negative":                      {RefreshAfter: -1},
		"cache: Options.RefreshAfter must be shorter than TTL, less its Jitter": {TTL: time.Hour, RefreshAfter: 57 * time.Minute},
		"cache: Options.StaleOnError must not be negative":                      {StaleOnError: -1},
	} {
		require.EqualError(t, o.Validate(), want)
		require.PanicsWithValue(t, want, func() { cache.New(o) })
	}
	require.Error(t, cache.Options[string, int]{Jitter: math.NaN()}.Validate())
	require.NoError(t, cache.Options[string, int]{}.Validate())
	require.NoError(t, cache.Options[string, int]{TTL: time.Hour, RefreshAfter: 57*time.Minute - 1}.Validate())
}

func TestTakeWithANilFuncPanics(t *testing.T) {
	c := exact(t, cache.Options[string, int]{})
	require.PanicsWithValue(t, "cache: Take with a nil func", func() { _, _ = c.Take(ctx, "a", nil) })
}

func TestKeyThatIsNotItselfIsRefused(t *testing.T) {
	c := cache.New(cache.Options[float64, int]{})
	defer c.Close(ctx)
	nan := math.NaN()
	const want = "cache: a key does not equal itself, as NaN does not"
	require.PanicsWithValue(t, want, func() { c.Set(nan, 1) })
	require.PanicsWithValue(t, want, func() { c.SetTTL(nan, 1, time.Hour) })
	require.PanicsWithValue(t, want, func() { _, _ = c.Take(ctx, nan, mustNot(t)) })
	_, ok := c.Get(nan)
	require.False(t, ok)
	c.Delete(nan)
	require.Zero(t, c.Len())
	c.Set(1, 1)
	_, ok = c.Get(1)
	require.True(t, ok)
}

func TestUnhashableKeyPanicsAndLeavesNothingLocked(t *testing.T) {
	c := cache.New(cache.Options[any, int]{})
	defer c.Close(ctx)
	bad := any([]int{1})
	for _, use := range []func(){
		func() { c.Get(bad) },
		func() { c.Set(bad, 1) },
		func() { c.SetTTL(bad, 1, time.Hour) },
		func() { c.Delete(bad) },
		func() { _, _ = c.Take(ctx, bad, mustNot(t)) },
	} {
		require.Panics(t, use)
	}
	c.Set("a", 1)
	v, ok := c.Get("a")
	require.True(t, ok)
	require.Equal(t, 1, v)
	require.NoError(t, c.Close(ctx))
}

func TestNilIsAValueLikeAnyOther(t *testing.T) {
	c := cache.New(cache.Options[string, *int]{})
	defer c.Close(ctx)
	for range 2 {
		v, err := c.Take(ctx, "a", func(ctxT) (*int, error) { return nil, nil })
		require.NoError(t, err)
		require.Nil(t, v)
	}
	require.Equal(t, uint64(1), c.Stats().Loads)
}

func TestRangeStopsWhenToldTo(t *testing.T) {
	c := exact(t, cache.Options[string, int]{})
	c.Set("a", 1)
	c.Set("b", 2)
	n := 0
	for key, v := range c.All() {
		require.Equal(t, map[string]int{"a": 1, "b": 2}[key], v)
		c.Delete("a") // it may be used meanwhile
		c.Delete("b")
		n++
		break
	}
	require.Equal(t, 1, n)
	require.Zero(t, c.Len())
}
