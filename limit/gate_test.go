package limit

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func newTestGate(timeout time.Duration, hook func(bool, error)) *gate {
	g := &gate{}
	g.init(time.Now(), timeout, &news{hook: hook})
	return g
}

// fail opens the gate.
func (g *gate) fail(t *testing.T) {
	t.Helper()
	p, ok := g.enter()
	require.True(t, ok)
	g.failed(p, errDown)
	require.True(t, g.open())
}

// nextProbe waits for the next probe and returns how long that took.
func nextProbe(g *gate) (pass, time.Duration) {
	start := time.Now()
	for {
		if p, ok := g.enter(); ok {
			return p, time.Since(start)
		}
		time.Sleep(g.untilProbe())
	}
}

func TestOneFailureOpensTheGateAndOneGoodAnswerCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGate(defaultTimeout, nil)
		for range 100 {
			p, ok := g.enter()
			require.True(t, ok)
			g.worked(p)
		}
		g.fail(t)
		_, ok := g.enter()
		require.False(t, ok)
		p, _ := nextProbe(g)
		require.True(t, g.open())
		g.worked(p)
		require.False(t, g.open())
		_, ok = g.enter()
		require.True(t, ok)
	})
}

func TestPausesBetweenProbesDoubleToHalfASecondGiveOrTakeAQuarter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pauses := map[time.Duration]bool{}
		for range 50 {
			g := newTestGate(defaultTimeout, nil)
			g.fail(t)
			for i, want := range []time.Duration{100, 200, 400, 500, 500, 500} {
				want *= time.Millisecond
				p, pause := nextProbe(g)
				require.GreaterOrEqual(t, pause, want*3/4, "pause %d", i)
				require.LessOrEqual(t, pause, want*5/4, "pause %d", i)
				pauses[pause] = true
				g.failed(p, errDown)
			}
			p, _ := nextProbe(g)
			g.worked(p)
			g.fail(t)
			p, pause := nextProbe(g)
			require.LessOrEqual(t, pause, firstPause*5/4, "a new outage begins anew")
			g.worked(p)
		}
		require.Greater(t, len(pauses), 250, "hardly two are alike")
	})
}

func TestOnlyOneOfManyProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGate(defaultTimeout, nil)
		g.fail(t)
		for range 20 {
			time.Sleep(g.untilProbe())
			var mu sync.Mutex
			var passes []pass
			var all sync.WaitGroup
			for range 100 {
				all.Go(func() {
					if p, ok := g.enter(); ok {
						mu.Lock()
						defer mu.Unlock()
						passes = append(passes, p)
					}
				})
			}
			all.Wait()
			require.Len(t, passes, 1)
			g.failed(passes[0], errDown)
		}
	})
}

func TestAProberThatNeverReturnsWedgesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGate(defaultTimeout, nil)
		g.fail(t)
		lost, _ := nextProbe(g)
		p, pause := nextProbe(g)
		require.Equal(t, defaultTimeout+maxPause, pause)
		g.failed(lost, errDown) // late: it has no say in when the next one goes
		require.Equal(t, defaultTimeout+maxPause, g.untilProbe())
		g.worked(p)
		require.False(t, g.open())
	})
}

func TestLateNewsOfAnotherPhaseChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGate(defaultTimeout, nil)
		early, _ := g.enter()
		second, _ := g.enter()
		g.fail(t)
		g.worked(early)
		require.True(t, g.open(), "it was answered before the store failed, for all we know")
		lost, _ := nextProbe(g)
		p, _ := nextProbe(g)
		g.worked(p)
		g.failed(second, errDown)
		require.False(t, g.open(), "it began before the store recovered")
		g.failed(lost, errDown)
		require.False(t, g.open())
		g.fail(t)
		g.worked(lost)
		require.True(t, g.open(), "a probe of another outage")
		require.Equal(t, uint64(4), g.failures.Load())
	})
}

func TestCallersWhoGoAwayDoNotOpenTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGate(defaultTimeout, nil)
		for range 1000 {
			p, ok := g.enter()
			require.True(t, ok)
			time.Sleep(10 * time.Millisecond)
			g.abandoned(p, false, errDown)
		}
		require.Zero(t, g.failures.Load())
	})
}

func TestDeadlinesThatPassWithoutAnyAnswerAddUpToAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGate(defaultTimeout, nil)
		pass := func(answered bool) {
			t.Helper()
			p, ok := g.enter()
			require.True(t, ok)
			q, ok := g.enter()
			require.True(t, ok)
			time.Sleep(10 * time.Millisecond)
			g.abandoned(p, true, errDown)
			if answered {
				g.worked(q)
			} else {
				g.abandoned(q, true, errDown)
			}
		}
		for range 100 {
			pass(true)
		}
		for range 4 {
			pass(false)
			time.Sleep(time.Minute) // while nobody waits, nobody knows
		}
		require.False(t, g.open(), "two who wait at a time are silence once")
		p, _ := g.enter()
		time.Sleep(10 * time.Millisecond)
		g.abandoned(p, true, errDown)
		require.True(t, g.open())
		require.Equal(t, uint64(1), g.failures.Load())
	})
}

func TestACancelledProbeIsRepeatedWithoutALongerPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGate(defaultTimeout, nil)
		g.fail(t)
		for range 20 {
			p, _ := nextProbe(g)
			g.abandoned(p, false, errDown)
			require.LessOrEqual(t, g.untilProbe(), 2*firstPause*5/4)
		}
		require.Equal(t, uint64(1), g.failures.Load())
	})
}

func TestAStoreThatLetsNobodyGoIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGate(defaultTimeout, nil)
		first, _ := g.enter()
		joined := 1
		for !g.open() {
			time.Sleep(time.Millisecond)
			if _, ok := g.enter(); ok {
				joined++
			}
		}
		require.Equal(t, 2*int(defaultTimeout+firstPause/2)/int(time.Millisecond)+1, joined)
		p, _ := nextProbe(g)
		g.worked(p)
		for range 100 { // those who are still held belong to the past
			time.Sleep(time.Second)
			p, ok := g.enter()
			require.True(t, ok)
			time.Sleep(defaultTimeout)
			g.worked(p)
		}
		g.failed(first, errDown)
		require.False(t, g.open())
	})
}

func TestAStoreThatIsSlowButAnswersKeepsItsCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, timeout := range []time.Duration{-1, 40 * time.Millisecond} {
			g := newTestGate(timeout, nil)
			var all sync.WaitGroup
			for range 300 {
				all.Go(func() {
					p, ok := g.enter()
					if ok {
						time.Sleep(30 * time.Millisecond)
						g.worked(p)
					}
				})
				time.Sleep(time.Duration(rand.Int64N(int64(20 * time.Millisecond))))
			}
			if timeout < 0 {
				_, ok := g.enter() // may hang, for nobody asked for a timeout
				require.True(t, ok)
				time.Sleep(time.Hour)
			}
			_, ok := g.enter()
			require.True(t, ok)
			all.Wait()
			require.Zero(t, g.failures.Load())
		}
	})
}

// FuzzGate holds the gate against the rules, with any history of calls that
// overlap and end in any way.
func FuzzGate(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 200, 4, 5, 6, 255, 7})
	for range 20 {
		ops := make([]byte, 200)
		for i := range ops {
			ops[i] = byte(rand.IntN(256))
		}
		f.Add(ops)
	}
	f.Fuzz(func(t *testing.T, ops []byte) {
		synctest.Test(t, func(t *testing.T) { driveGate(t, ops) })
	})
}

func driveGate(t *testing.T, ops []byte) {
	var told []bool
	g := newTestGate(defaultTimeout, func(degraded bool, err error) {
		require.Equal(t, degraded, err != nil)
		told = append(told, degraded)
	})
	var out []pass
	var lastProbe time.Time
	for _, op := range ops {
		wasOpen, probe := g.open(), false
		if op >= 64 {
			time.Sleep(time.Duration(op) * time.Millisecond)
			continue
		}
		if op%4 == 0 || len(out) == 0 {
			if p, ok := g.enter(); ok {
				if wasOpen {
					require.GreaterOrEqual(t, time.Since(lastProbe), firstPause*3/4)
					lastProbe = time.Now()
				}
				out = append(out, p)
			}
			if !wasOpen && g.open() {
				lastProbe = time.Now() // it found out that somebody is held
			}
			continue
		}
		i := int(op) / 4 % len(out)
		p := out[i]
		out = append(out[:i], out[i+1:]...)
		current := g.phase.Load() == p.phase
		probe = current && wasOpen
		switch op % 4 {
		case 1:
			g.worked(p)
			require.Equal(t, wasOpen && !probe, g.open())
		case 2:
			g.failed(p, errDown)
			require.Equal(t, wasOpen || current, g.open())
			if !wasOpen && g.open() {
				lastProbe = time.Now()
			}
		case 3:
			g.abandoned(p, op >= 32, errDown)
			if !wasOpen && g.open() {
				lastProbe = time.Now()
			}
		}
		require.LessOrEqual(t, g.untilProbe(), maxPause*5/4)
	}
	for i, degraded := range told {
		require.Equal(t, i%2 == 0, degraded)
	}
	require.Equal(t, g.open(), len(told)%2 == 1)
}

func TestTransitionsAreToldInOrderOnceAndWithoutLocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g *gate
		var told []bool
		running := 0
		g = newTestGate(defaultTimeout, func(degraded bool, err error) {
			running++
			require.Equal(t, 1, running)
			if degraded { // the hook asks the limiter, waits, and sees more
				require.ErrorIs(t, err, errDown)
				p, _ := nextProbe(g)
				g.worked(p)
				if len(told) < 8 {
					p, _ := g.enter()
					g.failed(p, errDown)
				}
			}
			told = append(told, degraded)
			running--
		})
		p, _ := g.enter()
		g.failed(p, errDown)
		require.Equal(t, []bool{true, false, true, false, true, false, true, false, true, false}, told)
	})
}

func TestAPanicOfTheHookReachesTheCallerAndBreaksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		g := newTestGate(defaultTimeout, func(bool, error) { told++; panic("hook") })
		for range 5 {
			require.PanicsWithValue(t, "hook", func() { g.fail(t) })
			require.True(t, g.open())
			p, _ := nextProbe(g)
			require.PanicsWithValue(t, "hook", func() { g.worked(p) })
			require.False(t, g.open())
		}
		require.Equal(t, 10, told)
	})
}

func TestAHookThatHangsKeepsNobodyElseAndHearsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var told []bool
		g := newTestGate(defaultTimeout, func(degraded bool, _ error) {
			<-release
			told = append(told, degraded)
		})
		var stuck sync.WaitGroup
		stuck.Go(func() {
			p, _ := g.enter()
			g.failed(p, errDown)
		})
		synctest.Wait()
		for range 1000 {
			p, _ := nextProbe(g)
			g.worked(p)
			g.fail(t)
		}
		close(release)
		stuck.Wait()
		require.Len(t, told, maxUntold+1)
		for i, degraded := range told {
			require.Equal(t, i%2 == 0, degraded)
		}
	})
}
