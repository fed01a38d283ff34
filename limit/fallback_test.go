package limit

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestARateIsDividedExactly(t *testing.T) {
	for _, c := range []struct {
		rate Rate
		by   int
		want Rate
	}{
		{PerSecond(10), 1, PerSecond(10)},
		{PerSecond(10), 5, PerSecond(2)},
		{PerSecond(10), 3, Rate{10, 3 * time.Second}},
		{PerSecond(1), 100, Rate{1, 100 * time.Second}},
		{Rate{7, math.MaxInt64}, 7, Rate{1, math.MaxInt64}},
		{Rate{7, math.MaxInt64}, 2, Rate{3, math.MaxInt64}},
		{Rate{1, math.MaxInt64}, 2, Rate{1, math.MaxInt64}},
	} {
		require.Equal(t, c.want, c.rate.over(c.by), "%v / %d", c.rate, c.by)
	}
}

// outage makes a door of a store that is down.
func outage(o doorOptions) (*door, *fakeStore) {
	s := newFakeStore()
	s.set(failing)
	o.store = s
	return newDoor("", o), s
}

func TestTheStandInHasTheShareOfOneReplica(t *testing.T) {
	for _, c := range []struct{ replicas, burst int }{{0, 10}, {1, 10}, {2, 5}, {3, 3}, {10, 1}, {100, 1}} {
		synctest.Test(t, func(t *testing.T) {
			d, _ := outage(doorOptions{replicas: c.replicas})
			admitted := 0
			const span = 600 * time.Second // all the rates have whole events in it
			for start := time.Now(); time.Since(start) <= span; time.Sleep(50 * time.Millisecond) {
				got := d.one(t.Context(), "key")
				require.Equal(t, c.burst, got.Limit)
				if got.OK {
					admitted++
				}
			}
			require.Equal(t, c.burst+6000/max(1, c.replicas), admitted)
		})
	}
}

func TestTheStandInDividesQuotas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for replicas, want := range map[int]int{1: 100, 3: 33, 1000: 1} {
			d, _ := outage(doorOptions{replicas: replicas})
			admitted := 0
			for range 200 {
				got, degraded, err := d.window(t.Context(), "key", 1, Window{Quota: 100, Period: time.Hour})
				require.NoError(t, err)
				require.True(t, degraded)
				if got.OK {
					admitted++
				}
			}
			require.Equal(t, want, admitted)
		}
	})
}

func TestCostAboveTheShareIsPutOffNotRuledOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := outage(doorOptions{replicas: 5})
		got, _, err := d.tokens(t.Context(), "key", 3, 0, tenPerSecond)
		require.NoError(t, err)
		require.False(t, got.OK)
		require.Equal(t, d.gates.all[0].untilProbe(), got.Wait)
		got, _, err = d.tokens(t.Context(), "key", 11, 0, tenPerSecond)
		require.NoError(t, err)
		require.Negative(t, got.Wait)
	})
}

func TestFallbackOpenAllowsWhatCouldEverBe(t *testing.T) {
	d, _ := outage(doorOptions{fallback: FallbackOpen, replicas: 5})
	buckets := []Bucket{{PerSecond(100), 100}, {PerHour(1), 7}}
	for range 1000 {
		got, degraded, err := d.tokens(t.Context(), "key", 7, 0, buckets)
		require.NoError(t, err)
		require.True(t, degraded)
		require.Equal(t, Taken{OK: true, Limit: 7, Remaining: 7}, got)
	}
	got, _, err := d.tokens(t.Context(), "key", 8, 0, buckets)
	require.NoError(t, err)
	require.Equal(t, Taken{Limit: 7, Remaining: 7, Wait: -1}, got)
}

