package limit

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// outcome is what a door said.
type outcome struct {
	Taken
	degraded bool
	err      error
	took     time.Duration
}

func (d *door) one(ctx context.Context, key string) outcome {
	start := time.Now()
	t, degraded, err := d.tokens(ctx, key, 1, 0, tenPerSecond)
	return outcome{t, degraded, err, time.Since(start)}
}

// faults are the ways in which a store can fail, and what Stats say of them.
var faults = map[string]struct {
	fault fault
	err   error
}{
	"refused":         {failing, errDown},
	"hangs":           {hanging, context.DeadlineExceeded},
	"panics":          {func(context.Context) (Taken, error) { panic(errDown) }, errDown},
	"more than limit": {answering(Taken{OK: true, Limit: 10, Remaining: 11}), errNonsense},
	"below zero":      {answering(Taken{OK: true, Limit: 10, Remaining: -1}), errNonsense},
	"no limit":        {answering(Taken{OK: true}), errNonsense},
	"another limit":   {answering(Taken{OK: true, Limit: 11, Remaining: 1}), errNonsense},
	"wait unasked":    {answering(Taken{OK: true, Limit: 10, Wait: 1}), errNonsense},
	"refused for 0":   {answering(Taken{Limit: 10}), errNonsense},
	"never, though":   {answering(Taken{Limit: 10, Wait: -1}), errNonsense},
	"negative reset":  {answering(Taken{OK: true, Limit: 10, Reset: -1}), errNonsense},
}

func TestWhileTheStoreIsDownCallersSeeNoErrorsAndHardlyAnyWait(t *testing.T) {
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFakeStore()
				d := newDoor("", doorOptions{store: s})
				require.False(t, d.one(t.Context(), "key").degraded)
				s.set(f.fault)
				s.forgetCalls()
				const outage = 10 * time.Second
				waited := 0
				for start := time.Now(); time.Since(start) < outage; time.Sleep(time.Millisecond) {
					got := d.one(t.Context(), "key")
					require.NoError(t, got.err)
					require.True(t, got.degraded)
					if got.took > 0 {
						require.Equal(t, defaultTimeout, got.took)
						waited++
					}
				}
				require.LessOrEqual(t, s.callCount(), 4+int(outage/(maxPause*3/4)))
				require.GreaterOrEqual(t, s.callCount(), int(outage/(maxPause*5/4+defaultTimeout)))
				require.LessOrEqual(t, waited, s.callCount())
				require.Equal(t, 1, s.most)
				require.ErrorIs(t, d.stats().lastErr, f.err)
				require.Equal(t, uint64(s.callCount()), d.stats().failures)

				s.set(nil)
				healed := time.Now()
				for d.one(t.Context(), "key").degraded {
					time.Sleep(10 * time.Millisecond)
				}
				require.Less(t, time.Since(healed), time.Second)
				require.False(t, d.one(t.Context(), "key").degraded)
			})
		})
	}
}

func TestTheFirstCallersOfAnOutageWaitOnlyForTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		d := newDoor("", doorOptions{store: s, timeout: 20 * time.Millisecond})
		s.set(hanging)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				got := d.one(t.Context(), "key")
				require.NoError(t, got.err)
				require.True(t, got.degraded)
				require.Equal(t, 20*time.Millisecond, got.took)
			})
		}
		all.Wait()
		require.Zero(t, d.one(t.Context(), "key").took)
		require.Equal(t, 100, s.callCount())
	})
}

func TestAPanicOfTheStoreIsKept(t *testing.T) {
	s := newFakeStore()
	d := newDoor("", doorOptions{store: s})
	s.set(func(context.Context) (Taken, error) { panic("out of cheese") })
	require.True(t, d.one(t.Context(), "key").degraded)
	require.EqualError(t, d.stats().lastErr, "limit: the store panicked: out of cheese")
}

func TestAStoreThatEndsTheGoroutineHasFailed(t *testing.T) {
	s := newFakeStore()
	d := newDoor("", doorOptions{store: s})
	s.set(func(context.Context) (Taken, error) { runtime.Goexit(); return Taken{}, nil })
	var all sync.WaitGroup
	all.Go(func() { d.one(t.Context(), "key") })
	all.Wait()
	require.ErrorIs(t, d.stats().lastErr, errGoexit)
	require.True(t, d.one(t.Context(), "key").degraded)
}

