package syncx_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/syncx"
)

func same(a, b int) bool { return a == b }

func managed(s *source) *syncx.ManagedResource[int] {
	return syncx.NewManagedResource(syncx.ManagedOptions[int]{Generate: s.load, Equal: same})
}

func take(t *testing.T, r *syncx.ManagedResource[int]) int {
	t.Helper()
	v, err := r.Take(t.Context())
	require.NoError(t, err)
	return v
}

func TestResourceIsTheSameUntilItIsBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{delay: time.Second}
		r := managed(s)
		r.MarkBroken(0)
		for want := 1; want <= 3; want++ {
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() { require.Equal(t, want, take(t, r)) })
			}
			wg.Wait()
			r.MarkBroken(want)
			r.MarkBroken(want)
		}
		require.EqualValues(t, 3, s.calls.Load())
	})
}

func TestOldNewsOfABrokenResourceDoNothing(t *testing.T) {
	s := &source{}
	r := managed(s)
	require.Equal(t, 1, take(t, r))
	r.MarkBroken(1)
	require.Equal(t, 2, take(t, r))
	r.MarkBroken(1)
	require.Equal(t, 2, take(t, r))
}

func TestResourceReplacedWhileTheOldOneIsComparedIsKept(t *testing.T) {
	var r *syncx.ManagedResource[int]
	comparing := false
	r = syncx.NewManagedResource(syncx.ManagedOptions[int]{
		Generate: numbered(),
		Equal: func(a, b int) bool {
			if !comparing {
				comparing = true
				r.MarkBroken(a)
				require.Equal(t, 2, take(t, r))
			}
			return a == b
		},
	})
	require.Equal(t, 1, take(t, r))
	r.MarkBroken(1)
	require.Equal(t, 2, take(t, r))
}

func TestErrorOfGenerateIsNotRemembered(t *testing.T) {
	s := &source{err: errDial}
	r := managed(s)
	for range 3 {
		_, err := r.Take(t.Context())
		require.Equal(t, errDial, err)
	}
	s.err = nil
	require.Equal(t, 4, take(t, r))
}

func TestTakerLeavesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := managed(&source{delay: time.Minute})
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errImpatient)
		defer cancel()
		start := time.Now()
		_, err := r.Take(ctx)
		require.ErrorIs(t, err, errImpatient)
		require.Equal(t, time.Second, time.Since(start))
		time.Sleep(time.Minute)
		require.Equal(t, 1, take(t, r), "what comes later is kept")
		_, err = r.Take(ctx)
		require.ErrorIs(t, err, errImpatient, "a done context gets nothing")
	})
}

// All leave a Generate that goes on, and the next one runs beside it.
func TestResourceGeneratedInVainIsDestroyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{delay: time.Minute}
		var destroyed []int
		r := syncx.NewManagedResource(syncx.ManagedOptions[int]{
			Generate: s.load, Equal: same, Destroy: func(n int) { destroyed = append(destroyed, n) },
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.Take(ctx)
		require.Equal(t, context.DeadlineExceeded, err)
		require.Equal(t, 1, take(t, r), "the one that was there first, a second before")
		require.Equal(t, []int{2}, destroyed)
		require.Equal(t, 1, take(t, r))
	})
}

func TestGenerateThatDoesNotReturnReachesAll(t *testing.T) {
	for name, e := range noReturns {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broken := true
				r := syncx.NewManagedResource(syncx.ManagedOptions[int]{
					Equal: same,
					Generate: func(context.Context) (int, error) {
						time.Sleep(time.Second)
						if broken {
							e.end()
						}
						return 7, nil
					},
				})
				for _, out := range endings(3, func() { _, _ = r.Take(t.Context()) }) {
					require.False(t, out.returned)
					if e.recovered == nil {
						require.Nil(t, out.panicked)
						continue
					}
					require.IsType(t, e.recovered, out.panicked.(*weir.Panic).Value)
				}
				broken = false
				require.Equal(t, 7, take(t, r))
			})
		})
	}
}

func TestImpossibleManagedOptionsAreRefused(t *testing.T) {
	for want, o := range map[string]syncx.ManagedOptions[int]{
		"syncx: ManagedOptions.Generate must be set": {Equal: same},
		"syncx: ManagedOptions.Equal must be set":    {Generate: untilDone},
	} {
		require.EqualError(t, o.Validate(), want)
		require.PanicsWithValue(t, want, func() { syncx.NewManagedResource(o) })
	}
}

// A Generate has stored its resource before it has ended: who joins it then must
// not be given what was found to be broken in between.
func TestNobodyIsGivenWhatHeHasFoundBroken(t *testing.T) {
	for range 5 * stress {
		r := managed(&source{})
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				v := take(t, r)
				r.MarkBroken(v)
				require.Greater(t, take(t, r), v)
			})
		}
		wg.Wait()
	}
}
