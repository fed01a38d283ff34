package weirredis_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirredis"
)

func TestImpossibleFiltersPanic(t *testing.T) {
	deaf := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer deaf.Close()
	fine := connect(t, "127.0.0.1:1")
	for _, c := range []struct {
		text string
		o    weirredis.BloomOptions
	}{
		{"BloomOptions.Client must not be nil", weirredis.BloomOptions{Key: "k", Capacity: 10}},
		{"BloomOptions.Client must not be nil", weirredis.BloomOptions{Client: (*redis.Client)(nil), Key: "k", Capacity: 10}},
		{"made with ContextTimeoutEnabled", weirredis.BloomOptions{Client: deaf, Key: "k", Capacity: 10}},
		{"BloomOptions.Key must not be empty", weirredis.BloomOptions{Client: fine, Capacity: 10}},
		{"BloomOptions.TTL must not be negative", weirredis.BloomOptions{Client: fine, Key: "k", Capacity: 10, TTL: -1}},
		{"number of keys must be positive", weirredis.BloomOptions{Client: fine, Key: "k"}},
		{"number of keys must be positive", weirredis.BloomOptions{Client: fine, Key: "k", Capacity: -1}},
		{"rate of false positives", weirredis.BloomOptions{Client: fine, Key: "k", Capacity: 10, FPR: -0.1}},
		{"rate of false positives", weirredis.BloomOptions{Client: fine, Key: "k", Capacity: 10, FPR: 1}},
		{"rate of false positives", weirredis.BloomOptions{Client: fine, Key: "k", Capacity: 10, FPR: math.NaN()}},
		{"larger than 512 MB", weirredis.BloomOptions{Client: fine, Key: "k", Capacity: 420_000_000}},
		{"larger than 512 MB", weirredis.BloomOptions{Client: fine, Key: "k", Capacity: 50_000_000, FPR: 1e-9}},
	} {
		err := c.o.Validate()
		require.ErrorContains(t, err, c.text)
		require.True(t, strings.HasPrefix(err.Error(), "weirredis: BloomOptions"), err)
		require.PanicsWithValue(t, err.Error(), func() { weirredis.NewBloom(c.o) })
	}
	for _, o := range []weirredis.BloomOptions{
		{Client: fine, Key: "k", Capacity: 400_000_000},
		{Client: struct{ redis.UniversalClient }{fine}, Key: "a{b}c", Capacity: 1, FPR: 0.999, TTL: math.MaxInt64, Timeout: -1},
		{Client: fine, Key: "k", Capacity: 10, TTL: 1, Timeout: time.Hour},
	} {
		require.NoError(t, o.Validate())
		require.NotPanics(t, func() { weirredis.NewBloom(o) })
	}
}
