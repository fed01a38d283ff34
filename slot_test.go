package weir_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

func TestBindPanicsOnNil(t *testing.T) {
	var s weir.Slot
	require.PanicsWithValue(t, "weir: Bind with a nil Settler", func() { s.Bind(nil) })
}

func TestStalePermitDoesNothingAfterItsSlotIsReused(t *testing.T) {
	g := newTurnstile()
	stale, ok := g.TryIssue()
	require.True(t, ok)
	stale.Done(weir.Success)
	fresh, ok := g.TryIssue()
	require.True(t, ok)

	stale.Done(weir.Failure)
	require.Zero(t, g.settled[weir.Failure].Load())
	_, ok = g.TryIssue()
	require.False(t, ok, "the stale permit must not have freed the slot")

	fresh.Done(weir.Overloaded)
	require.Equal(t, int64(1), g.settled[weir.Overloaded].Load())
}

func TestTryIssueGivesASlotToOneOfMany(t *testing.T) {
	const slots, rounds = 20_000, 20
	race := make([]*turnstile, slots)
	for i := range race {
		race[i] = newTurnstile()
	}
	for range rounds {
		var winners atomic.Int64
		sweep(slots, func(i int) {
			if _, ok := race[i].TryIssue(); ok {
				winners.Add(1)
			}
		})
		require.Equal(t, int64(slots), winners.Load())
		for _, g := range race {
			p, _ := g.Outstanding()
			p.Done(weir.Success)
		}
	}
	for _, g := range race {
		require.Equal(t, uint64(rounds), g.Issued())
		require.Equal(t, int64(rounds), g.settled[weir.Success].Load())
	}
}

func TestOutstandingSettlesThePermitThatItsHolderForgot(t *testing.T) {
	g := newTurnstile()
	_, ok := g.Outstanding()
	require.False(t, ok)

	forgotten, _ := g.TryIssue()
	p, ok := g.Outstanding()
	require.True(t, ok)
	require.Equal(t, forgotten, p)
	p.Done(weir.Ignored)
	forgotten.Done(weir.Success) // comes too late
	require.Equal(t, int64(1), g.settled[weir.Ignored].Load())
	require.Zero(t, g.settled[weir.Success].Load())

	_, ok = g.Outstanding()
	require.False(t, ok)
}

func TestOutstandingOfAFreeSlotIsTheZeroPermit(t *testing.T) {
	g := newTurnstile()
	p, _ := g.Outstanding()
	require.Zero(t, p)
	p.Done(weir.Failure)
	require.Zero(t, g.settled[weir.Failure].Load())
	_, ok := g.TryIssue()
	require.True(t, ok, "the slot must still be free")
}

func TestIssuedCountsPermits(t *testing.T) {
	g := newTurnstile()
	for n := range uint64(5) {
		require.Equal(t, n, g.Issued())
		p, ok := g.TryIssue()
		require.True(t, ok)
		require.Equal(t, n+1, g.Issued())
		p.Done(weir.Success)
		p.Done(weir.Success)
	}
	require.Equal(t, uint64(5), g.Issued())
}

// poolSlot is a slot that goes back to its pool when its permit is settled.
type poolSlot struct {
	weir.Slot
	pool *slotPool
	out  atomic.Bool // whether a permit is out: flips exactly twice per issue
}

type slotPool struct {
	free                      chan *poolSlot
	settled, stale, corrupted atomic.Int64
}

func (s *poolSlot) Settle(o weir.Outcome) {
	if !s.out.CompareAndSwap(true, false) {
		s.pool.corrupted.Add(1)
	}
	if o == weir.Overloaded {
		s.pool.stale.Add(1)
	}
	s.pool.settled.Add(1)
	s.pool.free <- s
}

func (p *slotPool) issue() weir.Permit {
	s := <-p.free
	if !s.out.CompareAndSwap(false, true) {
		p.corrupted.Add(1)
	}
	return s.Issue()
}

// Live permits are settled by two goroutines at a time, both with Success;
// permits settled before are settled again and again as Overloaded. Since slots
// are few, each stale permit's slot is nearly always out under a later permit.
func TestSlotsReusedUnderStressSettleEachPermitOnce(t *testing.T) {
	const workers, rounds, slots = 64, 300, 8
	pool := &slotPool{free: make(chan *poolSlot, slots)}
	for range slots {
		s := &poolSlot{pool: pool}
		s.Bind(s)
		pool.free <- s
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(1, uint64(w)))
			var stale []weir.Permit
			for range rounds {
				p := pool.issue()
				var twin sync.WaitGroup
				twin.Go(func() { p.Done(weir.Success) })
				p.Done(weir.Success)
				twin.Wait()
				stale = append(stale, p)
				for range 4 {
					stale[rnd.IntN(len(stale))].Done(weir.Overloaded)
				}
			}
		})
	}
	wg.Wait()
	require.Zero(t, pool.corrupted.Load())
	require.Zero(t, pool.stale.Load(), "a stale permit settled a later one")
	require.Equal(t, int64(workers*rounds), pool.settled.Load())
	require.Len(t, pool.free, slots)
}

func TestSlotThatNobodyBoundIssuesNothing(t *testing.T) {
	const want = "weir: a Slot that is not bound"
	require.PanicsWithValue(t, want, func() { new(weir.Slot).Issue() })
	require.PanicsWithValue(t, want, func() { new(weir.Slot).TryIssue() })
}
