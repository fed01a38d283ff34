package syncx_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

// untilDone is a load that ends with its context.
func untilDone(ctx context.Context) (int, error) {
	<-ctx.Done()
	return 0, context.Cause(ctx)
}

var errImpatient = errors.New("the user has gone away")

func TestCallerLeavesAtOnceAndTheLoadGoesOnForTheOthers(t *testing.T) {
	for _, leaver := range []int{0, 1, 2} { // the first caller may leave as well as any other
		synctest.Test(t, func(t *testing.T) {
			var s syncx.SingleFlight[string, int]
			start := time.Now()
			var wg sync.WaitGroup
			for i := range 3 {
				ctx := t.Context()
				if i == leaver {
					limited, cancel := context.WithTimeoutCause(ctx, time.Second, errImpatient)
					defer cancel()
					ctx = limited
				}
				wg.Go(func() {
					v, fresh, err := s.DoEx(ctx, "key", func(ctx context.Context) (int, error) {
						time.Sleep(time.Minute)
						return 1, ctx.Err()
					})
					if i == leaver {
						require.ErrorIs(t, err, context.DeadlineExceeded)
						require.ErrorIs(t, err, errImpatient)
						require.Zero(t, v)
						require.False(t, fresh)
						require.Equal(t, time.Second, time.Since(start))
						return
					}
					require.NoError(t, err)
					require.Equal(t, 1, v)
					require.Equal(t, i == 0, fresh)
					require.Equal(t, time.Minute, time.Since(start))
				})
				synctest.Wait()
			}
			wg.Wait()
		})
	}
}

func TestJoinerOfAnInlineLoadLeavesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s syncx.SingleFlight[string, int]
		var wg sync.WaitGroup
		wg.Go(func() {
			v, fresh, err := s.DoEx(context.Background(), "key", after(time.Minute, 1, nil))
			require.NoError(t, err)
			require.True(t, fresh)
			require.Equal(t, 1, v)
		})
		synctest.Wait()
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			start := time.Now()
			_, err := s.Do(ctx, "key", untilDone)
			require.True(t, err == context.DeadlineExceeded, "unwrapped")
			require.Equal(t, time.Second, time.Since(start))
			cancel()
		}
		wg.Wait()
		require.True(t, s.Idle())
	})
}

func TestLoadEndsWithTheLastCallerAndTheNextOneStartsANewLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s syncx.SingleFlight[string, int]
		start := time.Now()
		var endedAfter time.Duration
		var endedBy error
		dying := func(ctx context.Context) (int, error) {
			<-ctx.Done()
			endedAfter, endedBy = time.Since(start), context.Cause(ctx)
			require.Equal(t, context.Canceled, ctx.Err())
			time.Sleep(time.Hour) // it does not hurry
			return 1, nil
		}
		var wg sync.WaitGroup
		for i := range 3 {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Duration(i+1)*time.Second, func() { cancel(errImpatient) })
			wg.Go(func() {
				_, err := s.Do(ctx, "key", dying)
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, errImpatient)
			})
			synctest.Wait()
		}
		wg.Wait()
		synctest.Wait()
		require.Equal(t, 3*time.Second, endedAfter, "as the last caller left")
		require.ErrorIs(t, endedBy, errImpatient)

		v, fresh, err := s.DoEx(t.Context(), "key", after(2*time.Hour, 2, nil))
		require.NoError(t, err)
		require.True(t, fresh)
		require.Equal(t, 2, v, "not that of the dying load, which ended first")
		require.True(t, s.Idle())
	})
}

func TestDyingLoadLeavesItsSuccessorAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s syncx.SingleFlight[string, int]
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.Do(ctx, "key", after(time.Minute, 1, nil))
		require.Equal(t, context.DeadlineExceeded, err)
		var wg sync.WaitGroup
		ask := func() {
			wg.Go(func() {
				v, err := s.Do(t.Context(), "key", after(time.Hour, 2, nil))
				require.NoError(t, err)
				require.Equal(t, 2, v)
			})
		}
		ask()
		time.Sleep(2 * time.Minute) // the dying load has ended
		ask()
		wg.Wait()
		require.Equal(t, time.Second+time.Hour, time.Since(startOfBubble()), "the later caller joined")
	})
}

// startOfBubble is when the clock of every bubble starts.
func startOfBubble() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

func TestLoadsContextEndsAfterTheLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s syncx.SingleFlight[string, context.Context]
		inner, err := s.Do(t.Context(), "key", func(ctx context.Context) (context.Context, error) { return ctx, nil })
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, context.Canceled, inner.Err(), "nothing that hangs on it is leaked")
	})
}

func TestDoneContextCallsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s syncx.SingleFlight[string, int]
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errImpatient)
		var wg sync.WaitGroup
		for range 2 { // with nobody there, then with a load to join
			v, fresh, err := s.DoEx(ctx, "key", func(context.Context) (int, error) { panic("called") })
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, errImpatient)
			require.Zero(t, v)
			require.False(t, fresh)
			wg.Go(func() { _, _ = s.Do(t.Context(), "key", after(time.Second, 1, nil)) })
			synctest.Wait()
		}
		wg.Wait()
	})
}

// A load that comes to its end at the very instant its caller's time is up may
// be delivered or not, but it must not be half delivered.
func TestLeavingAsTheLoadEndsGivesOneOrTheOther(t *testing.T) {
	for range 200 * stress {
		synctest.Test(t, func(t *testing.T) {
			var s syncx.SingleFlight[string, int]
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					v, fresh, err := s.DoEx(ctx, "key", after(time.Second, 1, nil))
					if err != nil {
						require.Equal(t, context.DeadlineExceeded, err)
						require.Zero(t, v)
						require.False(t, fresh)
						return
					}
					require.Equal(t, 1, v)
				})
			}
			wg.Wait()
			synctest.Wait()
			require.True(t, s.Idle())
		})
	}
}
