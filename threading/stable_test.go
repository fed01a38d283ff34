package threading_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/threading"
)

// random makes an input take any time up to a second.
func random[T any](v T) T {
	time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond)
	return v
}

func TestOutputsComeInTheOrderOfTheInputs(t *testing.T) {
	for _, o := range []threading.StableOptions{{}, {Workers: 1}, {Workers: 8, Buffer: 1}, {Workers: 3, Buffer: 100}} {
		synctest.Test(t, func(t *testing.T) {
			s := threading.NewStableRunner(o, random[int])
			var pushing sync.WaitGroup
			pushing.Go(func() {
				for i := range 500 {
					require.NoError(t, s.Push(t.Context(), i))
				}
				require.NoError(t, s.Close(t.Context()))
			})
			next := 0
			for v, err := range s.All(t.Context()) {
				require.NoError(t, err)
				require.Equal(t, next, v)
				next++
			}
			pushing.Wait()
			require.Equal(t, 500, next)
		})
	}
}

func TestStableRunnerWorksOnSeveralInputsAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := threading.NewStableRunner(threading.StableOptions{Workers: 3, Buffer: 9}, func(i int) int {
			time.Sleep(time.Second)
			return i
		})
		begin := time.Now()
		for i := range 9 {
			require.NoError(t, s.Push(t.Context(), i))
		}
		require.Zero(t, time.Since(begin))
		require.NoError(t, s.Close(t.Context()), "nobody needs to get anything for that")
		require.Equal(t, 3*time.Second, time.Since(begin))
		for i := range 9 {
			v, err := s.Get(t.Context())
			require.NoError(t, err)
			require.Equal(t, i, v)
		}
		_, err := s.Get(t.Context())
		require.Equal(t, threading.ErrClosed, err)
		require.Equal(t, threading.ErrClosed, s.Push(t.Context(), 9))
		require.NoError(t, s.Close(t.Context()))
	})
}

func TestPushWaitsWhileAllOfTheBufferIsOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := threading.NewStableRunner(threading.StableOptions{Workers: 2, Buffer: 3}, strconv.Itoa)
		for i := range 3 {
			require.NoError(t, s.Push(t.Context(), i))
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errImpatient)
		defer cancel()
		err := s.Push(ctx, 7)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errImpatient)
		pushed := false
		go func() {
			require.NoError(t, s.Push(t.Context(), 3))
			pushed = true
		}()
		synctest.Wait()
		require.False(t, pushed)
		for i := range 4 {
			v, err := s.Get(t.Context())
			require.NoError(t, err)
			require.Equal(t, strconv.Itoa(i), v, "the input of the caller who gave up is not among them")
			synctest.Wait()
			require.True(t, pushed)
		}
	})
}

func TestWhatBecomesOfOneInputIsInItsPlaceOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := threading.NewStableRunner(threading.StableOptions{Workers: 4, Buffer: 10}, func(i int) int {
			switch i {
			case 3:
				panicsDeepDown()
			case 5:
				runtime.Goexit()
			case 7:
				panic(errImpatient)
			case 8:
				panic(nil)
			}
			return i * i
		})
		for range 2 { // so that each place is used again
			for i := range 10 {
				require.NoError(t, s.Push(t.Context(), i))
			}
			for i := range 10 {
				v, err := s.Get(t.Context())
				var p *weir.Panic
				switch i {
				case 3:
					require.ErrorAs(t, err, &p)
					require.Contains(t, string(p.Stack), "panicsDeepDown")
				case 5:
					require.Equal(t, threading.ErrGoexit, err)
				case 7:
					require.ErrorIs(t, err, errImpatient)
				case 8:
					var isNil *runtime.PanicNilError
					require.ErrorAs(t, err, &isNil)
				default:
					require.NoError(t, err)
					require.Equal(t, i*i, v)
					continue
				}
				require.Zero(t, v)
			}
		}
	})
}

func TestAllGoesOnBehindAnErrorAndCanBeTakenUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := threading.NewStableRunner(threading.StableOptions{Workers: 2}, func(i int) int {
			if i%2 == 1 {
				panic(i)
			}
			return i
		})
		for i := range 6 {
			require.NoError(t, s.Push(t.Context(), i))
		}
		var got []any
		take := func(most int, ctx context.Context) (last error) {
			for v, err := range s.All(ctx) {
				last = err
				var p *weir.Panic
				if errors.As(err, &p) {
					got = append(got, p.Value)
				} else if err == nil {
					got = append(got, v)
				}
				if most--; most == 0 {
					break
				}
			}
			return last
		}
		require.NoError(t, take(3, t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, take(-1, ctx), "nothing more comes")
		require.Equal(t, []any{0, 1, 2, 3, 4, 5}, got)
		require.NoError(t, s.Close(t.Context()))
		require.NoError(t, take(-1, t.Context()))
	})
}

func TestDoneContextNeitherPushesNorGets(t *testing.T) {
	s := threading.NewStableRunner(threading.StableOptions{}, strconv.Itoa)
	require.Equal(t, context.Canceled, s.Push(doneContext(), 1))
	require.NoError(t, s.Push(t.Context(), 2))
	_, err := s.Get(doneContext())
	require.Equal(t, context.Canceled, err)
	v, err := s.Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, "2", v)
}

func TestCloseWakesAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		empty := threading.NewStableRunner(threading.StableOptions{}, strconv.Itoa)
		full := threading.NewStableRunner(threading.StableOptions{Buffer: 1}, strconv.Itoa)
		require.NoError(t, full.Push(t.Context(), 1))
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				_, err := empty.Get(t.Context())
				require.Equal(t, threading.ErrClosed, err)
			})
			wg.Go(func() { require.Equal(t, threading.ErrClosed, full.Push(t.Context(), 2)) })
		}
		synctest.Wait()
		wg.Go(func() { require.NoError(t, empty.Close(t.Context())) })
		wg.Go(func() { require.NoError(t, full.Close(t.Context())) })
		wg.Wait()
	})
}

func TestCloseOutOfTimeDropsInputsThatHaveNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := threading.NewStableRunner(threading.StableOptions{Workers: 2, Buffer: 10}, func(i int) int {
			time.Sleep(time.Second)
			return i
		})
		for i := range 6 {
			require.NoError(t, s.Push(t.Context(), i))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, s.Close(ctx))
		for i := range 6 {
			v, err := s.Get(t.Context())
			if i < 2 {
				require.NoError(t, err)
				require.Equal(t, i, v)
			} else {
				require.Equal(t, threading.ErrDropped, err)
			}
		}
		_, err := s.Get(t.Context())
		require.Equal(t, threading.ErrClosed, err)
		require.NoError(t, s.Close(t.Context()))
	})
}

func TestFunctionMayPushAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *threading.StableRunner[int, int]
		s = threading.NewStableRunner(threading.StableOptions{Workers: 1, Buffer: 4}, func(i int) int {
			if i == 3 {
				require.NoError(t, s.Close(t.Context()))
			} else {
				require.NoError(t, s.Push(t.Context(), i+1))
			}
			return i
		})
		require.NoError(t, s.Push(t.Context(), 0))
		var got []int
		for v, err := range s.All(t.Context()) {
			require.NoError(t, err)
			got = append(got, v)
		}
		require.Equal(t, []int{0, 1, 2, 3}, got)
	})
}

// Each output goes to one getter; what one gets comes in order.
func TestSeveralMayPushAndGet(t *testing.T) {
	const pushers, each = 8, 2000
	s := threading.NewStableRunner(threading.StableOptions{Workers: 4, Buffer: 5}, func(i int) int { return i })
	var pushing, getting sync.WaitGroup
	for p := range pushers {
		pushing.Go(func() {
			for i := range each {
				if i%9 == 0 {
					ctx, cancel := context.WithCancel(background())
					go cancel()
					if s.Push(ctx, p*each+i) == nil {
						continue
					}
				}
				require.NoError(t, s.Push(background(), p*each+i))
			}
		})
	}
	var sum, count atomic.Int64
	for range 4 {
		getting.Go(func() {
			last := make([]int, pushers)
			for n := 0; ; n++ {
				ctx, cancel := context.WithCancel(background())
				if n%9 == 0 {
					go cancel()
				}
				v, err := s.Get(ctx)
				cancel()
				if err == threading.ErrClosed {
					return
				}
				if err != nil {
					continue
				}
				require.GreaterOrEqual(t, v%each+1, last[v/each], "of one pusher")
				last[v/each] = v%each + 1
				sum.Add(int64(v))
				count.Add(1)
			}
		})
	}
	pushing.Wait()
	require.NoError(t, s.Close(background()))
	getting.Wait()
	require.EqualValues(t, pushers*each, count.Load())
	require.EqualValues(t, pushers*each*(pushers*each-1)/2, sum.Load())
}

func TestOptionsOfAStableRunnerAreChecked(t *testing.T) {
	for _, o := range []threading.StableOptions{{Workers: -1}, {Workers: 1<<20 + 1}, {Buffer: -1}, {Buffer: 1<<30 + 1}} {
		err := o.Validate()
		require.ErrorContains(t, err, "threading: StableOptions.")
		require.PanicsWithValue(t, err.Error(), func() { threading.NewStableRunner(o, strconv.Itoa) })
	}
}

func FuzzStableRunnerKeepsOrder(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint8(4), uint8(100))
	f.Fuzz(func(t *testing.T, seed uint64, workers, buffer, n uint8) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 3))
			takes := make([]time.Duration, n)
			for i := range takes {
				takes[i] = time.Duration(rng.IntN(20)) * time.Millisecond
			}
			o := threading.StableOptions{Workers: int(workers), Buffer: int(buffer)}
			s := threading.NewStableRunner(o, func(i int) int {
				time.Sleep(takes[i])
				if takes[i] == 0 {
					panic(i)
				}
				return i
			})
			var pushing sync.WaitGroup
			pushing.Go(func() {
				for i := range takes {
					time.Sleep(time.Duration(i%3) * time.Millisecond)
					require.NoError(t, s.Push(t.Context(), i))
				}
				require.NoError(t, s.Close(t.Context()))
			})
			next := 0
			for v, err := range s.All(t.Context()) {
				var p *weir.Panic
				if errors.As(err, &p) {
					v = p.Value.(int)
				}
				require.Equal(t, next, v)
				next++
			}
			pushing.Wait()
			require.Equal(t, int(n), next)
		})
	})
}
