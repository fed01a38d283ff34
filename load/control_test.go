package load

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

// alone returns a shedder that looks at no CPU and has no queue.
func alone(limit int) *Shedder {
	return New(Options{MinLimit: limit, MaxLimit: limit, CPUThreshold: -1})
}

func TestWindowIsWhatHappenedSinceTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := alone(100)
		for n := range uint64(3) {
			time.Sleep(time.Second)
			count(&s.meter, n+1)
			r := s.read(s.now())
			w := s.control.window(r)
			s.control.before = r
			require.Equal(t, float64(time.Second), w.length)
			require.Equal(t, float64(n+1), w.done.count())
			require.Equal(t, 1e6, w.done.mean())
			got := []float64{w.busy, w.pushed, w.timeout, w.refused, w.capped}
			for i, v := range got {
				require.Equal(t, float64(i+1)*float64(n+1), v, "no. %d", i)
			}
		}
	})
}

// count adds n to what a meter counts, twice n to the next, and so on.
func count(m *meter, n uint64) {
	for range n {
		m.done.add(1e6, logOf(1e6))
	}
	m.busy.Add(int64(n))
	for i, c := range []*atomic.Uint64{&m.pushed, &m.timeout, &m.refused, &m.capped} {
		c.Add(uint64(i+2) * n)
	}
}

// finish makes calls, one after the other, each of which takes so long.
func finish(t *testing.T, s *Shedder, calls int, each time.Duration) {
	t.Helper()
	for range calls {
		p, err := s.Allow(context.Background())
		require.NoError(t, err)
		time.Sleep(each)
		p.Done(weir.Success)
	}
}

func TestWindowsEndNeitherTooSoonNorNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := alone(100)
		ends, last := 0, s.control.before.at
		for range 2000 {
			finish(t, s, 1, time.Millisecond)
			if at := s.control.before.at; at != last {
				require.Equal(t, s.now(), at)
				ends, last = ends+1, at
			}
		}
		require.LessOrEqual(t, ends, 2000/5)
		require.GreaterOrEqual(t, ends, 2000/fullWindow)
	})
}

// Windows of a service that is hardly used end, too: with few calls, and later.
func TestWindowsOfFewCallsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := alone(100)
		for range 20 {
			before := s.control.before.at
			finish(t, s, fullWindow, time.Second)
			require.Greater(t, s.control.before.at, before)
		}
	})
}

func TestCallsDoNotWaitForWhoLooksAtTheMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := alone(1)
		s.control.mu.Lock()
		finish(t, s, 100, 10*time.Millisecond) // or this hangs
		p := take(t, s, 1)[0]
		for range 3 {
			_, err := s.Allow(context.Background())
			require.ErrorIs(t, err, ErrOverloaded)
			time.Sleep(10 * time.Millisecond)
		}
		p.Done(weir.Success)
		s.control.mu.Unlock()
		require.Equal(t, uint64(101), s.Stats().Succeeded)
	})
}

