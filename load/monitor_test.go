package load

import (
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

const pause = 250 * time.Millisecond

// A dial is a signal that says what it is told to.
type dial struct {
	level float64
	err   error
	reads int
}

func (d *dial) signal(name string, sheds weir.Criticality) Signal {
	return Signal{Name: name, Sheds: sheds, Read: func() (float64, error) {
		d.reads++
		return d.level, d.err
	}}
}

// A watch is a monitor and the time. It starts at an odd one.
type watch struct {
	*monitor
	now time.Duration
}

func watchOver(coolOff time.Duration, signals ...Signal) *watch {
	return &watch{newMonitor(signals, coolOff), 7 * time.Second}
}

// after polls once d has passed.
func (w *watch) after(d time.Duration) {
	w.now += d
	w.poll(int64(w.now))
}

func (w *watch) stats() []SignalStats { return w.monitor.stats(int64(w.now)) }

func TestSignalsAreReadEvery250Milliseconds(t *testing.T) {
	d := &dial{}
	w := watchOver(time.Second, d.signal("a", 0))
	for i := 1; i <= 4; i++ {
		w.after(0)
		require.Equal(t, i, d.reads)
		w.after(0)
		w.after(pause - 1)
		require.Equal(t, i, d.reads, "a nanosecond early")
		w.now++
	}
	w.after(time.Hour)
	require.Equal(t, 5, d.reads, "late is not more often")
	w.after(pause - 1)
	require.Equal(t, 5, d.reads, "the pause counts from the last reading")
	w.after(-time.Hour)
	require.Equal(t, 5, d.reads, "a caller that was held up since it read the clock")
}

func TestMonitorWithoutSignalsNeverReads(t *testing.T) {
	w := watchOver(time.Second)
	w.after(0)
	w.now = math.MaxInt64 - 1
	w.after(0)
	require.Equal(t, int64(math.MaxInt64), w.due.Load(), "not that it would find anything to read")
	require.Empty(t, w.stats())
	require.Zero(t, w.share(weir.Sheddable))
	require.Zero(t, w.squeeze())
}

func TestCallerThatFoundAReadingDueButCameSecondDoesNotRead(t *testing.T) {
	d := &dial{}
	w := watchOver(time.Second, d.signal("a", 0))
	w.after(0)
	w.read(int64(w.now) + int64(pause) - 1) // as it does if the first was faster
	require.Equal(t, 1, d.reads)
}

// Where a test bubble starts, time is long before that of the rest of the program.
func TestMonitorWorksBeforeItsEpoch(t *testing.T) {
	d := &dial{level: 2}
	w := watchOver(math.MaxInt64, d.signal("a", 0))
	w.now = -235_691 * time.Hour
	for range 4 {
		w.after(0)
		w.after(pause)
	}
	require.Equal(t, 5, d.reads)
	require.Equal(t, 1.0, w.share(weir.Sheddable))
}

func TestShareGrowsWithTheLevel(t *testing.T) {
	for level, step := range map[float64]float64{
		1: 0.02, 1.04: 0.02, 1.05: 0.025, 1.1: 0.05, 1.3: 0.15, 1.5: 0.25, 2: 0.25, math.MaxFloat64: 0.25,
		0: 0, 0.5: 0, math.Nextafter(1, 0): 0,
	} {
		w := watchOver(time.Second, (&dial{level: level}).signal("a", 0))
		for i := range 60 {
			w.after(pause)
			require.InDelta(t, min(1, step*float64(i+1)), w.share(weir.Sheddable), 1e-9, "level %v", level)
		}
	}
}

func TestReadingCountsForOnePauseHoweverLongNobodyLooked(t *testing.T) {
	for _, gap := range []time.Duration{pause, 375 * time.Millisecond, time.Second, time.Hour, 1 << 62} {
		d := &dial{}
		w := watchOver(time.Second, d.signal("a", 0))
		w.after(0)
		d.level = 1.1
		w.after(gap)
		require.InDelta(t, 0.05, w.share(weir.Sheddable), 1e-9, gap)
	}
}

func TestSeveralReadingsAfterSilenceAreNeededToRefuseAll(t *testing.T) {
	d := &dial{}
	w := watchOver(time.Second, d.signal("a", 0))
	w.after(0)
	d.level = math.MaxFloat64
	w.after(time.Hour)
	for _, want := range []float64{0.25, 0.5, 0.75, 1} {
		require.Equal(t, want, w.share(weir.Sheddable))
		w.after(pause)
	}
}

func TestFirstReadingCountsAsOnePause(t *testing.T) {
	for _, at := range []time.Duration{0, time.Second, 1000 * time.Hour} {
		w := watchOver(time.Second, (&dial{level: 9}).signal("a", 0))
		w.now = at
		w.after(0)
		require.Equal(t, 0.25, w.share(weir.Sheddable))
	}
}

func TestShareStaysForTheCoolOffAndThenHalves(t *testing.T) {
	for _, coolOff := range []time.Duration{math.MinInt64, -time.Second, 0, pause, time.Second, 1100 * time.Millisecond} {
		d := &dial{level: 9}
		w := watchOver(coolOff, d.signal("a", 0))
		for range 4 {
			w.after(pause)
		}
		hot := w.now
		d.level = 0.99
		for w.now < hot+10*time.Second {
			w.after(pause)
			calm := max(0, w.now-hot-max(0, coolOff))
			want := math.Exp2(-calm.Seconds() * 4)
			if want < 0.01 {
				want = 0
			}
			require.InDelta(t, want, w.share(weir.Sheddable), 1e-9, "cool-off %v, calm for %v", coolOff, calm)
		}
	}
}

func TestCoolOffStartsAnewWithEveryOverload(t *testing.T) {
	d := &dial{level: 1.3}
	w := watchOver(time.Second, d.signal("a", 0))
	w.after(0)
	for range 4 {
		d.level = 0
		for range 4 {
			w.after(pause)
		}
		d.level = 1
		w.after(pause)
	}
	require.InDelta(t, 0.15+4*0.02, w.share(weir.Sheddable), 1e-9)
}

func TestSilenceEndsTheSqueeze(t *testing.T) {
	d := &dial{level: 9}
	w := watchOver(time.Second, d.signal("a", 0))
	for range 4 {
		w.after(pause)
	}
	require.Equal(t, 1.0, w.share(weir.Sheddable))
	d.level = 0
	w.after(time.Hour)
	require.Zero(t, w.share(weir.Sheddable))
	require.Zero(t, w.squeeze())
	require.Empty(t, w.signal(weir.Sheddable))
}

// The oracle goes through time millisecond by millisecond.
func TestShareIsWhatAnIntegralByMillisecondsGives(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		d := &dial{}
		coolOff := time.Duration(random.IntN(2000)) * time.Millisecond
		w := watchOver(coolOff, d.signal("a", 0))
		w.after(0)
		want, hotAt := 0.0, w.now
		for range 200 {
			gap := pause + time.Duration(random.IntN(750))*time.Millisecond
			d.level = float64(random.IntN(3)) * 0.75 // 0, 0.75, 1.5
			if random.IntN(2) == 0 {
				d.level = 1.1
			}
			for at := w.now; at < w.now+gap; at += time.Millisecond {
				switch recent := at >= w.now+gap-pause; {
				case d.level == 1.1 && recent:
					want = min(1, want+0.05/250)
				case d.level > 1.1 && recent:
					want = min(1, want+0.25/250)
				case d.level < 1 && at >= hotAt+coolOff:
					want *= math.Exp2(-1.0 / 250)
				}
			}
			w.after(gap)
			if d.level > 1 {
				hotAt = w.now
			}
			if want < 0.01 {
				want = 0
			}
			require.InDelta(t, want, w.share(weir.SheddablePlus), 1e-9, "seed %d", seed)
		}
	}
}

