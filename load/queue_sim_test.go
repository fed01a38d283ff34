package load

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/simulate"
)

// A crowd is calls with a deadline of 100 ms that come in behind a shedder to ten
// workers, who need 10 ms for each. Each call has its goroutine, so that it can wait.
type crowd struct {
	shedder *Shedder
	workers chan struct{}
	load    []simulate.Step // in multiples of the 1,000 calls a second that can be done
	random  *rand.Rand
	calls   sync.WaitGroup

	measured []float64 // what the shedder said is offered, per ns

	mu                  sync.Mutex
	offered, good, late int
}

// come makes calls for so long, and counts those that came after the warm-up.
func (c *crowd) come(warmUp, length time.Duration) {
	begin := time.Now()
	for {
		at := time.Since(begin)
		if at >= length {
			break
		}
		if at >= warmUp {
			c.measured = append(c.measured, c.shedder.rules.offered.Load())
		}
		service := time.Duration(simulate.Light(c.random) * float64(10*time.Millisecond))
		c.calls.Go(func() { c.call(service, at >= warmUp) })
		time.Sleep(time.Duration(c.random.ExpFloat64() * float64(time.Millisecond) / valueAt(c.load, at)))
	}
	c.calls.Wait()
}

func valueAt(steps []simulate.Step, at time.Duration) (v float64) {
	for _, s := range steps {
		if s.At <= at {
			v = s.Value
		}
	}
	return v
}

func (c *crowd) call(service time.Duration, counted bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	permit, err := c.shedder.Allow(ctx)
	if err == nil {
		c.workers <- struct{}{}
		time.Sleep(service)
		<-c.workers
		permit.Done(outcomeOf(ctx.Err() != nil))
	}
	if counted {
		c.count(err == nil, ctx.Err() != nil)
	}
}

func (c *crowd) count(admitted, late bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offered++
	switch {
	case admitted && late:
		c.late++
	case admitted:
		c.good++
	}
}

const (
	warmUp  = 5 * time.Second
	runs    = 25 * time.Second
	atFull  = 1000 * 20 // what can be done in a run, after the warm-up
	inQueue = 50
)

// crowded returns what became of a run, with a queue of so many places.
func crowded(t *testing.T, places int, load []simulate.Step) (c *crowd) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c = &crowd{
			shedder: New(Options{MaxQueue: places, CPUThreshold: -1}),
			workers: make(chan struct{}, 10), load: load, random: rand.New(rand.NewPCG(1, 2)),
		}
		c.come(warmUp, runs)
	})
	st := c.shedder.Stats()
	require.Zero(t, st.InFlight)
	require.Zero(t, st.Waiting)
	return c
}

func TestQueueingDoesNotLowerGoodput(t *testing.T) {
	for _, x := range []float64{1.5, 3} {
		c := crowded(t, inQueue, simulate.Always(x))
		require.Greater(t, float64(c.good), 0.97*atFull, "at %gx", x)
	}
}

func TestQueueingMakesFewAnswersLate(t *testing.T) {
	for _, x := range []float64{0.9, 1.5, 3} {
		c := crowded(t, inQueue, simulate.Always(x))
		require.Less(t, float64(c.late), 0.01*float64(c.good+c.late), "at %gx", x)
	}
}

// A tenth of the time five times as much comes as can be done.
func TestQueueingHelpsInBursts(t *testing.T) {
	bursts := simulate.Bursts(runs, 5*time.Second, 500*time.Millisecond, 0.5, 5)
	without, with := crowded(t, 0, bursts), crowded(t, inQueue, bursts)
	require.Greater(t, float64(with.good), 0.99*float64(without.good))
	require.Less(t, float64(with.late), 0.01*float64(with.good))
}

func TestNearlyNobodyIsRefusedWhoCanWait(t *testing.T) {
	without, with := crowded(t, 0, simulate.Always(0.9)), crowded(t, inQueue, simulate.Always(0.9))
	require.Greater(t, float64(with.good), 0.99*float64(with.offered))
	require.GreaterOrEqual(t, with.good, without.good)
}

// What is offered is measured, whoever waits, and whoever is refused after that. The
// limit depends on it.
func TestWhoWaitsIsCountedAsOneThatArrived(t *testing.T) {
	for _, x := range []float64{1.5, 3} {
		for _, places := range []int{0, inQueue} {
			c := crowded(t, places, simulate.Always(x))
			slices.Sort(c.measured)
			median := c.measured[len(c.measured)/2] * float64(time.Second)
			require.InEpsilon(t, 1000*x, median, 0.2, "at %gx, %d places", x, places)
		}
	}
}

func TestNewcomersDoNotOvertakeThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := frozen(1, 10)
		p := take(t, s, 1)[0]
		queued := visits(s, mid, mid, mid)
		for i := 0; i < 3; i++ {
			p.Done(weir.Success) // the permit is promised to the first, at once
			newcomer := visit(t.Context(), s)
			queued[i].requireIn(t)
			p, queued = queued[i].permit, append(queued, newcomer)
			requireWaiting(t, s, queued[i+1:]...)
		}
		for _, v := range queued[3:] {
			p = next(t, p, v)
		}
		p.Done(weir.Success)
		requireIdle(t, s)
	})
}