func TestADoneContextIsTheCallersAndNoFailureOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		d := newDoor("", doorOptions{store: s})
		s.set(hanging)
		cause := errors.New("gone home")
		for range 100 {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(10*time.Millisecond, func() { cancel(cause) })
			got := d.one(ctx, "key")
			require.ErrorIs(t, got.err, context.Canceled)
			require.ErrorIs(t, got.err, cause)
			require.Equal(t, 10*time.Millisecond, got.took)
		}
		require.Zero(t, d.stats().failures)
		require.Zero(t, d.stats().degraded)
	})
}

func TestCallersWithShortDeadlinesFindOutThatTheStoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		d := newDoor("", doorOptions{store: s})
		s.set(hanging)
		late := 0
		for range 1000 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			if got := d.one(ctx, "key"); got.err != nil {
				require.Equal(t, context.DeadlineExceeded, got.err)
				late++
			} else {
				require.True(t, got.degraded)
				time.Sleep(10 * time.Millisecond)
			}
			cancel()
		}
		require.LessOrEqual(t, late, 5+10*3, "until 50 ms are over, and then a probe now and then")
		require.Equal(t, uint64(1), d.stats().failures)
	})
}

func TestAnAnswerAfterTheTimeoutCountsForTheCallerButOpensTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		d := newDoor("", doorOptions{store: s})
		s.set(func(context.Context) (Taken, error) {
			time.Sleep(3 * time.Second) // it does not heed its context
			return Taken{OK: true, Limit: 10, Remaining: 7}, nil
		})
		var all sync.WaitGroup
		var held atomic.Int64
		for range 2000 {
			all.Go(func() {
				got := d.one(t.Context(), "key")
				require.NoError(t, got.err)
				if !got.degraded {
					require.Equal(t, 7, got.Remaining)
					held.Add(1)
				}
			})
			time.Sleep(time.Millisecond)
		}
		all.Wait()
		require.LessOrEqual(t, held.Load(), int64(210), "who comes later than twice the timeout and a bit is not held")
		require.True(t, d.one(t.Context(), "key").degraded)
	})
}

func TestWithoutATimeoutOnlyTheCallersContextEndsACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.delay = time.Hour
		d := newDoor("", doorOptions{store: s, timeout: -1})
		got := d.one(t.Context(), "key")
		require.True(t, got.OK)
		require.False(t, got.degraded)
		require.Equal(t, time.Hour, got.took)
	})
}

func TestEventsGivenBackWhileTheStoreIsDownAreLost(t *testing.T) {
	s := newFakeStore()
	d := newDoor("", doorOptions{store: s, replicas: 2})
	s.set(failing)
	for range 5 {
		require.True(t, d.one(t.Context(), "key").OK)
	}
	got, degraded, err := d.tokens(t.Context(), "key", -5, 0, tenPerSecond)
	require.NoError(t, err)
	require.True(t, degraded)
	require.True(t, got.OK)
	require.False(t, d.one(t.Context(), "key").OK, "the stand-in never gave them out")
}

func TestAnOpenGateCostsNoAllocation(t *testing.T) {
	w := Window{Quota: 1000, Period: time.Hour}
	for f := FallbackLocal; f <= FallbackClosed; f++ {
		s := newFakeStore()
		d := newDoor("", doorOptions{store: s, fallback: f})
		windows := newDoor("", doorOptions{store: s, fallback: f})
		s.set(failing)
		ask := func() {
			_, degraded, err := d.tokens(t.Context(), "key", 1, 0, tenPerSecond)
			_, alsoDegraded, alsoErr := windows.window(t.Context(), "key", 1, w)
			if err != nil || !degraded || alsoErr != nil || !alsoDegraded {
				panic("not degraded")
			}
		}
		ask()
		for _, d := range []*door{d, windows} {
			d.gates.all[0].phase.Load().next.Store(1 << 62) // no probes, they may allocate
		}
		require.Zero(t, testing.AllocsPerRun(1000, ask), f.String())
	}
}

func TestStatsSayHowLongAnOutageLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		d := newDoor("", doorOptions{store: s})
		d.one(t.Context(), "key")
		require.Equal(t, doorStats{}, d.stats())
		s.set(failing)
		began := time.Now()
		for range 10 {
			d.one(t.Context(), "key")
		}
		time.Sleep(time.Second)
		st := d.stats()
		require.True(t, began.Equal(st.since))
		require.Equal(t, uint64(10), st.degraded)
		require.Equal(t, uint64(1), st.failures)
		s.set(nil)
		d.one(t.Context(), "key")
		require.Equal(t, doorStats{failures: 1, degraded: 10, lastErr: errDown}, d.stats())
	})
}
