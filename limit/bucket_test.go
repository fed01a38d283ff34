package limit_test

import (
	"context"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
)

// driveExact does what the bytes say to a key of a Memory and to its model, and
// compares every answer.
func driveExact(t *testing.T, buckets []limit.Bucket, ops []byte) {
	synctest.Test(t, func(t *testing.T) {
		memory, model := limit.NewMemory(limit.MemoryOptions{}), newExactKey(buckets)
		perEvent := max(1, buckets[0].Rate.Per/time.Duration(buckets[0].Rate.Events))
		start, century := time.Now(), 100*365*24*time.Hour
		pause := func(n int, d time.Duration) {
			if n == 0 || d < (century-time.Since(start))/time.Duration(n) {
				time.Sleep(time.Duration(n) * d) // time ends in the year 2262
			}
		}
		for i := 0; i+1 < len(ops); i += 2 {
			what, x := ops[i]%8, int(ops[i+1])
			n, within := 1, time.Duration(0)
			switch what {
			case 0:
				pause(x, 1)
			case 1:
				pause(x, perEvent/16)
			case 2:
				pause(x, buckets[len(buckets)-1].Rate.Per/256)
			case 3:
				n = x % (buckets[0].Burst + 2) // perhaps too many
			case 4:
				within = time.Duration(x) * (perEvent / 32)
			case 5:
				n, within = 1+x%3, time.Hour
			case 6:
				n, within = -(1 + x%3), time.Duration(x-64)*(perEvent/32)
			case 7:
				n = 0
			}
			got, err := memory.TakeTokens(context.Background(), "key", n, within, buckets)
			require.NoError(t, err)
			require.Equal(t, model.take(n, within), got, "step %d: n=%d within=%v", i/2, n, within)
		}
	})
}

var exactCases = [][]limit.Bucket{
	{{Rate: limit.PerSecond(10), Burst: 10}},
	{{Rate: limit.PerSecond(100), Burst: 10}}, // the burst is less than half the rate
	{{Rate: limit.PerSecond(1), Burst: 1}},
	{{Rate: limit.PerSecond(3), Burst: 7}},
	{{Rate: limit.Rate{Events: 999_983, Per: time.Second}, Burst: 1000}},
	{{Rate: limit.PerSecond(1e9), Burst: 5}},
	{{Rate: limit.Rate{Events: 2_000_000_011, Per: time.Second}, Burst: 5}}, // two per ns
	{{Rate: limit.Rate{Events: 1, Per: 24 * time.Hour}, Burst: 1}},
	{{Rate: limit.Rate{Events: 1, Per: 10 * 365 * 24 * time.Hour}, Burst: 1}},
	{{Rate: limit.PerSecond(10), Burst: 10}, {Rate: limit.PerHour(100), Burst: 20}},
	{{Rate: limit.PerSecond(7), Burst: 2}, {Rate: limit.PerMinute(11), Burst: 3}, {Rate: limit.PerHour(1000), Burst: 5}},
}

func TestBucketsAreExact(t *testing.T) {
	for _, buckets := range exactCases {
		for seed := range uint64(8) {
			r := rand.New(rand.NewPCG(1, seed))
			ops := make([]byte, 400)
			for i := range ops {
				ops[i] = byte(r.Uint32())
			}
			driveExact(t, buckets, ops)
		}
	}
}

func FuzzBucketsAreExact(f *testing.F) {
	f.Add(10, int64(time.Second), 10, 0, []byte("\x03\x05\x01\x10\x03\x05\x05\x01\x06\x00"))
	f.Add(7, int64(time.Hour), 3, 5, []byte("\x05\x05\x05\x10\x06\x05\x02\x01\x06\x00"))
	f.Fuzz(func(t *testing.T, n int, per int64, burst, also int, ops []byte) {
		b := limit.Bucket{Rate: limit.Rate{Events: n, Per: time.Duration(per)}, Burst: burst}
		if burst > 1<<20 || per > int64(200*time.Hour) || b.Validate() != nil || len(ops) > 400 {
			return
		}
		buckets := []limit.Bucket{b}
		if also > 0 && also < 1<<20 {
			buckets = append(buckets, limit.Bucket{Rate: limit.PerHour(also), Burst: also})
		}
		driveExact(t, buckets, ops)
	})
}