func TestFallbackClosedRefusesUntilTheNextProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := outage(doorOptions{fallback: FallbackClosed})
		got := d.one(t.Context(), "key")
		require.NoError(t, got.err)
		require.True(t, got.degraded)
		require.False(t, got.OK)
		require.Zero(t, got.Remaining)
		s.set(nil)
		time.Sleep(got.Wait - 1)
		require.True(t, d.one(t.Context(), "key").degraded)
		time.Sleep(time.Nanosecond)
		require.True(t, d.one(t.Context(), "key").OK)
	})
}

// The rates of the store and of the stand-ins overlap in an outage; and a store
// that was not asked for a while has all its tokens.
func TestAnOutageAdmitsNoMoreThanPromised(t *testing.T) {
	for _, replicas := range []int{1, 3, 4, 25} {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeStore()
			var doors []*door
			for range replicas {
				doors = append(doors, newDoor("", doorOptions{store: s, replicas: replicas}))
			}
			admitted, instead := 0, 0
			greed := func(span time.Duration) {
				for end := time.Now().Add(span); time.Now().Before(end); time.Sleep(time.Millisecond) {
					for _, d := range doors {
						got := d.one(t.Context(), "key")
						if got.OK && got.degraded {
							instead++
						} else if got.OK {
							admitted++
						}
					}
				}
			}
			greed(time.Second)
			s.set(failing)
			greed(5 * time.Second)
			s.set(nil)
			greed(2 * time.Second)
			require.LessOrEqual(t, admitted, 10+80)
			require.LessOrEqual(t, instead, max(10, replicas)+60)
			require.Greater(t, instead, 40)
			for _, d := range doors {
				require.Zero(t, d.stats().since)
			}
		})
	}
}

func TestAStoreThatComesAndGoesGetsNoFullStandInEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		d := newDoor("", doorOptions{store: s})
		instead, outages := 0, 0
		start := time.Now()
		for time.Since(start) < 10*time.Second {
			s.set(failing)
			outages++
			for range 20 {
				if got := d.one(t.Context(), "key"); got.OK && got.degraded {
					instead++
				}
			}
			s.set(nil)
			time.Sleep(d.gates.all[0].untilProbe())
			require.False(t, d.one(t.Context(), "key").degraded)
		}
		require.Greater(t, outages, 80)
		require.LessOrEqual(t, instead, 10+100)
	})
}

func TestTheStandInIsDroppedOnceItsShareWouldBeBack(t *testing.T) {
	for refill, kept := range map[time.Duration]time.Duration{
		0: time.Minute, time.Second: time.Minute, 20 * time.Minute: 20 * time.Minute, 24 * time.Hour: time.Hour,
	} {
		t.Run(refill.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, s := outage(doorOptions{refill: refill})
				for range 15 {
					d.one(t.Context(), "key")
				}
				s.set(nil)
				time.Sleep(time.Second)
				require.False(t, d.one(t.Context(), "key").degraded)
				time.Sleep(kept - 2*time.Second)
				require.False(t, d.one(t.Context(), "key").degraded)
				require.NotNil(t, d.local.Load())
				time.Sleep(2 * time.Second)
				require.False(t, d.one(t.Context(), "key").degraded)
				require.Nil(t, d.local.Load())
				s.set(failing)
				require.Equal(t, 9, d.one(t.Context(), "key").Remaining, "the next outage begins with all there is")
			})
		})
	}
}

func TestTheSlowestBucketSaysHowLongAShareTakesToComeBack(t *testing.T) {
	require.Equal(t, 2*time.Hour, refillOf([]Bucket{{PerSecond(10), 10}, {PerHour(5), 10}, {PerMinute(1), 1}}))
	require.Equal(t, time.Duration(endless), refillOf([]Bucket{{Rate{1, 100 * 365 * day}, 1}}))
}

func TestFallbackNames(t *testing.T) {
	require.Equal(t, "local", FallbackLocal.String())
	require.Equal(t, "open", FallbackOpen.String())
	require.Equal(t, "closed", FallbackClosed.String())
	require.Equal(t, "fallback(9)", Fallback(9).String())
}
