package load

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// due is a context that has a deadline and nothing else.
type due struct {
	context.Context
	at time.Time
}

func (d due) Deadline() (time.Time, bool) { return d.at, true }

// leaving returns a context whose call, at 0, has so many ns left.
func (s *Shedder) leaving(left int64) context.Context {
	return due{context.Background(), s.epoch.Add(time.Duration(left))}
}

// calculated is what the limit is if nothing was foreseen. The reason is that for a
// call whose deadline is known.
func (s *Shedder) calculated(class int, left float64, known bool) (int64, Reason) {
	r, most := &s.rules, float64(s.opts.MaxLimit)
	limit, d := float64(r.limit(class)), r.deadline()
	if d.fast == 0 || left == 0 && !known {
		return int64(limit), ReasonLimit
	}
	reach := d.reach(left)
	if known && class >= int(r.filling.Load()) {
		limit = min(limit+d.extra(r.base.Load(), reach), most)
	}
	inTime := math.Round(max(reach-r.reserve(class), d.floor, float64(s.opts.MinLimit)))
	if inTime < limit {
		return int64(inTime), ReasonDeadline
	}
	return int64(limit), ReasonLimit
}

// anyRules returns a shedder with rules that could be published, and some that could
// not.
func anyRules(rng *rand.Rand) *Shedder {
	s := New(Options{CPUThreshold: -1})
	s.opts.MinLimit = 1 << rng.IntN(6)
	s.opts.MaxLimit = s.opts.MinLimit << rng.IntN(16)
	anyLimits(s, rng)
	r := &s.rules
	floor := pick(rng, 0, 1, 2.5, 10, 1000*rng.Float64())
	r.floor.Store(floor)
	r.fast.Store(pick(rng, 0, 1, math.Pow(10, -9*rng.Float64())))
	r.spread.Store(6 * rng.Float64())
	r.wait.Store(pick(rng, 0, waitShare, 1, rng.Float64()))
	r.room.Store(pick(rng, 0, floor, r.base.Load(), r.base.Load()+40*rng.Float64(), math.Inf(1)))
	r.patience.Store(int64(pick(rng, 0, 1e7, math.Pow(10, 15*rng.Float64()))))
	s.foresee()
	return s
}

func anyLimits(s *Shedder, rng *rand.Rand) {
	r := &s.rules
	limit := s.opts.MinLimit
	for i := range r.limits {
		limit = min(limit+rng.IntN(2)*rng.IntN(40), s.opts.MaxLimit)
		r.limits[i].Store(int64(limit))
	}
	r.base.Store(float64(r.limits[rng.IntN(numClasses)].Load()))
	r.probe.Store(int64(s.opts.MinLimit))
	r.probing.Store(rng.IntN(4) == 0)
	r.exempt.Store(rng.Int32N(int32(numClasses) + 1))
	r.filling.Store(rng.Int32N(int32(numClasses)))
}

func pick(rng *rand.Rand, of ...float64) float64 { return of[rng.IntN(len(of))] }

// timesLeft returns times of all magnitudes, among them those around the one from which
// on nothing is calculated.
func timesLeft(rng *rand.Rand, ample int64) (all []int64) {
	all = []int64{math.MinInt64 / 2, -1, 0, 1, math.MaxInt64 / 2}
	for range 30 {
		all = append(all, int64(math.Pow(10, 18*rng.Float64())))
	}
	if ample > 2 && ample < math.MaxInt64/4 {
		all = append(all, ample-1, ample, ample+1, ample/2, 2*ample)
	}
	return all
}

func TestWhatIsForeseenIsWhatWouldBeCalculated(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	foreseen := 0
	for range 5000 {
		s := anyRules(rng)
		class := rng.IntN(numClasses)
		ample := s.rules.ample[class].Load()
		for _, left := range timesLeft(rng, ample) {
			want, why := s.calculated(class, float64(left), true)
			got, reason := s.limit(s.leaving(left), class, 0)
			if got != want || reason != why {
				t.Fatalf("%d for %v, not %d for %v, with %d ns left, ample %d", got, reason, want, why, left, ample)
			}
			if sure := s.rules.lowered(s.rules.sure[class].Load(), class); sure > want {
				t.Fatalf("%d may be sure to get in with %d ns left, but %d may", sure, left, want)
			}
			if left > ample {
				foreseen++
			}
		}
		want, _ := s.calculated(class, s.rules.deadline().patience, false)
		got, reason := s.limit(context.Background(), class, 0)
		require.Equal(t, want, got, "no deadline")
		require.Equal(t, ReasonLimit, reason)
	}
	require.Greater(t, foreseen, 50_000)
}

// The end of a cohort of clean calls raises a limit that was lowered for it.
func TestWhatIsForeseenHoldsWhenProbingEnds(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for range 5000 {
		s := anyRules(rng)
		s.rules.probing.Store(true)
		s.rules.wait.Store(0)
		s.foresee()
		s.rules.probing.Store(false)
		for class := range numClasses {
			for _, left := range timesLeft(rng, s.rules.ample[class].Load()) {
				want, _ := s.calculated(class, float64(left), true)
				got, _ := s.limit(s.leaving(left), class, 0)
				require.Equal(t, want, got, "%d ns left", left)
			}
		}
	}
}

func TestTimeIsAmpleAlmostAsSoonAsItIs(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for range 5000 {
		d := deadline{fast: math.Pow(10, -9*rng.Float64()), floor: 100 * rng.Float64(), spread: 6 * rng.Float64()}
		reach := d.floor + 1000*rng.Float64()
		left := d.timeFor(reach)
		require.GreaterOrEqual(t, d.reach(float64(left)), reach)
		require.Less(t, d.reach(0.8*float64(left)-1), reach+2)
	}
}

func TestNoTimeIsAmpleWhereNumbersAreNot(t *testing.T) {
	bad := []float64{math.NaN(), math.Inf(-1), -1, -math.MaxFloat64}
	for _, v := range bad {
		for _, d := range []deadline{{v, 1, 1, 0, 0, 0}, {1, v, 1, 0, 0, 0}, {1, 1, v, 0, 0, 0}} {
			require.Equal(t, int64(math.MaxInt64), d.timeFor(10))
		}
		d := deadline{fast: 1, floor: 1, spread: 1}
		if v != v {
			require.Equal(t, int64(math.MaxInt64), d.timeFor(v))
		}
	}
	for _, fast := range []float64{math.Inf(1), math.MaxFloat64, math.SmallestNonzeroFloat64} {
		d := deadline{fast: fast, floor: 1, spread: 1}
		require.GreaterOrEqual(t, d.timeFor(10), int64(1))
	}
}
