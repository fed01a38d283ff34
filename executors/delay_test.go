package executors_test

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/executors"
)

// calls writes down when a function is called, which then takes so long.
type calls struct {
	start time.Time
	lasts time.Duration
	mu    sync.Mutex
	at    []time.Duration
}

func (c *calls) do(context.Context) {
	c.mu.Lock()
	c.at = append(c.at, time.Since(c.start))
	c.mu.Unlock()
	time.Sleep(c.lasts)
}

func (c *calls) times() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.at)
}

func newDelay(delay, lasts time.Duration) (*executors.Delay, *calls) {
	c := &calls{start: time.Now(), lasts: lasts}
	return executors.NewDelay(executors.DelayOptions{Delay: delay, Do: c.do}), c
}

func TestTriggersWithinTheDelayAreOneCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, c := newDelay(time.Second, 0)
		for range 100 { // for two seconds, without a break
			require.NoError(t, d.Trigger())
			time.Sleep(20*time.Millisecond + 1)
		}
		time.Sleep(time.Hour)
		require.Len(t, c.times(), 2)
		require.Equal(t, time.Second, c.times()[0], "the first trigger counts")
		require.NoError(t, d.Trigger())
		require.NoError(t, d.Close(background()))
		require.Len(t, c.times(), 3)
		require.EqualValues(t, 101, d.Stats().Handled)
		require.EqualValues(t, 3, d.Stats().Batches)
	})
}

func TestDelayIsASecondByDefault(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, c := newDelay(0, 0)
		require.NoError(t, d.Trigger())
		time.Sleep(time.Hour)
		require.Equal(t, []time.Duration{time.Second}, c.times())
	})
}

func TestTriggerWhileDoRunsIsAnotherCallAndNotAtTheSameTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, c := newDelay(time.Second, 5*time.Second)
		require.NoError(t, d.Trigger())
		time.Sleep(2 * time.Second)
		require.NoError(t, d.Trigger())
		require.NoError(t, d.Trigger())
		time.Sleep(time.Hour)
		require.Equal(t, []time.Duration{time.Second, 6 * time.Second}, c.times())
	})
}

func TestFlushOfADelayCallsNowAndWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, c := newDelay(time.Hour, time.Second)
		require.NoError(t, d.Flush(background()))
		require.Empty(t, c.times(), "nothing was triggered")
		require.NoError(t, d.Trigger())
		require.NoError(t, d.Trigger())
		require.NoError(t, d.Flush(background()))
		require.Equal(t, []time.Duration{0}, c.times())
		require.Equal(t, time.Second, time.Since(c.start))
		time.Sleep(10 * time.Hour)
		require.Len(t, c.times(), 1)
	})
}

func TestClosedDelayRefusesTriggers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, c := newDelay(time.Hour, time.Second)
		require.NoError(t, d.Trigger())
		go func() { _ = d.Close(background()) }()
		synctest.Wait()
		require.Equal(t, executors.ErrClosed, d.Trigger())
		require.NoError(t, d.Close(background()))
		require.Equal(t, []time.Duration{0}, c.times())
		require.Equal(t, executors.ErrClosed, d.Trigger())
	})
}

func TestClosedDelayRefusesTriggersThoughACallIsStillToCome(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, c := newDelay(time.Second, time.Minute)
		require.NoError(t, d.Trigger())
		time.Sleep(2 * time.Second) // Do runs
		require.NoError(t, d.Trigger())
		go func() { _ = d.Close(background()) }()
		synctest.Wait()
		require.Equal(t, executors.ErrClosed, d.Trigger())
		require.NoError(t, d.Close(background()))
		require.Equal(t, []time.Duration{time.Second, time.Minute + time.Second}, c.times())
	})
}

func TestDelayDropsWhatHasNotBegunWhenCloseGivesUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ran := 0
		d := executors.NewDelay(executors.DelayOptions{Do: func(ctx context.Context) {
			ran++
			<-ctx.Done()
			time.Sleep(time.Second)
		}})
		require.NoError(t, d.Trigger())
		time.Sleep(2 * time.Second)
		require.NoError(t, d.Trigger())
		ctx, cancel := context.WithTimeout(background(), time.Minute)
		defer cancel()
		require.Equal(t, &executors.UnsettledError{Running: 1, GivenUp: 1, Err: context.DeadlineExceeded}, d.Close(ctx))
		require.NoError(t, d.Close(background()))
		require.Equal(t, 1, ran)
	})
}

func TestPanicOfADelayedFunctionIsReported(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var got []any
		next := []func(){func() { panic("lost") }, runtime.Goexit, func() {}}
		d := executors.NewDelay(executors.DelayOptions{
			Do:      func(context.Context) { next[0]() },
			OnPanic: func(p *weir.Panic) { got = append(got, p.Value) }})
		for len(next) > 0 {
			require.NoError(t, d.Trigger())
			require.NoError(t, d.Flush(background()))
			next = next[1:]
		}
		require.Equal(t, []any{"lost"}, got)
		require.EqualValues(t, 2, d.Stats().Failed)
		require.EqualValues(t, 1, d.Stats().Handled)
	})
	text := logged(t, func() {
		d := executors.NewDelay(executors.DelayOptions{Do: func(context.Context) { panic("unheard") }})
		require.NoError(t, d.Trigger())
		require.NoError(t, d.Close(background()))
	})
	require.Contains(t, text, "executors: panic in a delayed function")
	require.Contains(t, text, "unheard")
}

// What a caller did before Trigger, the call that comes of it sees. The race detector
// checks that.
func TestEveryTriggerIsFollowedByACallThatSeesWhatCameBefore(t *testing.T) {
	var mu sync.Mutex
	state, seen := make([]int, 4), make([]int, 4)
	d := executors.NewDelay(executors.DelayOptions{Delay: time.Microsecond, Do: func(context.Context) {
		mu.Lock()
		defer mu.Unlock()
		copy(seen, state)
	}})
	var all sync.WaitGroup
	for i := range state {
		all.Go(func() {
			for n := range 1000 {
				mu.Lock()
				state[i] = n
				mu.Unlock()
				require.NoError(t, d.Trigger())
				if n%100 == 0 {
					require.NoError(t, d.Flush(background()))
					mu.Lock()
					require.Equal(t, n, seen[i])
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, d.Close(background()))
	require.Equal(t, state, seen)
}

// A context that is cancelled with a panic makes no panic of a call that never began.
func TestDelayThatIsGivenUpReportsNoPanicOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		calls, panics := 0, 0
		d := executors.NewDelay(executors.DelayOptions{
			Delay:   time.Second,
			Do:      func(context.Context) { calls++; <-release },
			OnPanic: func(*weir.Panic) { panics++ },
		})
		require.NoError(t, d.Trigger())
		time.Sleep(2 * time.Second)
		require.NoError(t, d.Trigger())
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(&weir.Panic{Value: "somebody else's"})
		require.Error(t, d.Close(ctx))
		close(release)
		require.NoError(t, d.Close(t.Context()))
		require.Equal(t, 1, calls)
		require.Zero(t, panics)
	})
}
