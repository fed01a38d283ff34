package collection_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

// An agenda is the plainest thing that a wheel has to agree with: all that is
// pending, in the order of ticks.
type agenda struct {
	entries []agendaEntry
	ticks   map[int]uint64
}

type agendaEntry struct {
	tick uint64
	id   int
}

func compareEntries(a, b agendaEntry) int {
	return cmp.Or(cmp.Compare(a.tick, b.tick), cmp.Compare(a.id, b.id))
}

func (a *agenda) set(id int, tick uint64) {
	a.remove(id)
	e := agendaEntry{tick, id}
	i, _ := slices.BinarySearchFunc(a.entries, e, compareEntries)
	a.entries = slices.Insert(a.entries, i, e)
	a.ticks[id] = tick
}

func (a *agenda) remove(id int) {
	if tick, ok := a.ticks[id]; ok {
		i, _ := slices.BinarySearchFunc(a.entries, agendaEntry{tick, id}, compareEntries)
		a.entries = slices.Delete(a.entries, i, i+1)
		delete(a.ticks, id)
	}
}

// take returns what is due at a tick.
func (a *agenda) take(now uint64) (due []agendaEntry) {
	n, _ := slices.BinarySearchFunc(a.entries, now, func(e agendaEntry, now uint64) int {
		if e.tick <= now {
			return -1
		}
		return 1
	})
	due = slices.Clone(a.entries[:n])
	for _, e := range due {
		delete(a.ticks, e.id)
	}
	a.entries = slices.Delete(a.entries, 0, n)
	return due
}

// Millions of steps against the agenda: delays from none to centuries, advances
// from none to far beyond what is pending, done in pieces with changes in between.
func TestSorterAgreesWithAnAgenda(t *testing.T) {
	const steps = 400_000
	for reach := range 6 { // how many groups of bits delays span
		r := rand.New(rand.NewPCG(7, uint64(reach)))
		s := collection.NewSorter(math.MaxUint64)
		a := agenda{ticks: map[int]uint64{}}
		now, target, done := uint64(0), uint64(0), true
		var got []int
		for step := range steps {
			id := r.IntN(60)
			switch r.IntN(10) {
			case 0, 1, 2, 3, 4:
				tick := now + r.Uint64N(1<<(1+r.IntN(6*reach+6)))
				if !done { // what was due may be on its way out, so leave it alone
					break
				}
				s.Set(id, tick)
				a.set(id, tick)
			case 5:
				if _, ok := a.ticks[id]; ok && (done || a.ticks[id] > target) {
					s.Remove(id)
					a.remove(id)
				}
			case 6:
				if _, ok := a.ticks[id]; ok && (done || a.ticks[id] > target) {
					tick := target + 1 + r.Uint64N(1<<(1+r.IntN(6*reach+6)))
					s.Set(id, tick) // also while it is advanced
					a.set(id, tick)
				}
			default:
				if done {
					target = now + r.Uint64N(1<<r.IntN(6*reach+6))
				}
				var due []int
				done, due = s.Advance(target, 1+r.IntN(4))
				got = append(got, due...)
				if !done {
					break
				}
				now = target
				want := a.take(now)
				slices.SortStableFunc(want, compareEntries)
				requireSameDue(t, step, want, got)
				got = got[:0]
			}
			if step%64 == 0 {
				require.Empty(t, s.Fault(), "step %d", step)
			}
		}
	}
}

// requireSameDue compares without an order among what has the same tick.
func requireSameDue(t *testing.T, step int, want []agendaEntry, got []int) {
	if len(want) == 0 && len(got) == 0 {
		return
	}
	require.Len(t, got, len(want), "step %d", step)
	ticks := map[int]uint64{}
	for _, e := range want {
		ticks[e.id] = e.tick
	}
	for i, id := range got {
		tick, ok := ticks[id]
		require.True(t, ok, "step %d: %d is not due, or twice", step, id)
		require.Equal(t, want[i].tick, tick, "step %d: out of order", step)
		delete(ticks, id)
	}
}

func TestSorterTakesOutAndPutsBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	s := collection.NewSorter(1 << 40)
	a := agenda{ticks: map[int]uint64{}}
	now := uint64(0)
	for round := range 3000 {
		for id := range 20 {
			tick := now + 1 + r.Uint64N(1<<(1+r.IntN(16)))
			s.Set(id, tick)
			a.set(id, tick)
		}
		putBack := s.TakeOut()
		require.Equal(t, uint64(math.MaxUint64), s.Next(), "nothing is left")
		for id := range 20 { // what is out can be moved, which puts it back, and removed
			tick := now + 1 + r.Uint64N(1<<12)
			switch r.IntN(3) {
			case 0:
				s.Set(id, tick)
				a.set(id, tick)
			case 1:
				s.Remove(id)
				a.remove(id)
			}
		}
		require.Empty(t, s.Fault(), "round %d", round)
		putBack()
		require.Empty(t, s.Fault(), "round %d", round)
		now += r.Uint64N(1 << 10)
		_, due := s.Advance(now, math.MaxInt)
		requireSameDue(t, round, a.take(now), due)
	}
}

// Set from ever nearer, they lie ever lower.
func TestSorterKeepsTheOrderOfWhatIsDueTogether(t *testing.T) {
	s := collection.NewSorter(1 << 40)
	const tick = 100_000
	for id := range 50 {
		s.Set(id, tick)
		s.Advance(uint64(id)*2000, math.MaxInt) // from higher and higher up
	}
	_, due := s.Advance(tick, math.MaxInt)
	require.Len(t, due, 50)
	require.True(t, slices.IsSorted(due))
}

func TestSorterComesAtTheLastTickOfAll(t *testing.T) {
	s := collection.NewSorter(math.MaxUint64)
	s.Set(1, math.MaxUint64-1)
	done, due := s.Advance(math.MaxUint64-2, math.MaxInt)
	require.True(t, done)
	require.Empty(t, due)
	done, due = s.Advance(math.MaxUint64-1, math.MaxInt)
	require.True(t, done)
	require.Equal(t, []int{1}, due)
}