func TestClassesGetTheGreatestShareOfTheSignalsThatMayShedThem(t *testing.T) {
	a, b, c := &dial{level: 1.2}, &dial{level: 1.1}, &dial{level: 1.4}
	w := watchOver(time.Second, a.signal("a", 0), b.signal("b", weir.CriticalPlus), c.signal("c", weir.Sheddable))
	w.after(0)
	for _, want := range []struct {
		class  weir.Criticality
		share  float64
		signal string
	}{
		{weir.Sheddable, 0.2, "c"},
		{weir.SheddablePlus, 0.1, "a"},
		{weir.Critical, 0.05, "b"},
		{weir.CriticalPlus, 0.05, "b"},
	} {
		require.InDelta(t, want.share, w.share(want.class), 1e-9, want.class)
		require.Equal(t, want.signal, w.signal(want.class), want.class)
	}
	require.Zero(t, w.share(weir.CriticalPlus+1), "no class")
	require.Empty(t, w.signal(weir.CriticalPlus+1))
	require.Equal(t, weir.Sheddable, w.squeeze().class)
	require.Equal(t, 2, w.squeeze().signal)
	require.InDelta(t, 0.2, w.squeeze().share, 1e-9)

	a.level, c.level = 0, 0
	for range 20 {
		w.after(pause)
	}
	for class := weir.Sheddable; class <= weir.CriticalPlus; class++ {
		require.Equal(t, 1.0, w.share(class))
		require.Equal(t, "b", w.signal(class))
	}
	require.Equal(t, squeeze{1, weir.CriticalPlus, 1}, w.squeeze())
}

