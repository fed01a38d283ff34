package collection_test

import (
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirgo/weir/collection"
)

// While these benchmarks run, benchTimed timers are pending, due in 1 s to 10
// min, as in a busy server. What to expect of Timers and of a TimingWheel with
// integers for keys, as parts of what time.AfterFunc takes: to set 0.3 and 0.7; to
// remove in any order 0.4 and 0.9; to move in any order 0.8 and 1.4; to set and
// remove the same few 0.2 and 0.5. Keys without an order, and strings, take two
// cache misses more, which with so many pending is 200 ns and up.
//
// In the order in which they were set, AfterFunc moves in 40 ns: it takes a note,
// and pays later. Here it is as much if the move is to later, else 90 ns, and 30 ns
// more with a key.
const (
	benchTimed = 1 << 20
	benchPart  = 1 << 16
)

// A timedBench is what the contestants can all do.
type timedBench interface {
	set(i int, d time.Duration)
	remove(i int)
	move(i int, d time.Duration)
}

type stdBench []*time.Timer

func (s stdBench) set(i int, d time.Duration)  { s[i] = time.AfterFunc(d, nothing) }
func (s stdBench) remove(i int)                { s[i].Stop() }
func (s stdBench) move(i int, d time.Duration) { s[i].Reset(d) }

type timersBench struct {
	timers *collection.Timers
	all    []*collection.Timer
}

func (t timersBench) set(i int, d time.Duration)  { t.all[i] = t.timers.AfterFunc(d, nothing) }
func (t timersBench) remove(i int)                { t.all[i].Stop() }
func (t timersBench) move(i int, d time.Duration) { t.all[i].Reset(d) }

type wheelBench struct {
	wheel *collection.TimingWheel[int, *int]
}

func (w wheelBench) set(i int, d time.Duration)  { _ = w.wheel.Set(i, nil, d) }
func (w wheelBench) remove(i int)                { w.wheel.Remove(i) }
func (w wheelBench) move(i int, d time.Duration) { w.wheel.Move(i, d) }

func nothing() {}

// benchDelays are drawn beforehand: to draw one takes as long as some of what is
// measured. There are twice as many as timers.
func benchDelays() []time.Duration {
	r := rand.New(rand.NewPCG(1, 2))
	all := make([]time.Duration, 2*benchTimed)
	for i := range all {
		all[i] = time.Second + time.Duration(r.Int64N(int64(599*time.Second)))
	}
	return all
}

// benchContestants runs a benchmark on each, with all timers pending.
func benchContestants(b *testing.B, run func(b *testing.B, t timedBench, d []time.Duration)) {
	d := benchDelays()
	for _, c := range []struct {
		name string
		make func() timedBench
	}{
		{"std", func() timedBench { return make(stdBench, 2*benchTimed) }},
		{"timers", func() timedBench {
			return timersBench{collection.NewTimers(collection.TimersOptions{}), make([]*collection.Timer, 2*benchTimed)}
		}},
		{"wheel", func() timedBench {
			return wheelBench{collection.NewTimingWheel(collection.WheelOptions[int, *int]{OnFire: func(int, *int) {}})}
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			t := c.make()
			for i := range benchTimed {
				t.set(i, d[i])
			}
			runtime.GC()
			b.ReportAllocs()
			b.ResetTimer()
			run(b, t, d)
			b.StopTimer()
			for i := range benchTimed {
				t.remove(i)
			}
			runtime.GC()
		})
	}
}

// benchParts runs op b.N times, and undo for the same timers unmeasured.
func benchParts(b *testing.B, order []int, op, undo func(i int)) {
	for n := 0; n < b.N; {
		at := n % len(order)
		part := order[at:min(at+benchPart, len(order), at+b.N-n)]
		for _, i := range part {
			op(i)
		}
		n += len(part)
		b.StopTimer()
		for _, i := range part {
			undo(i)
		}
		b.StartTimer()
	}
}

func benchShuffled() []int { return rand.New(rand.NewPCG(3, 4)).Perm(benchTimed) }

// New ones, besides those that are pending.
func BenchmarkTimedSet(b *testing.B) {
	order := make([]int, benchTimed)
	for i := range order {
		order[i] = benchTimed + i
	}
	benchContestants(b, func(b *testing.B, t timedBench, d []time.Duration) {
		benchParts(b, order, func(i int) { t.set(i, d[i]) }, t.remove)
	})
}

func BenchmarkTimedRemove(b *testing.B) {
	order := benchShuffled()
	benchContestants(b, func(b *testing.B, t timedBench, d []time.Duration) {
		benchParts(b, order, t.remove, func(i int) { t.set(i, d[i]) })
	})
}

// Each timer gets a delay that has nothing to do with the one it had.
func BenchmarkTimedMove(b *testing.B) {
	order := benchShuffled()
	benchContestants(b, func(b *testing.B, t timedBench, d []time.Duration) {
		benchParts(b, order, func(i int) { t.move(i, d[benchTimed+i]) }, func(i int) { t.move(i, d[i]) })
	})
}

// Each timer is put off, as an idle timeout is by every sign of life.
func BenchmarkTimedMoveLater(b *testing.B) {
	order := benchShuffled()
	benchContestants(b, func(b *testing.B, t timedBench, d []time.Duration) {
		benchParts(b, order, func(i int) { t.move(i, 20*time.Minute) }, func(int) {})
	})
}

// What a call with a timeout does; each goroutine has some of its own.
func BenchmarkTimedSetAndRemoveParallel(b *testing.B) {
	benchContestants(b, func(b *testing.B, t timedBench, d []time.Duration) {
		var goroutines atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			first := benchTimed + int(goroutines.Add(1))*1024
			for n := 0; pb.Next(); n++ {
				i := first + n%1024
				t.set(i, d[n%len(d)])
				t.remove(i)
			}
		})
	})
}
