package mr_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/mr"
)

func TestFinishCallsAllAtTheSameTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var called atomic.Int64
		fn := func(context.Context) error {
			time.Sleep(time.Second)
			called.Add(1)
			return nil
		}
		start := time.Now()
		require.NoError(t, mr.Finish(t.Context(), fn, fn, fn, fn))
		require.Equal(t, time.Second, time.Since(start))
		require.EqualValues(t, 4, called.Load())
	})
}

func TestFinishOfNothing(t *testing.T) {
	require.NoError(t, mr.Finish(t.Context()))
	mr.FinishVoid()
}

func TestFirstErrorOfFinishEndsTheOthers(t *testing.T) {
	fail := func(context.Context) error {
		time.Sleep(time.Second)
		return errTest
	}
	wait := func(ctx context.Context) error {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	deaf := func(context.Context) error {
		time.Sleep(time.Minute)
		return nil
	}
	bubble(t, func(t *testing.T) {
		start := time.Now()
		require.Equal(t, errTest, mr.Finish(t.Context(), fail, wait, wait))
		require.Equal(t, errTest, mr.Finish(t.Context(), wait, wait, fail))
		require.Equal(t, 2*time.Second, time.Since(start))
		require.Equal(t, errTest, mr.Finish(t.Context(), deaf, fail, wait))
		require.Equal(t, 62*time.Second, time.Since(start))
	})
}

func TestFinishTellsThatTheContextIsDone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, itemError(9))
		defer cancel()
		fn := func(ctx context.Context) error {
			<-ctx.Done()
			return errTest
		}
		err := mr.Finish(ctx, fn, fn)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, itemError(9))

		err = mr.Finish(ctx, func(context.Context) error { panic("called") })
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestFinishThatIsDoneIsDoneThoughTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, mr.Finish(ctx, func(context.Context) error {
		cancel()
		return nil
	}))
}

func TestPanicAndGoexitOfFinishReachTheCaller(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for at := range 3 {
			var ended atomic.Int64
			call := func(fail func()) func() error {
				fns := make([]func(context.Context) error, 3)
				for i := range fns {
					fns[i] = func(ctx context.Context) error {
						defer ended.Add(1)
						if i == at {
							fail()
						}
						<-ctx.Done()
						return nil
					}
				}
				return func() error { return mr.Finish(t.Context(), fns...) }
			}
			endOf(call(panicHere)).requirePanic(t, errTest, "mr_test.panicHere")
			require.Equal(t, ending{exited: true}, endOf(call(runtime.Goexit)))
			require.EqualValues(t, 6, ended.Load())
		}
	})
}

func TestFinishVoidCallsAllAndRaisesPanics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for at := range 4 {
			var called atomic.Int64
			call := func(fail func()) func() error {
				fns := make([]func(), 3)
				for i := range fns {
					fns[i] = func() {
						if i == at {
							fail()
						}
						time.Sleep(time.Second)
						called.Add(1)
					}
				}
				return func() error {
					mr.FinishVoid(fns...)
					return nil
				}
			}
			panicked, exited := endOf(call(panicHere)), endOf(call(runtime.Goexit))
			if at == 3 { // of none
				require.Equal(t, ending{}, panicked)
				require.EqualValues(t, 6, called.Load())
				continue
			}
			panicked.requirePanic(t, errTest, "mr_test.panicHere")
			require.Equal(t, ending{exited: true}, exited)
			require.EqualValues(t, 4, called.Load())
		}
	})
}
