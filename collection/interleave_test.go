package collection_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

// Writers and readers advance step by step, in random order, on one goroutine, so
// that every interleaving of steps can come up, with pauses of any length.
func TestRollingWindowIsExactInAnyInterleavingOfSteps(t *testing.T) {
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, seed))
			buckets := 2 + r.IntN(4)
			s := &steps{
				r:      r,
				w:      collection.NewRollingWindow[int](buckets, tick),
				done:   newModel[int](buckets, tick),
				places: uint64(buckets),
			}
			for range 1000 {
				s.next(t)
				s.tagsGrow(t)
				if r.IntN(4) == 0 { // a reader that is not always there
					s.compare(t)
				}
			}
		})
	}
}

// steps is a window with calls under way, and a model of those that returned.
type steps struct {
	r      *rand.Rand
	w      *collection.RollingWindow[int]
	done   *model[int]
	began  []time.Duration // when all values were, also those dropped or under way
	places uint64
	tags   []uint64
	adds   []*pendingAdd
	sums   []pendingSum
}

type pendingSum struct {
	*collection.HeldSum[int]
	at time.Duration
}

type pendingAdd struct {
	*collection.HeldAdd[int]
	timed[int]
	step int
}

func (s *steps) next(t *testing.T) {
	switch n := s.r.IntN(20); {
	case n < 4 && len(s.adds) < 4:
		x := timed[int]{s.done.now(), s.r.IntN(100) - 50}
		s.adds = append(s.adds, &pendingAdd{s.w.HoldAdd(x.v), x, 0})
		s.began = append(s.began, x.at)
	case n < 11 && len(s.adds) > 0:
		s.advance(t, s.r.IntN(len(s.adds)))
	case n < 13 && len(s.sums) < 3:
		s.sums = append(s.sums, pendingSum{s.w.HoldSum(), s.done.now()})
	case n < 17 && len(s.sums) > 0:
		i := s.r.IntN(len(s.sums))
		if !s.sums[i].Step() {
			require.LessOrEqual(t, s.sums[i].Count(), s.finishedBefore(s.sums[i].at))
			s.sums = slices.Delete(s.sums, i, i+1)
		}
	case n < 18:
		v := s.r.IntN(100) - 50
		s.w.Add(v)
		s.done.add(v)
		s.began = append(s.began, s.done.now())
	default:
		time.Sleep(time.Duration(s.r.IntN(3)) * tick / 2)
	}
}

// advance makes one step of a pending Add.
func (s *steps) advance(t *testing.T, i int) {
	a := s.adds[i]
	returned := false
	switch a.step {
	case 0:
		switch {
		case s.r.IntN(2) == 0:
			a.Look()
			return
		case s.r.IntN(4) == 0:
			a.Turn()
			return
		case s.placeTaken(a):
			return
		}
		if !a.Enter() {
			age := s.done.now()/tick - a.at/tick
			require.GreaterOrEqual(t, age, time.Duration(s.places), "dropped within its window")
			returned = true
		}
	case 1:
		a.Put()
	case 2:
		a.Leave()
	case 3:
		a.Finish()
		s.done.values = append(s.done.values, a.timed)
		returned = true
	}
	a.step++
	if returned {
		s.adds = slices.Delete(s.adds, i, i+1)
	}
}

// placeTaken reports whether another pending Add is inside the cells of the same
// place. With two, the next writer would rightly wait, and the test with it.
func (s *steps) placeTaken(a *pendingAdd) bool {
	return slices.ContainsFunc(s.adds, func(o *pendingAdd) bool {
		return o.step > 0 && o.Epoch()%s.places == a.Epoch()%s.places
	})
}

// finishedBefore counts the values in the finished buckets of a past moment: the
// most that a reader may find that read its clock then, however late it reads on.
func (s *steps) finishedBefore(at time.Duration) (n int64) {
	for _, x := range s.began {
		if age := at/tick - x/tick; 0 < age && age < time.Duration(s.places) {
			n++
		}
	}
	return n
}

func (s *steps) tagsGrow(t *testing.T) {
	tags := s.w.Tags()
	for i := range s.tags {
		require.GreaterOrEqual(t, tags[i], s.tags[i])
	}
	s.tags = tags
}

// compare demands that what has returned is counted, that what is under way is
// counted at most once, and that nothing else is.
func (s *steps) compare(t *testing.T) {
	least, got := s.done.total(0).Count, s.w.Total().Count
	require.GreaterOrEqual(t, got, least)
	require.LessOrEqual(t, got, least+int64(len(s.adds)))
	if len(s.adds) == 0 {
		require.Equal(t, s.done.total(0), s.w.Total())
		require.Equal(t, s.done.total(1), s.w.IgnoreCurrent().Total())
		require.Equal(t, s.done.list(), list(s.w))
		require.True(t, s.w.AtRest())
	}
}
