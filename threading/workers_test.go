package threading_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/threading"
)

type workerOptions = threading.WorkerOptions

// untilTold is a job that lasts as long as its context.
func untilTold(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestGroupRunsItsJobOnEachWorkerUntilItIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.WithValue(t.Context(), ctxKey{}, "value")
		g := threading.NewWorkerGroup(workerOptions{Workers: 3, Job: func(ctx context.Context) error {
			require.Equal(t, "value", ctx.Value(ctxKey{}))
			<-ctx.Done()
			require.Equal(t, threading.ErrClosed, context.Cause(ctx))
			time.Sleep(time.Second)
			return ctx.Err()
		}})
		require.NoError(t, g.Start(ctx))
		synctest.Wait()
		require.Equal(t, threading.WorkerStats{Workers: 3, Live: 3, Started: 3}, g.Stats())
		require.Equal(t, threading.ErrStarted, g.Start(ctx))
		begin := time.Now()
		require.NoError(t, g.Close(ctx))
		require.Equal(t, time.Second, time.Since(begin))
		require.NoError(t, g.Close(ctx))
		require.NoError(t, g.Wait(ctx))
		require.Equal(t, threading.ErrClosed, g.Start(ctx))
		require.Zero(t, g.Stats().Live)
	})
}

func TestGroupEndsWithTheContextOfStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		g := threading.NewWorkerGroup(workerOptions{Workers: 2, Restart: threading.RestartAlways, Job: func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}})
		require.NoError(t, g.Start(ctx))
		time.AfterFunc(time.Minute, func() { cancel(errImpatient) })
		begin := time.Now()
		require.NoError(t, g.Wait(t.Context()), "to say why it was told to end is no failure")
		require.Equal(t, time.Minute, time.Since(begin))
		require.EqualValues(t, 2, g.Stats().Started)
	})
}

func TestWithoutRestartAWorkerEndsWithItsJobAndWaitTellsHow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c collector
		var n atomic.Int32
		g := threading.NewWorkerGroup(workerOptions{Workers: 4, OnPanic: c.hook, Job: func(context.Context) error {
			switch n.Add(1) {
			case 1:
				return io.EOF
			case 2:
				panicsDeepDown()
			case 3:
				runtime.Goexit()
			}
			return nil
		}})
		require.NoError(t, g.Start(t.Context()))
		err := g.Wait(t.Context())
		require.ErrorIs(t, err, io.EOF)
		require.ErrorIs(t, err, threading.ErrGoexit)
		var p *weir.Panic
		require.ErrorAs(t, err, &p)
		require.Contains(t, string(p.Stack), "panicsDeepDown")
		require.Equal(t, []any{"lost"}, c.values(), "at once, as it may be long until somebody waits")
		require.Equal(t, threading.WorkerStats{Workers: 4, Started: 4, Panicked: 1}, g.Stats())
		require.Equal(t, err, g.Close(t.Context()))
	})
}

// runs records when the runs of one worker begin, which take a second each.
func runs(t *testing.T, o workerOptions, end func(run int) error, count int) (at []time.Duration) {
	t.Helper()
	begin := time.Now()
	o.Workers = 1
	o.OnPanic = func(*weir.Panic) {}
	o.Job = func(ctx context.Context) error {
		if len(at) == count {
			<-ctx.Done()
			return nil
		}
		at = append(at, time.Since(begin))
		time.Sleep(time.Second)
		return end(len(at))
	}
	g := threading.NewWorkerGroup(o)
	require.NoError(t, g.Start(t.Context()))
	time.Sleep(time.Hour)
	require.NoError(t, g.Close(t.Context()))
	return at
}

func TestRestartsWaitTwiceAsLongEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ms = time.Millisecond
		fail := func(int) error { panic("again") }
		require.Equal(t, []time.Duration{0, 1100 * ms, 2300 * ms, 3700 * ms, 5500 * ms},
			runs(t, workerOptions{Restart: threading.RestartOnPanic}, fail, 5), "by default")
		require.Equal(t, []time.Duration{0, 3 * time.Second, 8 * time.Second, 14 * time.Second},
			runs(t, workerOptions{Restart: threading.RestartAlways, Backoff: 2 * time.Second, MaxBackoff: 5 * time.Second}, fail, 4), "2, 4, 5")
		require.Equal(t, []time.Duration{0, 1 * time.Second, 2 * time.Second},
			runs(t, workerOptions{Restart: threading.RestartOnPanic, Backoff: -1}, fail, 3), "not at all")
		require.Equal(t, []time.Duration{0, 3 * time.Second, 6 * time.Second},
			runs(t, workerOptions{Restart: threading.RestartOnPanic, Backoff: 2 * time.Second, MaxBackoff: -1}, fail, 3), "without growing")
		require.Equal(t, []time.Duration{0, 1300 * ms, 2600 * ms},
			runs(t, workerOptions{Restart: threading.RestartOnPanic, Backoff: 300 * ms, MaxBackoff: time.Second}, fail, 3), "they ran for long enough")
	})
}

func TestRestartDependsOnHowTheJobEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := map[string]func(int) error{
			"nil":    func(int) error { return nil },
			"panic":  func(int) error { panic("x") },
			"Goexit": func(int) error { runtime.Goexit(); return nil },
		}
		for name, end := range ends {
			require.Len(t, runs(t, workerOptions{}, func(int) error { return nil }, 3), 1)
			always := runs(t, workerOptions{Restart: threading.RestartAlways}, end, 3)
			require.Len(t, always, 3, name)
			onPanic := runs(t, workerOptions{Restart: threading.RestartOnPanic}, func(run int) error {
				if run == 3 {
					return nil
				}
				return end(run)
			}, 5)
			if name == "nil" {
				require.Len(t, onPanic, 1)
			} else {
				require.Len(t, onPanic, 3, name)
			}
		}
	})
}

func TestOnEndIsToldOfEveryEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []error
		n := 0
		g := threading.NewWorkerGroup(workerOptions{
			Workers: 1, Restart: threading.RestartAlways,
			OnPanic: func(*weir.Panic) {},
			OnEnd:   func(err error) { told = append(told, err) },
			Job: func(ctx context.Context) error {
				switch n++; n {
				case 1:
					return io.EOF
				case 2:
					panic(io.ErrUnexpectedEOF)
				case 3:
					runtime.Goexit()
				case 4:
					return nil
				}
				return untilTold(ctx)
			},
		})
		require.NoError(t, g.Start(t.Context()))
		time.Sleep(time.Hour)
		require.NoError(t, g.Close(t.Context()))
		require.Len(t, told, 5)
		require.Equal(t, io.EOF, told[0])
		require.ErrorIs(t, told[1], io.ErrUnexpectedEOF)
		require.Equal(t, []error{threading.ErrGoexit, nil, context.Canceled}, told[2:])
	})
}

func TestHooksThatPanicOrExitLoseNoWorker(t *testing.T) {
	for name, misbehave := range map[string]func(){"panic": func() { panic("hook") }, "Goexit": runtime.Goexit} {
		for _, restart := range []threading.Restart{threading.RestartNever, threading.RestartOnPanic, threading.RestartAlways} {
			synctest.Test(t, func(t *testing.T) {
				_ = logged(t, func() {
					var n atomic.Int32
					g := threading.NewWorkerGroup(workerOptions{
						Workers: 2, Restart: restart,
						OnEnd:   func(error) { misbehave() },
						OnPanic: func(*weir.Panic) { misbehave() },
						Job: func(ctx context.Context) error {
							switch n.Add(1) {
							case 1:
								panic("job")
							case 2:
								runtime.Goexit()
							}
							return untilTold(ctx)
						},
					})
					require.NoError(t, g.Start(t.Context()))
					time.Sleep(time.Hour)
					live := 2
					if restart == threading.RestartNever {
						live = 0
					}
					require.Equal(t, live, g.Stats().Live, "%s %d", name, restart)
					_ = g.Close(t.Context())
					require.Zero(t, g.Stats().Live)
				})
			})
		}
	}
}

func TestCloseEndsAPauseBeforeARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := threading.NewWorkerGroup(workerOptions{Restart: threading.RestartAlways, Backoff: time.Hour,
			Job: func(context.Context) error { return io.EOF }})
		require.NoError(t, g.Start(t.Context()))
		time.Sleep(time.Minute)
		begin := time.Now()
		require.ErrorIs(t, g.Close(t.Context()), io.EOF, "the last job of each has failed")
		require.Zero(t, time.Since(begin))
	})
}

func TestGroupThatIsNotStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := threading.NewWorkerGroup(workerOptions{Job: untilTold})
		require.Equal(t, context.Canceled, g.Start(doneContext()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, g.Wait(ctx))
		require.Equal(t, context.DeadlineExceeded, g.Wait(ctx), "done already")
		go func() {
			time.Sleep(time.Second)
			require.NoError(t, g.Close(t.Context()))
		}()
		require.NoError(t, g.Wait(t.Context()), "Close ends it")
		require.Equal(t, threading.ErrClosed, g.Start(t.Context()))
		synctest.Wait()
	})
}

func TestCloseReportsThatJobsDoNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := threading.NewWorkerGroup(workerOptions{Workers: 2, Job: func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(time.Minute)
			return io.EOF
		}})
		require.NoError(t, g.Start(t.Context()))
		synctest.Wait() // what has not begun would not begin
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errImpatient)
		defer cancel()
		require.ErrorIs(t, g.Close(ctx), errImpatient)
		require.Equal(t, 2, g.Stats().Live)
		require.ErrorIs(t, g.Close(t.Context()), io.EOF)
	})
}

func TestJobsMayWaitForAndCloseTheirGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g *threading.WorkerGroup
		var n atomic.Int32
		begin := time.Now()
		g = threading.NewWorkerGroup(workerOptions{Workers: 4, Job: func(ctx context.Context) error {
			switch n.Add(1) {
			case 1:
				time.Sleep(time.Second)
				return g.Close(t.Context())
			case 2:
				require.NoError(t, g.Wait(t.Context()))
				return nil
			}
			<-ctx.Done()
			time.Sleep(time.Second)
			return nil
		}})
		require.NoError(t, g.Start(t.Context()))
		require.NoError(t, g.Wait(t.Context()))
		require.Equal(t, 2*time.Second, time.Since(begin))
	})
}

func TestOptionsOfAWorkerGroupAreChecked(t *testing.T) {
	for _, o := range []workerOptions{{}, {Job: untilTold, Workers: -1}, {Job: untilTold, Workers: 1<<20 + 1}, {Job: untilTold, Restart: 3}} {
		err := o.Validate()
		require.ErrorContains(t, err, "threading: WorkerOptions.")
		require.PanicsWithValue(t, err.Error(), func() { threading.NewWorkerGroup(o) })
	}
}

func TestMetricsOfAWorkerGroupAreItsStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := threading.NewWorkerGroup(workerOptions{Name: "pollers", Workers: 2, OnPanic: func(*weir.Panic) {},
			Job: func(context.Context) error { panic(errors.ErrUnsupported) }})
		require.NoError(t, g.Start(t.Context()))
		require.ErrorIs(t, g.Wait(t.Context()), errors.ErrUnsupported)
		got := map[string]float64{}
		for m := range g.Metrics {
			require.Equal(t, "pollers", m.Labels[0].Value)
			require.Equal(t, strings.HasSuffix(m.Name, "_total"), m.Kind.String() == "counter")
			got[m.Name] = m.Value
		}
		require.Equal(t, map[string]float64{
			"weir_worker_group_workers": 2, "weir_worker_group_live": 0, "weir_worker_group_started_total": 2, "weir_worker_group_panics_total": 2,
		}, got)
		for range g.Metrics { // a poll that stops early
			break
		}
	})
}
