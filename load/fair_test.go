package load

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

// poured returns what fits below a level.
func poured(counts []float64, level float64) (sum float64) {
	for _, n := range counts {
		sum += min(n, level)
	}
	return sum
}

// searchedLevel finds the level by halving.
func searchedLevel(counts []float64, fits float64) float64 {
	low, high := 0.0, 1e12
	for range 200 {
		if mid := (low + high) / 2; poured(counts, mid) < fits {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

func TestWaterStandsWhereASearchFindsIt(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		counts := make([]float64, 1+rng.IntN(40))
		sum := 0.0
		for i := range counts {
			counts[i] = float64(rng.IntN(4) * rng.IntN(100))
			sum += counts[i]
		}
		fits := sum * rng.Float64()
		if sum == 0 {
			continue
		}
		require.InDelta(t, searchedLevel(counts, fits), waterLevel(counts, fits), 1e-6, "%v of %v", fits, counts)
	}
}

func TestWaterCoversAllIfThereIsEnough(t *testing.T) {
	for _, fits := range []float64{60, 60.1, 1e9} {
		require.GreaterOrEqual(t, waterLevel([]float64{30, 10, 20}, fits), 30.0)
	}
	require.Zero(t, waterLevel([]float64{0, 0}, 10), "nobody is above it")
}

func TestNoWaterIsLevelZero(t *testing.T) {
	require.Zero(t, waterLevel([]float64{5, 0, 3}, 0))
}

// aboutClass returns shares that look at a class.
func aboutClass(class int) *shares {
	f := newShares()
	f.class.Store(int32(class))
	return f
}

func (f *shares) counted() (sum, slots int) {
	for i := range f.counts {
		if n := f.counts[i].Load(); n > 0 {
			sum += int(n)
			slots++
		}
	}
	return sum, slots
}

func TestOnlyTheClassThatFillsTheServerUpIsCounted(t *testing.T) {
	f := aboutClass(2)
	for class := range numClasses {
		require.False(t, f.excessive(class, "a"))
	}
	sum, _ := f.counted()
	require.Equal(t, 1, sum)
	for range numClasses { // none yet
		require.False(t, newShares().excessive(0, "a"))
	}
}

func TestCallersAreToldApartByTheirNames(t *testing.T) {
	f := aboutClass(2)
	for i := range 50 {
		for range 3 {
			f.excessive(2, fmt.Sprint("caller ", i))
		}
	}
	sum, slots := f.counted()
	require.Equal(t, 150, sum)
	require.InDelta(t, 49, slots, 5, "but for the few who share a slot")
}

// slotOf returns where a caller is counted.
func (f *shares) slotOf(caller string) int {
	return int(maphash.String(f.seed, caller) % callerSlots)
}

// apart returns names of callers who do not share a slot.
func (f *shares) apart(n int) (names []string) {
	taken := map[int]bool{}
	for i := 0; len(names) < n; i++ {
		name := fmt.Sprint("caller ", i)
		if slot := f.slotOf(name); !taken[slot] {
			taken[slot] = true
			names = append(names, name)
		}
	}
	return names
}

func TestCallersOfOneSlotShareNothingButTheirFate(t *testing.T) {
	f := aboutClass(2)
	busy := f.slotOf("busy")
	f.drop[busy].Store(1)
	refused := 0
	for i := range 20_000 {
		name := fmt.Sprint("caller ", i)
		require.Equal(t, f.slotOf(name) == busy, f.excessive(2, name))
		if f.excessive(2, name) {
			refused++
		}
	}
	require.InDelta(t, 20_000.0/callerSlots, refused, 20)
}

func TestShareOfACallerThatIsRefusedIsWhatItsSlotSays(t *testing.T) {
	f := aboutClass(2)
	f.drop[f.slotOf("busy")].Store(0.25)
	refused := 0
	for range 40_000 {
		if f.excessive(2, "busy") {
			refused++
		}
	}
	require.InDelta(t, 10_000, refused, 600)
}

func TestAnyNumberOfCallersNeedsNoMoreMemory(t *testing.T) {
	f := aboutClass(2)
	names := make([]string, 10_000)
	for i := range names {
		names[i] = fmt.Sprint("caller ", i)
	}
	i := 0
	require.Zero(t, testing.AllocsPerRun(len(names), func() {
		f.excessive(2, names[i%len(names)])
		i++
	}))
}

// rotateAfter lets so many calls of each caller arrive, and so many be refused, and
// draws the conclusions.
func (f *shares) rotateAfter(s *Shedder, refused uint64, calls map[string]int) {
	now := countFor * 1000
	f.rotate(&s.control, now)
	class := int(f.class.Load())
	for caller, n := range calls {
		for range n {
			f.excessive(class, caller)
			s.meter.crowd[class].Add(1)
		}
	}
	s.refused.counts[ReasonQueue][class].Add(refused)
	f.rotate(&s.control, 2*now)
}

func TestWhoCallsMostIsRefusedForTheDifference(t *testing.T) {
	s := fairly(10)
	f := s.fair
	names := f.apart(3)
	busy, rare, silent := names[0], names[1], names[2]
	f.rotateAfter(s, 50, map[string]int{busy: 99, rare: 1})
	require.InDelta(t, 1-(slack*50-1)/99, f.drop[f.slotOf(busy)].Load(), 1e-9, "50 and a little more fit, one is the other's")
	require.Zero(t, f.drop[f.slotOf(rare)].Load())
	require.Zero(t, f.drop[f.slotOf(silent)].Load())
}

func TestCountingAfreshAllocatesNothing(t *testing.T) {
	s := fairly(10)
	names := s.fair.apart(100)
	now := int64(0)
	require.Zero(t, testing.AllocsPerRun(50, func() {
		class := int(max(0, s.fair.class.Load()))
		for i, name := range names {
			for range i {
				s.fair.excessive(class, name)
				s.meter.crowd[class].Add(1)
			}
		}
		s.refused.counts[ReasonQueue][class].Add(2000)
		now += 2 * countFor
		s.fair.rotate(&s.control, now)
		if s.fair.rotated != now {
			panic("it was not time")
		}
	}))
	require.True(t, s.fair.active.Load(), "it has drawn conclusions")
}

// Calls that have waited may be refused in the second after that of their arrival:
// then more are refused than have come.
func TestRefusalsOfTheSecondBeforeAreNobodysFault(t *testing.T) {
	s := fairly(10)
	f := s.fair
	names := f.apart(3)
	f.rotateAfter(s, 50, map[string]int{names[0]: 1, names[1]: 2})
	for i := range f.drop {
		drop := f.drop[i].Load()
		require.True(t, drop >= 0 && drop <= 1, "share %g of slot %d", drop, i)
	}
	require.Zero(t, f.drop[f.slotOf(names[2])].Load(), "of one who has not called at all")
}

type callerKey struct{}

func named(name string) context.Context {
	return context.WithValue(context.Background(), callerKey{}, name)
}

func nameOf(ctx context.Context) string {
	name, _ := ctx.Value(callerKey{}).(string)
	return name
}

// fairly returns a shedder whose limit is fixed, and that tells callers apart.
func fairly(limit int) *Shedder {
	return New(Options{MinLimit: limit, MaxLimit: limit, CPUThreshold: -1, Caller: nameOf})
}

func TestCallerIsNotAskedForWhereThereIsRoomForAll(t *testing.T) {
	s := New(Options{MinLimit: 100, InitialLimit: 100, CPUThreshold: -1, Caller: func(context.Context) string {
		t.Error("asked for")
		return ""
	}})
	for range 3 {
		p, err := s.Allow(context.Background())
		require.NoError(t, err)
		p.Done(weir.Success)
	}
}

// Even of one whose slot says that all are too many, calls are let in to workers who
// have nothing to do.
func TestBusyCallerMayHaveWhatIsIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fairly(10)
		s.rules.floor.Store(2)
		s.rules.calm.Store(0) // so that each call is looked at
		s.fair.class.Store(int32(classOf(context.Background())))
		names := s.fair.apart(2)
		s.fair.drop[s.fair.slotOf(names[0])].Store(1)
		for n := range 3 {
			_, err := s.Allow(named(names[0]))
			require.Equal(t, n < 2, err == nil)
		}
		_, err := s.Allow(named(names[1]))
		require.NoError(t, err)
		require.Equal(t, []RefusalCount{{ReasonCaller, weir.Critical, 1}}, s.Stats().Refusals)
	})
}