func TestStatsSayWhatEachSignalSaid(t *testing.T) {
	broken := errors.New("broken")
	a, b := &dial{level: 1.5}, &dial{err: broken, level: 7}
	w := watchOver(time.Second, a.signal("a", weir.Critical), b.signal("b", 0))
	require.Equal(t, []SignalStats{{Name: "a", Sheds: weir.Critical}, {Name: "b", Sheds: weir.SheddablePlus}}, w.stats())
	w.after(0)
	require.Equal(t, []SignalStats{
		{Name: "a", Level: 1.5, Sheds: weir.Critical, Squeeze: 0.25},
		{Name: "b", Sheds: weir.SheddablePlus, Err: broken},
	}, w.stats())

	w.stats()[0].Level = 99
	require.Equal(t, 1.5, w.stats()[0].Level, "a snapshot is the caller's own")
}

func TestReadMayUseTheMonitor(t *testing.T) {
	var w *watch
	depth := 0
	w = watchOver(0, Signal{Name: "curious", Read: func() (float64, error) {
		depth++
		w.poll(int64(w.now + time.Hour))
		_, _, _ = w.share(weir.Sheddable), w.signal(weir.Sheddable), w.squeeze()
		return float64(len(w.stats())), nil
	}})
	w.after(0)
	require.Equal(t, 1, depth)
	require.Equal(t, 1.0, w.stats()[0].Level)
}

func TestMonitorUnderConcurrentUse(t *testing.T) {
	var reads [2]int // not atomic: readings of one signal exclude each other
	read := func(i int) func() (float64, error) {
		level := 0.0
		return func() (float64, error) {
			reads[i]++
			level = 2.5 - level
			return level, nil
		}
	}
	m := newMonitor([]Signal{{Name: "a", Read: read(0)}, {Name: "b", Read: read(1), Sheds: weir.Critical}}, 0)
	var now atomic.Int64
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 5000 {
				m.poll(now.Add(int64(pause / 10)))
				for class := weir.Sheddable; class <= weir.CriticalPlus; class++ {
					if s := m.share(class); !(s >= 0 && s <= 1) || class == weir.CriticalPlus && s != 0 {
						t.Error("share", s, "of", class)
						return
					}
				}
				if st := m.stats(now.Load()); len(st) != 2 || st[0].Name != "a" || st[1].Name != "b" {
					t.Error(st)
					return
				}
			}
		})
	}
	callers.Wait()
	for _, n := range reads {
		require.Positive(t, n)
		require.LessOrEqual(t, n, 8*5000/10+1, "every 250 ms at most")
	}
}

func TestHotPathOfTheMonitorAllocatesNothing(t *testing.T) {
	w := watchOver(time.Second, (&dial{level: 2}).signal("a", 0))
	w.after(0)
	require.Zero(t, testing.AllocsPerRun(1000, func() { w.after(0) }))
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		if w.share(weir.Sheddable) == 0 || w.signal(weir.Sheddable) == "" || w.squeeze().share == 0 {
			panic("calm")
		}
	}))
	calm := watchOver(time.Second, (&dial{}).signal("a", 0))
	require.Zero(t, testing.AllocsPerRun(1000, func() { calm.after(pause) }), "while nothing is overloaded, readings neither")
}
