package limit_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
)

func allowed(t testing.TB, l *limit.Token, key string) bool {
	t.Helper()
	d, err := l.Allow(context.Background(), key)
	require.NoError(t, err)
	return d.Allowed
}

// Keys that differ in one byte, or of which one begins the other, of all lengths
// around those at which a key is kept in another way.
func TestKeysThatAreAlikeAreToldApart(t *testing.T) {
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1)})
	for n := 1; n <= 130; n++ {
		key := strings.Repeat("k", n)
		require.True(t, allowed(t, l, key), n)
		require.False(t, allowed(t, l, key), n)
		require.True(t, allowed(t, l, key+"\x00"), n)
		for i := range n {
			require.True(t, allowed(t, l, key[:i]+"K"+key[i+1:]), "%d of %d", i, n)
		}
	}
	require.False(t, allowed(t, l, "k"))
}

func FuzzTextsOfOneLength(f *testing.F) {
	f.Add("a", "b")
	f.Add("abcdefgh", "abcdefgH")
	f.Add("abc\x00", "abc\x01")
	f.Add(strings.Repeat("x", 48), strings.Repeat("x", 47)+"\x00")
	f.Fuzz(func(t *testing.T, a, b string) {
		n := min(len(a), len(b), 48)
		if n == 0 {
			return
		}
		a, b = a[:n], b[:n]
		require.Equal(t, a == b, limit.SameText(a, b))
		require.True(t, limit.SameText(a, a))
		changed := []byte(a)
		changed[len(b)*7%n] ^= 1 << (n % 8)
		require.False(t, limit.SameText(a, string(changed)))
	})
}

func TestACallersKeyIsNotKeptAlive(t *testing.T) {
	key := []byte(strings.Repeat("long", 20))
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1)})
	require.True(t, allowed(t, l, string(key)))
	require.False(t, allowed(t, l, string(key)))
}

// While many keys are added, those that are there move from table to table under
// the hands of their callers.
func TestNoEventIsLostOrWonWhileKeysMove(t *testing.T) {
	const callers, keys, burst = 8, 3000, 3
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1), Burst: burst})
	var all sync.WaitGroup
	var sum atomic.Int64
	for i := range callers {
		all.Go(func() {
			for j := range keys * 2 {
				key := strconv.Itoa((j*7 + i) % keys)
				if j%3 == 0 {
					key = "busy"
				}
				if allowed(t, l, key) {
					sum.Add(1)
				}
			}
		})
	}
	all.Wait()
	st := l.Stats()
	require.EqualValues(t, sum.Load(), st.Allowed)
	require.EqualValues(t, callers*keys*2, st.Allowed+st.Refused)
	require.LessOrEqual(t, st.Allowed, uint64((keys+1)*burst))
	for i := range keys {
		for allowed(t, l, strconv.Itoa(i)) {
		}
	}
	st = l.Stats()
	require.EqualValues(t, (keys+1)*burst, st.Allowed)
	require.Equal(t, keys+1, st.Keys)
	require.Zero(t, st.Evicted)
}

func TestWhatWasCountedOnceStaysCounted(t *testing.T) {
	l := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(1e9), Burst: 1e9})
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					allowed(t, l, strconv.Itoa(i%100))
				}
			}
		})
	}
	last := uint64(0)
	for range 500 {
		now := l.Stats().Allowed
		require.GreaterOrEqual(t, now, last)
		last = now
	}
	close(stop)
	all.Wait()
}

func TestKeysWithoutRoomAreOneKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 100
		l := limit.NewTokenOfKeys(limit.TokenOptions{Rate: limit.PerHour(60), Burst: 2}, most)
		for i := range most {
			require.True(t, allowed(t, l, strconv.Itoa(i)))
		}
		require.True(t, allowed(t, l, "first stranger"))
		require.True(t, allowed(t, l, "second stranger"))
		for range 1000 {
			require.False(t, allowed(t, l, "third stranger"))
		}
		require.True(t, allowed(t, l, "7"), "who is known is limited as ever")
		require.False(t, allowed(t, l, "7"))
		st := l.Stats()
		require.Equal(t, most, st.Keys)
		require.EqualValues(t, 1002, st.Shared)
		require.EqualValues(t, most+3, st.Allowed)
		require.EqualValues(t, 1001, st.Refused)
		require.Zero(t, st.Evicted)

		time.Sleep(time.Minute) // all are idle but 7
		for range 100 {
			allowed(t, l, "third stranger")
		}
		st = l.Stats()
		require.EqualValues(t, most-1, st.Evicted)
		require.Equal(t, 2, st.Keys)
		d, err := l.Peek(t.Context(), "7")
		require.NoError(t, err)
		require.Equal(t, limit.Decision{Allowed: true, Limit: 2, Remaining: 1, ResetAfter: time.Minute}, d)
	})
}

