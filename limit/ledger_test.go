package limit_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
)

// A limiter with a memory of its own decides about known keys without a lock; one that
// shares a Memory never does. Whatever is asked, both answer the same.
func TestKeysAreLimitedAsIfALockWereTaken(t *testing.T) {
	for _, rate := range []limit.Rate{
		limit.PerSecond(3), limit.PerSecond(1000), limit.PerHour(7), limit.PerSecond(63),
		{Events: 999_983, Per: time.Second}, {Events: 7, Per: 1000},
	} {
		for _, burst := range []int{1, 2, 10} {
			t.Run(strconv.Itoa(rate.Events)+"/"+rate.Per.String()+"/"+strconv.Itoa(burst), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { compareOwnAndShared(t, rate, burst) })
			})
		}
	}
}

func compareOwnAndShared(t *testing.T, rate limit.Rate, burst int) {
	random := rand.New(rand.NewPCG(uint64(rate.Per), uint64(burst)))
	own := limit.NewToken(limit.TokenOptions{Rate: rate, Burst: burst})
	shared := limit.NewToken(limit.TokenOptions{
		Rate: rate, Burst: burst, Store: limit.NewMemory(limit.MemoryOptions{}),
	})
	ctx, interval := context.Background(), rate.Per/time.Duration(rate.Events)+1
	var reserved [][2]*limit.Reservation
	for range 5_000 {
		key := strconv.Itoa(random.IntN(500) * random.IntN(2)) // some are rare, one is in a flood
		switch n := random.IntN(20); n {
		case 0:
			time.Sleep(time.Duration(random.Int64N(2*int64(interval) + 2)))
		case 1:
			within := time.Duration(random.Int64N(int64(4*interval) + 1))
			a, errA := own.Reserve(ctx, key, 1, within)
			b, errB := shared.Reserve(ctx, key, 1, within)
			require.Equal(t, errB, errA)
			if errA == nil {
				require.Equal(t, b.Delay(), a.Delay())
				reserved = append(reserved, [2]*limit.Reservation{a, b})
			}
		case 2:
			if i := len(reserved) - 1; i >= 0 {
				reserved[i][0].Cancel(ctx)
				reserved[i][1].Cancel(ctx)
				reserved = reserved[:i]
			}
		case 3:
			requireSameDecision(t, key, 2, own, shared)
		default:
			requireSameDecision(t, key, 1, own, shared)
		}
	}
	a, b := own.Stats(), shared.Stats()
	require.Equal(t, b.Allowed, a.Allowed)
	require.Equal(t, b.Refused, a.Refused)
}

func requireSameDecision(t *testing.T, key string, n int, own, shared *limit.Token) {
	t.Helper()
	ask := func(l *limit.Token) (limit.Decision, error) {
		if n == 1 {
			return l.Allow(context.Background(), key)
		}
		return l.AllowN(context.Background(), key, n)
	}
	a, err := ask(own)
	require.NoError(t, err)
	b, err := ask(shared)
	require.NoError(t, err)
	require.Equal(t, b, a)
}

func TestACanceledReservationEndsAFloodsRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		l := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(1), Burst: 2})
		r, err := l.Reserve(ctx, "k", 2, 0)
		require.NoError(t, err)
		for range 3 {
			d, _ := l.Allow(ctx, "k")
			require.Equal(t, limit.Decision{Limit: 2, RetryAfter: time.Second, ResetAfter: 2 * time.Second}, d)
		}
		r.Cancel(ctx)
		d, _ := l.Allow(ctx, "k")
		require.True(t, d.Allowed)
	})
}

func TestARefusedFloodIsCountedWhoeverAsks(t *testing.T) {
	ctx := context.Background()
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1), Burst: 10})
	const callers, calls, keys = 50, 2000, 400
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			for j := range calls {
				_, _ = l.Allow(ctx, strconv.Itoa((i+j)%keys))
			}
		})
	}
	all.Wait()
	st := l.Stats()
	require.EqualValues(t, 10*keys, st.Allowed)
	require.EqualValues(t, callers*calls-10*keys, st.Refused)
}
