package load

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const second = 1e9 // in ns

// A world is a service that is asked for more than it can do, in numbers instead of
// events: n in flight take the longer the more they are beyond the workers.
type world struct {
	law     *law
	v       verdict
	now     float64
	workers float64
	service float64 // mean, in ns
	demand  float64 // in multiples of the capacity
	random  *rand.Rand
}

func newWorld(workers, service float64) *world {
	l := newLaw(3)
	return &world{
		law: l, v: l.verdict(), workers: workers, service: service, demand: 10,
		random: rand.New(rand.NewPCG(1, 2)),
	}
}

// knowing makes the law believe in so many workers, and know the service well.
func (w *world) knowing(workers float64) *world {
	l := w.law
	l.phase, l.workers = steady, workers
	l.clean.learn(w.calls(1, 64), startMemory)
	l.setCapacity(min(workers, w.workers) / w.service)
	l.anchor, l.demand = l.capacity, w.demand*w.capacity()
	l.gather(crowdSize)
	l.refresh(l.cleanSize())
	w.v = l.verdict()
	return w
}

func (w *world) capacity() float64 { return w.workers / w.service }

// inFlight is how many are in flight: as many as may be, while more is asked for than
// can be done.
func (w *world) inFlight() float64 {
	n := math.Floor(w.v.limit)
	if w.v.probing {
		n = w.v.lo
	}
	return min(n, w.demand*w.workers)
}

// latency of a call that is the n-th in flight, in ns. Its own service is varied a
// little, the more so the queue before it.
func (w *world) latency(n float64) int64 {
	own := 0.5 + w.random.Float64()
	return int64(w.service * (own + max(0, n-w.workers)/w.workers))
}

// calls are so many that were each the n-th in flight, and are all back.
func (w *world) calls(n, size float64) cohort {
	ns := make([]int64, int(size))
	for i := range ns {
		ns[i] = w.latency(n)
	}
	return gathered(n, ns...)
}

// gathered is a cohort of calls that met n in flight, and took so many ns.
func gathered(n float64, ns ...int64) (c cohort) {
	var a account
	for _, d := range ns {
		log := logOf(d)
		a.add(d, log)
		c.sq += square(float64(d))
		c.lsq += square(float64(log) / (1 << logPoint))
	}
	c.total, c.admitted = a.read(), float64(len(ns))
	c.n = n * c.admitted
	return c
}

// window is what happens until so many calls are done. Cohorts are back at its end, if
// n is such that they are joined.
func (w *world) window(k float64) window {
	n := w.inFlight()
	done := min(n, w.workers) / w.service
	length := k / done
	win := window{
		length: length, busy: length * min(1, n/w.v.busyAt),
		done: w.calls(n, k).total, refused: max(0, w.demand*w.capacity()*length-k),
	}
	if n >= w.v.limit-1 {
		win.capped = win.refused
	}
	if n >= w.v.hi && w.law.age+k >= n+w.v.crowded.size { // those before them are done
		win.crowded = w.calls(n, w.v.crowded.size)
	}
	if w.v.probing || w.law.phase == starting && w.law.clean.weight == 0 {
		win.clean = w.calls(min(n, w.v.lo), w.v.clean.size)
	}
	return win
}

// step lets so many calls end.
func (w *world) step(k float64) { w.take(w.window(k)) }

func (w *world) take(win window) {
	w.now += win.length
	w.v = w.law.close(w.now, win)
}

// requireSound checks what must hold of all verdicts.
func requireSound(t *testing.T, l *law, v, before verdict) {
	t.Helper()
	positive := [...]float64{v.limit, v.lo, v.busyAt, v.floor, l.workers, v.clean.size, v.crowded.size}
	others := [...]float64{v.hi, v.fast, v.spread, v.patience, v.wait, l.capacity, l.demand, l.clean.mean()}
	for i, x := range positive {
		if !(x >= 1) || math.IsInf(x, 0) {
			t.Fatalf("no. %d of those that are at least 1 is %g: %+v", i, x, v)
		}
	}
	for i, x := range others {
		if !(x >= 0) || math.IsInf(x, 0) {
			t.Fatalf("no. %d of those that are finite is %g: %+v", i, x, v)
		}
	}
	switch {
	case v.lo >= v.hi:
		t.Fatalf("clean calls are crowded: %+v", v)
	case v.wait > 1 || !(v.room >= 0): // room may be without bound
		t.Fatalf("who may wait: %+v", v)
	case v.clean.id < before.clean.id || v.crowded.id < before.crowded.id:
		t.Fatalf("cohorts go back: from %+v to %+v", before, v)
	}
}