// However many keys are tried where there is no room, the search for idle ones
// costs each caller the same.
func TestAFloodOfKeysDoesNotSearchEachTime(t *testing.T) {
	const most = 1 << 13
	l := limit.NewTokenOfKeys(limit.TokenOptions{Rate: limit.PerHour(1)}, most)
	for i := range 2 * most {
		allowed(t, l, strconv.Itoa(i))
	}
	require.Zero(t, testing.AllocsPerRun(20_000, func() { _, _ = l.Allow(context.Background(), "stranger") }))
	require.LessOrEqual(t, l.Stats().Keys, most)
}

// New keys come rarely: each finds the room that those have left which are idle.
func TestNewKeysFindRoomSoonAfterOthersAreIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 1 << 12
		l := limit.NewTokenOfKeys(limit.TokenOptions{Rate: limit.PerMinute(1)}, most)
		for i := range 2 * most {
			allowed(t, l, "old"+strconv.Itoa(i))
		}
		time.Sleep(time.Minute + time.Second)
		for i := range 1000 {
			require.True(t, allowed(t, l, "new"+strconv.Itoa(i)), i)
			time.Sleep(time.Second)
		}
	})
}

// Keys become idle one by one while strangers come: all the others may not move for
// each of them.
func TestKeysThatAreIdleOneByOneDoNotMoveTheOthersEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 100 // in one shard
		l := limit.NewTokenOfKeys(limit.TokenOptions{Rate: limit.PerMinute(1)}, most)
		for i := range most {
			allowed(t, l, strconv.Itoa(i))
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Minute - 10*time.Second)
		moves, table := 0, l.Table()
		for i := range 200 { // for four seconds, in which forty become idle
			allowed(t, l, "stranger"+strconv.Itoa(i))
			time.Sleep(20 * time.Millisecond)
			if now := l.Table(); now != table {
				moves, table = moves+1, now
			}
		}
		require.LessOrEqual(t, moves, 4+200/16)
		require.Greater(t, l.Stats().Evicted, uint64(30))
	})
}

func TestAMemoryThatIsFullTakesNoMoreThanItsKeys(t *testing.T) {
	const most = 1 << 12
	l := limit.NewTokenOfKeys(limit.TokenOptions{Rate: limit.PerHour(1)}, most)
	for i := range 4 * most {
		allowed(t, l, strconv.Itoa(i))
	}
	require.LessOrEqual(t, l.CellsPerKey(), 4.0)
	require.GreaterOrEqual(t, l.Stats().Keys, most*9/10)
}

// A refusal needs no lock, whatever the rate.
func TestRefusalsOfKnownKeysTakeNoLock(t *testing.T) {
	for _, rate := range []limit.Rate{limit.PerHour(1), limit.PerSecond(10), limit.PerSecond(100), limit.PerSecond(100_000)} {
		l := limit.NewToken(limit.TokenOptions{Rate: rate})
		for allowed(t, l, "k") {
		}
		unlock := l.LockAll()
		for range 1000 {
			allowed(t, l, "k")
		}
		unlock()
	}
}

// A caller may sleep between its reading of the clock and its look at the key, or the
// other way round.
func TestACallerThatIsHeldUpIsNotRefusedForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(10), Burst: 2})
		require.True(t, allowed(t, l, "k"))
		time.Sleep(time.Hour)
		decide := l.HeldUp("k")
		time.Sleep(11 * time.Millisecond)
		require.True(t, allowed(t, l, "k"))
		require.True(t, decide())
		require.False(t, allowed(t, l, "k"))
	})
}

// The clock of a bubble ends in 2262.
func TestKeysOutlastAnyNumberOfTheirTables(t *testing.T) {
	for _, rate := range []limit.Rate{limit.PerSecond(63), limit.PerHour(1), limit.PerSecond(1e9)} {
		synctest.Test(t, func(t *testing.T) { compareForDecades(t, rate) })
	}
}

func compareForDecades(t *testing.T, rate limit.Rate) {
	ctx := context.Background()
	own := limit.NewToken(limit.TokenOptions{Rate: rate, Burst: 5})
	shared := limit.NewToken(limit.TokenOptions{Rate: rate, Burst: 5, Store: limit.NewMemory(limit.MemoryOptions{})})
	for step := range 200 {
		key := "k" + strconv.Itoa(step%3)
		requireSameDecision(t, key, 1+step%2, own, shared)
		a, errA := own.Reserve(ctx, key, 5, 1000*time.Hour)
		b, errB := shared.Reserve(ctx, key, 5, 1000*time.Hour)
		require.Equal(t, errB, errA)
		if errA == nil {
			require.Equal(t, b.Delay(), a.Delay())
		}
		time.Sleep(time.Duration(step) * 24 * time.Hour)
		if errA == nil && step%5 == 0 {
			a.Cancel(ctx)
			b.Cancel(ctx)
		}
		requireSameDecision(t, key, 1, own, shared)
	}
	time.Sleep(100 * 365 * 24 * time.Hour)
	requireSameDecision(t, "k1", 5, own, shared)
	requireSameDecision(t, "k1", 1, own, shared)
	require.Equal(t, shared.Stats().Allowed, own.Stats().Allowed)
}
