package threading_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/threading"
)

// endsAt is a context that is cancelled right after its n-th Err.
type endsAt struct {
	context.Context
	cancel func()
	n      int
}

func (e *endsAt) Err() error {
	err := e.Context.Err()
	if e.n--; e.n == 0 {
		e.cancel()
	}
	return err
}

func TestAPushThatGivesUpPassesItsWakeUpOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := threading.NewStableRunner(threading.StableOptions{Workers: 1, Buffer: 1}, func(i int) int { return i })
		bg := t.Context()
		require.NoError(t, s.Push(bg, 1))
		c, cancel := context.WithCancel(bg)
		first := &endsAt{c, cancel, 2} // the look of the loop, and that of signal.wait
		go func() { require.Error(t, s.Push(first, 2)) }()
		synctest.Wait()
		second := make(chan error, 1)
		go func() { second <- s.Push(bg, 3) }()
		synctest.Wait()
		_, err := s.Get(bg) // room for one; nobody has it
		require.NoError(t, err)
		synctest.Wait()
		select {
		case err := <-second:
			require.NoError(t, err)
		default:
			_ = s.Close(bg)
			<-second
			t.Fatal("Push sleeps though there is room")
		}
		_ = s.Close(bg)
	})
}

func TestDeadlockIsSeenAfterAWaitWasCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1, Queue: -1})
		bg := t.Context()
		var got error
		require.True(t, r.TrySchedule(func() { // A
			ctx, cancel := context.WithTimeout(bg, 2*time.Second)
			defer cancel()
			time.Sleep(time.Second)
			require.ErrorIs(t, r.Wait(ctx), context.DeadlineExceeded) // B has its place, and both run now
			time.Sleep(time.Hour)
		}))
		require.NoError(t, r.Schedule(bg, func() { // B
			time.Sleep(10 * time.Second)
			ctx, cancel := context.WithTimeout(bg, 100*time.Hour)
			defer cancel()
			got = r.Schedule(ctx, func() {})
		}))
		require.NoError(t, r.Wait(bg))
		require.Equal(t, threading.ErrDeadlock, got)
	})
}

func TestAPanicThatIsReturnedRestartsNobody(t *testing.T) {
	for _, err := range []error{&weir.Panic{Value: "of another"}, threading.ErrGoexit} {
		synctest.Test(t, func(t *testing.T) {
			runs := 0
			g := threading.NewWorkerGroup(threading.WorkerOptions{Workers: 1, Restart: threading.RestartOnPanic, Job: func(context.Context) error { runs++; return err }})
			require.NoError(t, g.Start(t.Context()))
			time.Sleep(time.Hour)
			synctest.Wait()
			_ = g.Close(t.Context())
			require.Equal(t, 1, runs)
		})
	}
}

func TestTheFailureBeforeAPauseIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := threading.NewWorkerGroup(threading.WorkerOptions{Workers: 1, Restart: threading.RestartAlways, Backoff: time.Minute, Job: func(context.Context) error { return errors.New("failed") }})
		require.NoError(t, g.Start(t.Context()))
		time.Sleep(time.Second)
		require.ErrorContains(t, g.Close(t.Context()), "failed")
	})
}

func TestAPanicWithTheErrorOfTheContextIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := threading.NewWorkerGroup(threading.WorkerOptions{Workers: 1, OnPanic: func(*weir.Panic) {}, Job: func(ctx context.Context) error {
			<-ctx.Done()
			panic(fmt.Errorf("rollback: %w", ctx.Err()))
		}})
		require.NoError(t, g.Start(t.Context()))
		synctest.Wait()
		require.Error(t, g.Close(t.Context()))
	})
}

func TestJobsThatCloseTheirGroupNeedNotWaitForOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var both sync.WaitGroup
		both.Add(2)
		var g *threading.WorkerGroup
		n := make(chan time.Duration, 2)
		n <- time.Second
		n <- 2 * time.Second
		g = threading.NewWorkerGroup(threading.WorkerOptions{Workers: 2, Job: func(context.Context) error {
			time.Sleep(<-n)
			require.NoError(t, g.Close(t.Context()))
			both.Done()
			both.Wait()
			return nil
		}})
		require.NoError(t, g.Start(t.Context()))
		time.Sleep(time.Minute)
		require.Zero(t, g.Stats().Live)
	})
}

func TestTasksThatCloseTheirRunnerNeedNotWaitForOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var both sync.WaitGroup
		both.Add(2)
		r := threading.NewTaskRunner(threading.TaskOptions{Workers: 2})
		for i := range 2 {
			r.TrySchedule(func() {
				time.Sleep(time.Duration(1+i) * time.Second)
				require.NoError(t, r.Close(t.Context()))
				both.Done()
				both.Wait()
			})
		}
		time.Sleep(time.Minute)
		require.Zero(t, r.Stats().Running)
	})
}

// nosy is a context that looks at what it is used with.
type nosy struct {
	context.Context
	look func()
}

func (n nosy) Err() error { n.look(); return n.Context.Err() }

func TestAContextMayLookAtWhatWaitsForIt(t *testing.T) {
	for name, call := range map[string]func(context.Context){
		"TaskRunner.Wait": func(ctx context.Context) {
			r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1})
			require.True(t, r.TrySchedule(func() { time.Sleep(time.Second) }))
			_ = r.Wait(nosy{ctx, func() { r.Stats() }})
		},
		"TaskRunner.Schedule": func(ctx context.Context) {
			r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1, Queue: -1})
			require.True(t, r.TrySchedule(func() { time.Sleep(time.Second) }))
			_ = r.Schedule(nosy{ctx, func() { r.Stats() }}, func() {})
		},
		"WorkerGroup.Wait": func(ctx context.Context) {
			g := threading.NewWorkerGroup(threading.WorkerOptions{
				Workers: 1, Job: func(context.Context) error { time.Sleep(time.Second); return nil },
			})
			require.NoError(t, g.Start(context.WithoutCancel(ctx)))
			_ = g.Wait(nosy{ctx, func() { g.Stats() }})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				defer cancel()
				call(ctx)
				time.Sleep(time.Minute) // until all that it started has ended
			})
		})
	}
}
