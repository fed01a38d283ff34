package syncx_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/syncx"
)

// A source is a Load that counts its calls, takes its time, and fails on demand.
type source struct {
	calls atomic.Int64
	delay time.Duration // of the first call
	then  time.Duration // of all others, if it is not 0
	err   error
}

func (s *source) load(context.Context) (int, error) {
	n := s.calls.Add(1)
	if n > 1 && s.then > 0 {
		time.Sleep(s.then)
	} else {
		time.Sleep(s.delay)
	}
	return int(n), s.err
}

func immutable(s *source, o syncx.ImmutableOptions[int]) *syncx.ImmutableResource[int] {
	o.Load = s.load
	return syncx.NewImmutableResource(o)
}

func TestImmutableResourceIsLoadedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{delay: time.Second}
		r := immutable(s, syncx.ImmutableOptions[int]{})
		for range 2 {
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					v, err := r.Get(t.Context())
					require.NoError(t, err)
					require.Equal(t, 1, v)
				})
			}
			wg.Wait()
			time.Sleep(1000 * time.Hour)
		}
		require.EqualValues(t, 1, s.calls.Load())
	})
}

func TestNilIsAValue(t *testing.T) {
	calls := 0
	r := syncx.NewImmutableResource(syncx.ImmutableOptions[*int]{
		Load: func(context.Context) (*int, error) { calls++; return nil, nil },
	})
	for range 3 {
		v, err := r.Get(t.Context())
		require.NoError(t, err)
		require.Nil(t, v)
	}
	require.Equal(t, 1, calls)
}

func TestErrorOfLoadIsRememberedForAWhile(t *testing.T) {
	for interval, want := range map[time.Duration][]int64{
		0:               {1, 1, 1, 1, 2, 2}, // 250 ms apart
		2 * time.Second: {1, 1, 1, 1, 1, 1},
		-1:              {1, 2, 3, 4, 5, 6},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &source{err: errDial}
			r := immutable(s, syncx.ImmutableOptions[int]{RetryInterval: interval})
			var calls []int64
			for range want {
				_, err := r.Get(t.Context())
				require.Equal(t, errDial, err)
				calls = append(calls, s.calls.Load())
				time.Sleep(250 * time.Millisecond)
			}
			require.Equal(t, want, calls, interval)
			s.err = nil
			time.Sleep(time.Minute)
			v, err := r.Get(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, s.calls.Load(), v)
		})
	}
}

func TestValueIsLoadedAgainAfterItsTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{delay: time.Second}
		r := immutable(s, syncx.ImmutableOptions[int]{TTL: time.Minute})
		for want := 1; want <= 3; want++ {
			for range 2 {
				v, err := r.Get(t.Context())
				require.NoError(t, err)
				require.Equal(t, want, v)
				time.Sleep(time.Minute - time.Nanosecond)
			}
		}
	})
}

func TestInvalidatedValueIsLoadedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{delay: time.Second}
		r := immutable(s, syncx.ImmutableOptions[int]{})
		r.Invalidate()
		var wg sync.WaitGroup
		ask := func(want int) {
			wg.Go(func() {
				v, err := r.Get(t.Context())
				require.NoError(t, err)
				require.Equal(t, want, v)
			})
			synctest.Wait()
		}
		ask(1)
		r.Invalidate() // in the middle of the load: it is not kept
		time.Sleep(time.Second / 2)
		ask(2)
		time.Sleep(time.Second) // the first one has ended, the second one will
		ask(2)
		wg.Wait()
		ask(2)
		wg.Wait()
		r.Invalidate()
		ask(3)
		wg.Wait()
	})
}

func TestLoadThatWasInvalidatedIsNotKeptThoughNobodyAskedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := immutable(&source{delay: time.Second}, syncx.ImmutableOptions[int]{})
		for want := 1; want <= 3; want++ {
			time.AfterFunc(time.Second/2, r.Invalidate)
			v, err := r.Get(t.Context())
			require.NoError(t, err)
			require.Equal(t, want, v)
		}
	})
}

