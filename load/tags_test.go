package load

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// reopen begins a cohort of a size.
func (t *tags) reopen(cohort uint32, size uint64) {
	t.size.Store(0) // nobody joins meanwhile
	t.open.Store(uint64(cohort))
	t.size.Store(size)
}

func TestCohortTakesExactlyItsSize(t *testing.T) {
	for _, size := range []uint64{1, 2, 7, 64} {
		var c tags
		c.reopen(1, size)
		for i := range size {
			require.True(t, c.hasRoom())
			cohort, filled := c.join(int64(100+i), int64(i))
			require.Equal(t, uint32(1), cohort)
			require.Equal(t, i+1 == size, filled)
		}
		for range 3 {
			cohort, filled := c.join(1000, 5)
			require.Zero(t, cohort)
			require.False(t, filled)
		}
		require.Equal(t, size, countOf(c.open.Load()))
		require.False(t, c.hasRoom())
		require.Equal(t, int64(100+size-1), c.last.Load())
		require.Equal(t, size*(size-1)/2, c.books[1].crowd.Load(), "those that the calls met")
	}
}

func TestNobodyJoinsACohortWithoutRoom(t *testing.T) {
	var c tags
	c.reopen(1, 0)
	cohort, filled := c.join(1, 1)
	require.Zero(t, cohort)
	require.False(t, filled)
	require.Zero(t, countOf(c.open.Load()))
}

func TestCountsDoNotRunIntoTheNumberOfTheCohort(t *testing.T) {
	var c tags
	c.reopen(math.MaxUint32, 1000)
	for range 1000 {
		cohort, _ := c.join(1, 1)
		require.Equal(t, uint32(math.MaxUint32), cohort)
	}
	require.Equal(t, uint64(1000), countOf(c.open.Load()))
}

func TestBooksSayWhatCameBack(t *testing.T) {
	var c tags
	c.reopen(2, 10)
	for range 3 {
		c.join(0, 1)
	}
	c.back(2, 4, logOf(4), true)
	c.back(2, 16, logOf(16), false)
	c.lose(2)
	got := c.books[0].read()
	require.Equal(t, 2.0, got.back.count())
	require.Equal(t, 10.0, got.back.mean())
	require.Equal(t, 3.0, got.back.log())
	require.Equal(t, 4.0*4+16*16, got.squares)
	require.Equal(t, 2.0*2+4*4, got.logs2)
	require.Equal(t, uint64(3), got.crowd)
	require.Equal(t, uint64(1), got.turns)
}

func TestStragglersEndUpInNobodysBooks(t *testing.T) {
	for later := uint32(1); later < 5; later++ { // the second next has the same book
		var c tags
		c.reopen(1, 3)
		cohort, _ := c.join(0, 1)
		c.reopen(1+later, 3)
		before := [2]bookReading{c.books[0].read(), c.books[1].read()}
		c.back(cohort, 1000, logOf(1000), false)
		c.lose(cohort)
		require.Equal(t, before, [2]bookReading{c.books[0].read(), c.books[1].read()})
	}
}

// A register has who joined which cohort, and who was told that it was the last.
type register struct{ joined, filled []atomic.Int64 }

func (r *register) note(cohort uint32, filled bool) {
	if cohort != 0 {
		r.joined[cohort].Add(1)
	}
	if filled {
		r.filled[cohort].Add(1)
	}
}

// All rush at one cohort after the other. Whoever fills one opens the next.
func TestManyWhoJoinAtATimeFillEachCohortExactlyOnce(t *testing.T) {
	const size, cohorts = 17, 3000
	r := register{make([]atomic.Int64, cohorts+1), make([]atomic.Int64, cohorts+1)}
	var c tags
	c.reopen(1, size)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for cohortOf(c.open.Load()) <= cohorts {
				cohort, filled := c.join(1, 1)
				if cohort > cohorts {
					return
				}
				r.note(cohort, filled)
				if filled {
					c.reopen(cohort+1, size)
				} else if cohort == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	all.Wait()
	for cohort := 1; cohort <= cohorts; cohort++ {
		require.Equal(t, int64(size), r.joined[cohort].Load(), "cohort %d", cohort)
		require.Equal(t, int64(1), r.filled[cohort].Load(), "cohort %d", cohort)
	}
}

// Each member of a cohort comes back with the cohort's number for a latency, many of
// them late. What a cohort's book has gained while it was open must be of its own. A
// cohort is open until half of it are back, so the other half are stragglers.
func TestBooksHoldTheirOwnWhileStragglersComeBack(t *testing.T) {
	const size, cohorts = 40, 400
	var c tags
	c.reopen(1, size)
	var members sync.WaitGroup
	var inside [2]atomic.Int32 // calls that are being counted, of cohorts with that book
	for k := uint32(1); k <= cohorts; k++ {
		base := c.books[k&1].read()
		for i := range size {
			cohort, _ := c.join(1, 1)
			members.Go(func() {
				for range i {
					runtime.Gosched()
				}
				inside[cohort&1].Add(1)
				c.back(cohort, int64(cohort), logOf(int64(cohort)), false)
				inside[cohort&1].Add(-1)
			})
		}
		for c.books[k&1].read().back.since(base.back).count() < size/2 {
			runtime.Gosched()
		}
		got := c.books[k&1].read().back.since(base.back)
		// Cohorts that last no longer than a goroutine may be stopped for are of this test
		// alone: whoever found its cohort open counts before the book is used again.
		for inside[(k+1)&1].Load() > 0 {
			runtime.Gosched()
		}
		c.reopen(k+1, size)
		// Logarithms and their count are of one moment; the sum may be of another.
		require.InDelta(t, float64(logOf(int64(k)))*quantum, got.log(), 1e-9, "cohort %d", k)
	}
	members.Wait()
}
