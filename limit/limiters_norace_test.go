//go:build !race

// The race detector pads what is allocated, and ten million keys take it too long.

package limit_test

import (
	"context"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

func TestDecisionsAllocateNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	memory := limit.NewMemory(limit.MemoryOptions{})
	many, none := limit.PerSecond(1e9), limit.PerHour(1)
	for name, ask := range map[string]func(context.Context, string) (limit.Decision, error){
		"allowed":       limit.NewToken(limit.TokenOptions{Rate: many}).Allow,
		"refused":       limit.NewToken(limit.TokenOptions{Rate: none}).Allow,
		"peek":          limit.NewToken(limit.TokenOptions{Rate: none}).Peek,
		"named":         limit.NewToken(limit.TokenOptions{Name: "api", Rate: many, Store: memory}).Allow,
		"several rates": limit.NewToken(limit.TokenOptions{Rate: many, Also: []limit.Bucket{{Rate: none, Burst: 1e5}}}).Allow,
		"fixed":         limit.NewPeriod(limit.PeriodOptions{Quota: 1e9, Period: time.Hour}).Take,
		"aligned":       limit.NewPeriod(limit.PeriodOptions{Quota: 1, Period: 365 * day, Align: time.UTC}).Take,
		"sliding":       limit.NewPeriod(limit.PeriodOptions{Name: "api", Quota: 1e9, Period: time.Hour, Sliding: true, Store: memory}).Take,
		"store": func(ctx context.Context, key string) (limit.Decision, error) {
			_, err := memory.TakeTokens(ctx, key, 1, 0, exactCases[0])
			return limit.Decision{}, err
		},
	} {
		decide(t, ask, "user")
		require.Zero(t, testing.AllocsPerRun(1000, func() {
			if _, err := ask(ctx, "user"); err != nil {
				panic(err)
			}
		}), name)
	}
}

func TestRefusalsOfGuardsAllocateNothing(t *testing.T) {
	for _, g := range []weir.Guard{
		limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1)}).For("user"),
		limit.NewPeriod(limit.PeriodOptions{Quota: 1, Period: 365 * day}).For("user"),
	} {
		_, err := g.Allow(t.Context())
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(1000, func() {
			if _, err := g.Allow(context.Background()); err == nil {
				panic("allowed")
			}
		}))
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestTenMillionKeysOfOneAttackerCostLittle(t *testing.T) {
	const most = 1 << 14
	before := heap()
	l := limit.NewToken(limit.TokenOptions{
		Rate: limit.PerHour(1), Burst: 2, Store: limit.NewMemory(limit.MemoryOptions{MaxKeys: most}),
	})
	for range 2 {
		require.True(t, decide(t, l.Allow, "victim").Allowed)
	}
	ctx, allowed := context.Background(), 0
	for i := range 10_000_000 {
		if d, err := l.Allow(ctx, strconv.Itoa(i)); err == nil && d.Allowed {
			allowed++
		}
	}
	require.Less(t, heap()-before, int64(most*150))
	require.LessOrEqual(t, allowed, most+2*64+64, "those with a place, and twice per shard all others")
	require.False(t, decide(t, l.Allow, "victim").Allowed)
	st := l.Stats()
	require.LessOrEqual(t, st.Keys, most)
	require.Greater(t, st.Shared, uint64(9_900_000))
}

func TestAKeyTakesHardlyMoreThanItsCell(t *testing.T) {
	const keys = 100_000
	texts := make([]string, keys) // 16 bytes each, as they are allocated
	for i := range texts {
		texts[i] = "user-" + strconv.Itoa(1_000_000+i)
	}
	before := heap()
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1)})
	for _, key := range texts {
		decide(t, l.Allow, key)
	}
	perKey := float64(heap()-before) / keys
	require.LessOrEqual(t, perKey, 256.0+16)
	t.Logf("%.0f bytes per key of 12, of which the cell takes %d", perKey, limit.CellSize)
	runtime.KeepAlive(l)
	runtime.KeepAlive(texts)
}