func TestSuccessesAreAllCountedWhileWindowsEnd(t *testing.T) {
	const callers, each = 16, 3000
	s := fixed(2*callers, callers)
	var all sync.WaitGroup
	var admitted atomic.Uint64
	for range callers {
		all.Go(func() {
			for range each {
				if p, err := s.Allow(context.Background()); err == nil {
					admitted.Add(1)
					p.Done(weir.Success)
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { defer close(ended); all.Wait() }()
	requireGrowing(t, ended, func() uint64 { return s.Stats().Succeeded })
	require.Equal(t, admitted.Load(), s.Stats().Succeeded)
	require.Zero(t, s.Stats().InFlight)
}

// requireGrowing checks that a number never goes down, until something has ended.
func requireGrowing(t *testing.T, ended chan struct{}, read func() uint64) {
	t.Helper()
	for last := uint64(0); ; {
		n := read()
		require.GreaterOrEqual(t, n, last)
		last = n
		select {
		case <-ended:
			return
		default:
		}
	}
}

// hung returns a shedder that knows its capacity, a call per ms, and whose calls have
// stopped to end.
func hung(t *testing.T, inside int) *Shedder {
	s := alone(inside)
	take(t, s, inside)
	time.Sleep(time.Second)
	s.meter.last.Store(s.now())
	s.rules.fast.Store(1 / float64(time.Millisecond))
	s.rules.floor.Store(10)
	s.control.stalled(s.now()) // the first who does not fit
	return s
}

func TestStandstillEndsTheWindow(t *testing.T) {
	for _, c := range []struct {
		inside int
		gap    time.Duration
		ends   bool
	}{
		{10, 13 * time.Millisecond, true}, {10, 12 * time.Millisecond, false}, {9, time.Hour, false}, {30, time.Minute, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := hung(t, c.inside)
			before, busy := s.control.before.at, s.meter.busy.Load()
			time.Sleep(c.gap)
			s.control.stalled(s.now())
			require.Equal(t, c.ends, s.control.before.at != before, "%d inside, nothing for %v", c.inside, c.gap)
			if c.ends {
				require.Equal(t, int64(c.gap), s.meter.busy.Load()-busy, "the workers had work")
				require.Equal(t, s.now(), s.meter.last.Load())
			}
		})
	}
}

func TestReliefIsForOneCallPerPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := alone(1)
		take(t, s, 1)
		time.Sleep(time.Hour)
		require.False(t, s.control.stalled(s.now()), "nobody was refused so far")
		time.Sleep(time.Duration(reliefPause))
		require.False(t, s.control.stalled(s.now()), "the pause is not over")
		for range 5 {
			time.Sleep(time.Duration(reliefPause) + 1)
			var relieved atomic.Int64
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					if s.control.stalled(s.now()) {
						relieved.Add(1)
					}
				})
			}
			all.Wait()
			require.Equal(t, int64(1), relieved.Load())
		}
	})
}

func TestThereIsNoReliefWhileCallsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := alone(2)
		take(t, s, 1) // hangs
		for range 100 {
			finish(t, s, 1, 500*time.Millisecond)
			require.False(t, s.control.stalled(s.now()))
		}
	})
}

// While all hang one call a second is let in to see, though others wait.
func TestQueueDoesNotStandInTheWayOfRelief(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fixed(1, 10)
		take(t, s, 1) // hangs
		var admitted atomic.Int64
		for range 1000 { // for ten seconds
			time.Sleep(10 * time.Millisecond)
			go func() {
				if _, err := s.Allow(context.Background()); err == nil {
					admitted.Add(1) // and hangs as well
				}
			}()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.InDelta(t, 9, admitted.Load(), 2)
	})
}

func TestLimitsOfAllClassesAreAlikeWhileThereIsEnoughForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{CPUThreshold: -1})
		for range 100 {
			finish(t, s, 50, time.Millisecond)
			time.Sleep(100 * time.Millisecond)
			st := s.Stats()
			require.Equal(t, [4]int{st.Limit, st.Limit, st.Limit, st.Limit}, st.Limits)
		}
	})
}

func TestAllWhoFitAreLetInOnceTheLimitGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fixed(1, 10)
		held := take(t, s, 1)
		all := visits(s, mid, mid, mid, mid)
		time.Sleep(10 * time.Millisecond)
		s.opts.MinLimit, s.opts.MaxLimit = 3, 3
		s.control.mu.Lock()
		s.control.close(s.now())
		s.control.mu.Unlock()
		synctest.Wait()
		requireWaiting(t, s, all[2:]...)
		for _, v := range all[:2] {
			v.requireIn(t)
			held = append(held, v.permit)
		}
		for i, v := range all[2:] {
			next(t, held[i], v).Done(weir.Success)
		}
		held[2].Done(weir.Success)
		requireIdle(t, s)
	})
}