// Some give up while they wait, some at the moment when they are let in, and some
// find the queue full. In the end nobody is inside, and nobody waits any more.
func TestNoWaiterIsForgottenWhoeverLeaves(t *testing.T) {
	for _, limit := range []int{1, 2, 5} {
		for _, places := range []int{1, 3, 20} {
			s := fixed(limit, places)
			var all sync.WaitGroup
			for id := range uint64(16) {
				all.Go(func() { wander(s, rand.New(rand.NewPCG(id, 1)), 400) })
			}
			all.Wait() // a waiter without a permit or a refusal would hang here
			st := s.Stats()
			require.Zero(t, st.InFlight, "limit %d, %d places", limit, places)
			require.Zero(t, st.Waiting)
			require.Zero(t, s.queue.lenLocked())
		}
	}
}

// wander makes calls, half of which are given up sooner or later.
func wander(s *Shedder, random *rand.Rand, calls int) {
	for range calls {
		ctx := weir.WithCriticality(context.Background(), classAt(random.IntN(numClasses)))
		cancel := func() {}
		if random.IntN(2) == 0 {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(1+random.IntN(50))*time.Microsecond)
		}
		if p, err := s.Allow(ctx); err == nil {
			time.Sleep(time.Duration(random.IntN(20)) * time.Microsecond)
			p.Done(weir.Outcome(random.IntN(4)))
		}
		cancel()
	}
}

// In a bubble it can be seen whether somebody waits although there is room: time does
// not go on, so nobody gives up. Newcomers look, lose, and find the queue full.
func TestNobodyWaitsWhileThereIsRoom(t *testing.T) {
	for round := range 300 {
		synctest.Test(t, func(t *testing.T) {
			s := fixed(1+round%2, 1+round%3)
			var all sync.WaitGroup
			for range 24 {
				all.Go(func() {
					for range 20 {
						if p, err := s.Allow(context.Background()); err == nil {
							p.Done(weir.Ignored)
						}
					}
				})
			}
			synctest.Wait()
			st := s.Stats()
			require.False(t, st.Waiting > 0 && st.InFlight == 0, "round %d: %d wait", round, st.Waiting)
			all.Wait()
			requireIdle(t, s)
		})
	}
}

// A newcomer who saw nobody waiting is counted in for a moment, until it sees that
// others were faster. Should a permit be given back in that moment, it must not be
// lost, though the newcomer does not find a place in the queue either.
func TestNewcomerWhoWasCountedInForAMomentKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fixed(1, 1)
		p := take(t, s, 1)[0]
		waiting := visits(s, mid)[0]
		s.meter.inFlight.Add(1) // the newcomer is counted in
		p.Done(weir.Success)
		s.meter.inFlight.Add(-1) // and out, and does what it does next
		_, err := s.queue.wait(context.Background(), int(mid-low), s.now())
		synctest.Wait()
		if !waiting.returned.Load() || waiting.err != nil {
			t.Errorf("waits while %d are in flight; the newcomer: %v", s.Stats().InFlight, err)
			time.Sleep(time.Second) // until it has given up
			return
		}
		waiting.permit.Done(weir.Success)
		requireIdle(t, s)
	})
}

// The garbage collector counts out whom nobody can settle any more.
func TestPlaceOfAForgottenCallGoesToWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fixed(1, 1)
		var h holder
		h.lend(s, 0)
		s.meter.inFlight.Add(1) // the call that will be forgotten
		waiting := visits(s, mid)[0]
		requireWaiting(t, s, waiting)
		h.forgotten() // on a goroutine that may touch nothing but counters
		time.Sleep(time.Duration(patient))
		synctest.Wait()
		if !waiting.returned.Load() {
			t.Errorf("waits while %d are in flight", s.Stats().InFlight)
			time.Sleep(time.Second)
			return
		}
		waiting.requireIn(t)
		waiting.permit.Done(weir.Success)
		requireIdle(t, s)
	})
}

// A prying context sees whether it is asked under a lock, where it could not come in
// again.
type prying struct {
	context.Context
	s      *Shedder
	locked bool
}

func (p *prying) Deadline() (time.Time, bool) {
	if p.s.queue.mu.TryLock() {
		p.s.queue.mu.Unlock()
	} else {
		p.locked = true
	}
	return p.Context.Deadline()
}

func TestContextIsNotAskedUnderTheLockOfTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fixed(1, 1)
		held := take(t, s, 1)
		ctx := &prying{Context: context.Background(), s: s}
		v := visit(ctx, s)
		next(t, held[0], v).Done(weir.Success)
		require.False(t, ctx.locked)
		requireIdle(t, s)
	})
}