// checkRounding compares the rule of a bucket with its rate.
func checkRounding(t *testing.T, b limit.Bucket) {
	cost, drain, err := limit.RuleOf(b)
	if b.Rate.Events < 1 || b.Rate.Per < 1 || b.Burst < 1 {
		require.Error(t, err)
		return
	}
	fill := new(big.Rat).Mul(events(b.Burst), big.NewRat(int64(b.Rate.Per), int64(b.Rate.Events)))
	most := new(big.Rat).SetInt64(1 << 62)
	if err != nil {
		// One more event is needed for what rounding takes.
		more := new(big.Rat).Mul(events(b.Burst), big.NewRat(int64(b.Rate.Per), int64(b.Rate.Events)))
		more.Add(more, events(b.Burst))
		require.Positive(t, more.Cmp(most), "%v was refused: %v", b, err)
		return
	}
	require.LessOrEqual(t, fill.Cmp(most), 0)
	full := new(big.Int).Mul(big.NewInt(int64(b.Burst)), new(big.Int).SetUint64(cost))
	require.LessOrEqual(t, full.Cmp(big.NewInt(1<<62)), 0, "%v: a full bucket can be counted", b)

	exact := big.NewRat(int64(b.Rate.Events), int64(b.Rate.Per))
	got := new(big.Rat).SetFrac(new(big.Int).SetUint64(drain), new(big.Int).SetUint64(cost))
	require.LessOrEqual(t, got.Cmp(exact), 0, "%v: never faster than the rate", b)
	loss, _ := new(big.Rat).Sub(big.NewRat(1, 1), new(big.Rat).Quo(got, exact)).Float64()
	require.LessOrEqual(t, loss, float64(b.Burst)/(1<<61), "%v", b)
	if b.Burst <= 2e9 {
		require.Less(t, loss, 1e-9, "%v", b)
	}
}

func FuzzRatesAreRoundedDownALittle(f *testing.F) {
	century := int64(100 * 365 * 24 * time.Hour)
	for _, s := range []struct {
		events int
		per    int64
		burst  int
	}{
		{10, 1e9, 10}, {1, century, 1}, {1, century, 2}, {3, 2e9 + 1, math.MaxInt32}, {1e9, 1e9 + 7, math.MaxInt32},
		{math.MaxInt, math.MaxInt64, math.MaxInt}, {math.MaxInt, math.MaxInt64 - 1, math.MaxInt / 4}, {1, math.MaxInt64, 1},
		{math.MaxInt, 1, math.MaxInt / 2}, {1, 1, math.MaxInt}, {3, 1<<62 + 1, 2}, {0, 1, 1}, {1, -1, 1}, {1, 1, 0},
	} {
		f.Add(s.events, s.per, s.burst)
	}
	f.Fuzz(func(t *testing.T, n int, per int64, burst int) {
		checkRounding(t, limit.Bucket{Rate: limit.Rate{Events: n, Per: time.Duration(per)}, Burst: burst})
	})
}

// requireConformance checks that events at these times, in order, are no more in
// any span of time than burst + rate x time, if the times are exact to slack.
func requireConformance(t *testing.T, b limit.Bucket, at []time.Time, slack time.Duration) {
	t.Helper()
	level, perNano := new(big.Rat), big.NewRat(int64(b.Rate.Events), int64(b.Rate.Per))
	for i, now := range at {
		if i > 0 {
			span := now.Sub(at[i-1])
			require.GreaterOrEqual(t, span, time.Duration(0))
			level.Sub(level, new(big.Rat).Mul(perNano, new(big.Rat).SetInt64(int64(span))))
		}
		if level.Sign() < 0 {
			level.SetInt64(0)
		}
		level.Add(level, events(1))
		most := new(big.Rat).Add(events(b.Burst), new(big.Rat).Mul(perNano, new(big.Rat).SetInt64(int64(slack))))
		require.LessOrEqual(t, level.Cmp(most), 0, "event %d of %d is one too many", i, len(at))
	}
}

func TestReservationsConformWhateverIsCancelled(t *testing.T) {
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(2, seed))
			b := limit.Bucket{Rate: limit.PerSecond(1 + r.IntN(20)), Burst: 1 + r.IntN(4)}
			slack := time.Duration(0)
			if time.Second%time.Duration(b.Rate.Events) != 0 {
				slack = 1 // places at fractions of a nanosecond are rounded up
			}
			l := limit.NewToken(limit.TokenOptions{Rate: b.Rate, Burst: b.Burst})
			type place struct {
				at time.Time
				n  int
			}
			held := map[*limit.Reservation]place{}
			for range 300 {
				time.Sleep(time.Duration(r.Int64N(int64(200 * time.Millisecond))))
				n := 1 + r.IntN(b.Burst)
				if res, err := l.Reserve(t.Context(), "key", n, time.Duration(r.IntN(3))*time.Second); err == nil {
					held[res] = place{time.Now().Add(res.Delay()), n}
				}
				if r.IntN(3) > 0 {
					continue
				}
				for res := range held {
					if res.Delay() > 0 {
						res.Cancel(t.Context())
						res.Cancel(t.Context()) // does nothing
						delete(held, res)
						break
					}
				}
			}
			var at []time.Time
			for _, p := range held {
				for range p.n {
					at = append(at, p.at)
				}
			}
			sortTimes(at)
			requireConformance(t, b, at, slack)
		})
	}
}

func TestTheFutureHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		century := 100 * 365 * 24 * time.Hour
		buckets := []limit.Bucket{{Rate: limit.Rate{Events: 1, Per: century}, Burst: 1}}
		memory := limit.NewMemory(limit.MemoryOptions{})
		for i := range 4 {
			got, err := memory.TakeTokens(t.Context(), "key", 1, math.MaxInt64, buckets)
			require.NoError(t, err)
			require.Equal(t, i < 2, got.OK, "the third place would be in 200 years, the fourth in 300")
			require.Positive(t, got.Reset)
		}
	})
}
