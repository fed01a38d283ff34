package breaker_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/breaker"
)

// A journal notes the state changes of a breaker.
type journal struct {
	mu      sync.Mutex
	changes []breaker.StateChange // guarded by mu
}

func (j *journal) note(c breaker.StateChange) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.changes = append(j.changes, c)
}

// states returns where the changes led, one after the other, and requires that
// each began where the last one ended.
func (j *journal) states(t *testing.T) (to []breaker.State) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	at := breaker.Closed
	for _, c := range j.changes {
		require.Equal(t, at, c.From)
		require.NotEqual(t, c.From, c.To)
		at = c.To
		to = append(to, at)
	}
	return to
}

func TestStateChangesAreAnnouncedOnceAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		b := breaker.New(breaker.Options{Name: "db", OnStateChange: j.note})
		throttle(t, b)
		require.Equal(t, []breaker.State{breaker.Throttling}, j.states(t))

		began := time.Now()
		for b.State() == breaker.Throttling {
			_ = times(1, b, fail)
			time.Sleep(20 * time.Millisecond)
		}
		require.Equal(t, breaker.Open, b.State())
		require.WithinRange(t, j.changes[1].At, began, time.Now())
		require.Equal(t, "db", j.changes[1].Name)

		time.Sleep(b.RetryAfter())
		closeByProbes(t, b)
		require.Equal(t, 100, times(100, b, succeed))
		open(t, b)
		time.Sleep(time.Minute)
		require.Equal(t, breaker.Closed, b.State(), "closed by silence, noticed by State")
		require.Equal(t, []breaker.State{
			breaker.Throttling, breaker.Open, breaker.Closed, breaker.Open, breaker.Closed,
		}, j.states(t)[:5])
		require.Equal(t, j.changes[4].At, time.Now())
	})
}

func TestStateChangeIsAnnouncedByWhoeverNoticesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		b := breaker.New(breaker.Options{OnStateChange: j.note})
		throttle(t, b)
		time.Sleep(time.Minute)
		require.Equal(t, []breaker.State{breaker.Throttling}, j.states(t), "nobody has looked")
		_ = b.Stats()
		require.Equal(t, []breaker.State{breaker.Throttling, breaker.Closed}, j.states(t))
	})
}

// Under concurrency hooks may run in another order than the changes happened, but
// the changes make one path: each state is left as often as it is entered, but for
// the first and the last.
func TestStateChangesFormOnePathWhoeverCausesThem(t *testing.T) {
	var j journal
	b := breaker.New(breaker.Options{
		Window: 10 * time.Millisecond, Buckets: 10, TripDelay: -1,
		ProbeInterval: time.Millisecond, ProbeSuccesses: 1, OnStateChange: j.note,
	})
	forced := []breaker.State{
		breaker.Closed, breaker.Open, breaker.ForcedOpen, breaker.Disabled, breaker.DryRun, breaker.Closed,
	}
	together(64, func(worker int) {
		rng := rand.New(rand.NewPCG(uint64(worker), 1))
		for i := range 300 {
			switch {
			case i%30 == 29:
				b.Force(forced[rng.IntN(len(forced))])
			case rng.IntN(3) == 0:
				_ = times(3, b, succeed)
			default:
				_ = times(3, b, fail)
			}
			_ = b.State()
		}
	})
	b.Force(breaker.Disabled)
	require.Equal(t, breaker.Disabled, b.State())

	balance := map[breaker.State]int{breaker.Closed: 1, breaker.Disabled: -1}
	for _, c := range j.changes {
		require.NotEqual(t, c.From, c.To)
		balance[c.From]--
		balance[c.To]++
	}
	require.Greater(t, len(j.changes), 10)
	for state, n := range balance {
		require.Zero(t, n, "%v is entered %d times more than it is left", state, n)
	}
}

func TestHookMayUseTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b *breaker.Breaker
		var seen []breaker.State
		b = breaker.New(breaker.Options{OnStateChange: func(c breaker.StateChange) {
			seen = append(seen, c.To)
			require.Equal(t, c.To, b.State())
			require.Equal(t, c.To, b.Stats().State)
			_ = b.Do(context.Background(), succeed)
			if c.To == breaker.Open {
				b.Force(breaker.ForcedOpen)
			}
		}})
		for b.State() != breaker.ForcedOpen {
			_ = times(1, b, fail)
			time.Sleep(50 * time.Millisecond)
		}
		b.Force(breaker.Closed)
		require.Equal(t, []breaker.State{breaker.Open, breaker.ForcedOpen, breaker.Closed}, seen)
	})
}

func TestPanickingHookLeavesTheBreakerUsable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{OnStateChange: func(breaker.StateChange) { panic("hook") }})
		require.PanicsWithValue(t, "hook", func() { b.Force(breaker.ForcedOpen) })
		require.Equal(t, breaker.ForcedOpen, b.State())
		require.PanicsWithValue(t, "hook", func() { b.Force(breaker.Closed) })
		require.Equal(t, 10, times(10, b, succeed))
	})
}

func TestStatesHaveNames(t *testing.T) {
	for state, name := range map[breaker.State]string{
		breaker.Closed: "closed", breaker.Throttling: "throttling", breaker.Open: "open",
		breaker.ForcedOpen: "forced-open", breaker.Disabled: "disabled", breaker.DryRun: "dry-run",
		6: "state(6)", 255: "state(255)",
	} {
		require.Equal(t, name, state.String())
	}
}