func TestCallerOfALoadLeavesAtOnceAndIsNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		r := syncx.NewImmutableResource(syncx.ImmutableOptions[int]{
			RetryInterval: time.Hour,
			Load: func(ctx context.Context) (int, error) {
				calls++
				select {
				case <-ctx.Done():
					return 0, ctx.Err()
				case <-time.After(time.Minute):
					return calls, nil
				}
			},
		})
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errImpatient)
		defer cancel()
		start := time.Now()
		_, err := r.Get(ctx)
		require.ErrorIs(t, err, errImpatient)
		require.Equal(t, time.Second, time.Since(start))
		synctest.Wait() // the load has ended
		v, err := r.Get(t.Context())
		require.NoError(t, err, "that nobody waited is no failure to remember")
		require.Equal(t, 2, v)
		_, err = r.Get(ctx)
		require.ErrorIs(t, err, errImpatient, "a done context gets nothing")
	})
}

// All leave a load that does not heed its context; the next one is faster.
func TestOldLoadDoesNotReplaceTheValueOfANewerOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{delay: time.Minute, then: time.Second}
		r := immutable(s, syncx.ImmutableOptions[int]{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.Get(ctx)
		require.Equal(t, context.DeadlineExceeded, err)
		for range 2 {
			v, err := r.Get(t.Context())
			require.NoError(t, err)
			require.Equal(t, 2, v)
			time.Sleep(time.Hour)
		}
	})
}

func TestLoadThatNobodyWaitedForIsKeptIfItBroughtAValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{delay: time.Minute}
		r := immutable(s, syncx.ImmutableOptions[int]{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.Get(ctx)
		require.Equal(t, context.DeadlineExceeded, err)
		time.Sleep(time.Hour)
		start := time.Now()
		v, err := r.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, v)
		require.Zero(t, time.Since(start))
	})
}

func TestLoadThatDoesNotReturnReachesAllAndIsNotRemembered(t *testing.T) {
	for name, e := range noReturns {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broken := true
				r := syncx.NewImmutableResource(syncx.ImmutableOptions[int]{
					Load: func(context.Context) (int, error) {
						time.Sleep(time.Second)
						if broken {
							e.end()
						}
						return 7, nil
					},
				})
				for _, out := range endings(3, func() { _, _ = r.Get(t.Context()) }) {
					require.False(t, out.returned)
					if e.recovered == nil {
						require.Nil(t, out.panicked)
						continue
					}
					require.IsType(t, e.recovered, out.panicked.(*weir.Panic).Value)
				}
				broken = false
				v, err := r.Get(t.Context())
				require.NoError(t, err)
				require.Equal(t, 7, v)
			})
		})
	}
}

func TestPanicOfALoadThatNobodyWaitsForIsReported(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	late := func(context.Context) (int, error) { time.Sleep(time.Minute); panic("late") }
	reports := make(chan *weir.Panic, 3)
	hook := func(p *weir.Panic) { reports <- p }
	synctest.Test(t, func(t *testing.T) {
		for _, get := range []func(context.Context) (int, error){
			syncx.NewImmutableResource(syncx.ImmutableOptions[int]{Load: late}).Get,
			syncx.NewImmutableResource(syncx.ImmutableOptions[int]{Load: late, OnPanic: hook}).Get,
			syncx.NewManagedResource(syncx.ManagedOptions[int]{Generate: late, Equal: same, OnPanic: hook}).Take,
			func(ctx context.Context) (int, error) {
				m := &syncx.ResourceManager[int, *client]{OnPanic: hook}
				_, err := m.Get(ctx, 1, func(ctx context.Context) (*client, error) {
					_, err := late(ctx)
					return nil, err
				})
				return 0, err
			},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := get(ctx)
			require.Equal(t, context.DeadlineExceeded, err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
	})
	require.Equal(t, 1, bytes.Count(out.Bytes(), []byte("panic=late")))
	require.Len(t, reports, 3)
}

func TestLoadThatAsksForItselfIsAnError(t *testing.T) {
	var r *syncx.ImmutableResource[int]
	r = syncx.NewImmutableResource(syncx.ImmutableOptions[int]{
		Load: func(ctx context.Context) (int, error) { return r.Get(ctx) },
	})
	_, err := r.Get(t.Context())
	require.Equal(t, syncx.ErrRecursive, err)
}

func TestImmutableResourceNeedsALoad(t *testing.T) {
	const want = "syncx: ImmutableOptions.Load must be set"
	require.EqualError(t, syncx.ImmutableOptions[int]{}.Validate(), want)
	require.PanicsWithValue(t, want, func() { syncx.NewImmutableResource(syncx.ImmutableOptions[int]{}) })
}