// A windowReader makes windows of bytes.
type windowReader struct {
	data []byte
	v    verdict
}

func (r *windowReader) byte() byte {
	if len(r.data) == 0 {
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b
}

// some returns a number from nothing to the most, some of them at the ends.
func (r *windowReader) some(most float64) float64 {
	b := r.byte()
	if b == 0 {
		return 0
	}
	return math.Floor(math.Pow(most, float64(b)/255))
}

// calls are at most so many, alike in latency but for a few.
func (r *windowReader) calls(most float64) []int64 {
	calls := make([]int64, int(r.some(most)))
	usual, other := int64(r.some(1e15)), int64(r.some(1e15))
	for i := range calls {
		calls[i] = usual
		if i%7 == 3 {
			calls[i] = other
		}
	}
	return calls
}

// cohort may be of any size up to the wanted one, and as many as it likes are back.
func (r *windowReader) cohort(now, size float64) cohort {
	calls := r.calls(min(size, 300))
	c := gathered(r.some(1e6), calls...)
	c.admitted = min(size, c.count()+r.some(size))
	if c.count() > 0 {
		c.n *= c.admitted / c.count()
	}
	c.filled = int64(now - r.some(1e12))
	return c
}

func (r *windowReader) window(now float64) window {
	w := window{
		length: 1 + r.some(1e16), busy: 1 + r.some(1e16), // at least one ns each: the control sees to it
		done: gathered(1, r.calls(300)...).total, timeout: r.some(300), pushed: r.some(300), refused: r.some(1e6),
	}
	w.capped = min(w.refused, r.some(1e6))
	w.clean = r.cohort(now, r.v.clean.size)
	w.crowded = r.cohort(now, r.v.crowded.size)
	return w
}

// Whatever windows say, and though they contradict each other, the verdict is one that
// a service can go on with.
func FuzzAnyWindowsGiveSoundVerdicts(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte(strings.Repeat("0", 45) + "\xda000000000000\xf5")) // calls that take no time
	rng := rand.New(rand.NewPCG(3, 4))
	for range 16 {
		seed := make([]byte, 0, 2000)
		for len(seed) < cap(seed) {
			seed = binary.LittleEndian.AppendUint64(seed, rng.Uint64())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &windowReader{data: data[:min(len(data), 4000)]}
		l := newLaw(1 + r.some(1e6))
		r.v = l.verdict()
		requireSound(t, l, r.v, verdict{})
		now := 0.0
		for len(r.data) > 0 {
			w := r.window(now)
			now += w.length
			before := r.v
			r.v = l.close(now, w)
			requireSound(t, l, r.v, before)
		}
	})
}

// The same where windows are what a service does, but time makes leaps.
func TestVerdictsAreSoundWhateverTheServiceIs(t *testing.T) {
	for _, workers := range []float64{1, 2, 30, 2000} {
		for _, service := range []float64{1e3, 1e7, 1e13} {
			for _, demand := range []float64{0.1, 0.9, 1.1, 1000} {
				w := newWorld(workers, service)
				w.demand = demand
				for i := range 300 {
					if i%37 == 0 {
						w.now += 1e6 * second
					}
					before := w.v
					w.step(16)
					requireSound(t, w.law, w.v, before)
				}
			}
		}
	}
}

// The limit of a service that stays as it is comes to rest near its workers.
func TestLimitComesToRestNearTheWorkers(t *testing.T) {
	for _, workers := range []float64{1, 3, 10, 100} {
		w := newWorld(workers, 1e7)
		for range 3000 {
			w.step(16)
		}
		require.Equal(t, steady, w.law.phase)
		require.InEpsilon(t, workers, w.law.workers, 0.4)
		require.Greater(t, w.v.limit, workers)
		require.Less(t, w.v.limit, 1.8*workers+16)
	}
}
