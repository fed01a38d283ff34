package load_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

// harder is how many times longer than usual the races in this package are run:
// WEIR_STRESS, 1 by default.
var harder = func() int {
	n, _ := strconv.Atoi(os.Getenv("WEIR_STRESS"))
	return max(1, n)
}()

// crowd runs fn on n goroutines, and waits for all of them, however they end.
func crowd(n int, fn func(worker int)) {
	var wg sync.WaitGroup
	for worker := range n {
		wg.Go(func() { fn(worker) })
	}
	wg.Wait()
}

// A turnstile counts who is in, and remembers how many there were at most.
type turnstile struct{ in, most atomic.Int64 }

func (g *turnstile) enter() {
	n := g.in.Add(1)
	for most := g.most.Load(); n > most && !g.most.CompareAndSwap(most, n); most = g.most.Load() {
	}
}

func (g *turnstile) leave() { g.in.Add(-1) }

// Where the limit cannot move, it is exact. In the bubble it is one moment for all
// who crowd in, so nobody is let in because nothing moves.
func TestNeverMoreInFlightThanALimitThatCannotMove(t *testing.T) {
	for _, limit := range []int{1, 2, 3, 64} {
		t.Run(strconv.Itoa(limit), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := blind(load.Options{MinLimit: limit, MaxLimit: limit})
				var g turnstile
				var admitted, refused atomic.Uint64
				crowd(10_000, func(int) {
					for range 10 * harder {
						p, err := s.Allow(context.Background())
						if err != nil {
							refused.Add(1)
							runtime.Gosched()
							continue
						}
						admitted.Add(1)
						g.enter()
						runtime.Gosched()
						g.leave()
						p.Done(weir.Ignored)
					}
				})
				require.LessOrEqual(t, g.most.Load(), int64(limit))
				st := requireSane(t, s)
				require.Zero(t, st.InFlight)
				require.Equal(t, admitted.Load(), st.Ignored)
				require.Equal(t, refused.Load(), st.Refused)
			})
		})
	}
}

// A meeting point lets n goroutines go on at the same moment, again and again.
type meeting struct {
	n       int64
	arrived atomic.Int64
}

func (m *meeting) wait() {
	round := (m.arrived.Add(1) - 1) / m.n
	for i := 1; m.arrived.Load() < (round+1)*m.n; i++ {
		if i%1000 == 0 {
			runtime.Gosched() // the others may have no core to come on
		}
	}
}

// Whoever sees room must not go in after somebody else has taken it.
func TestNoTwoTakeTheLastPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := blind(load.Options{MinLimit: 1, MaxLimit: 1})
		start, end := meeting{n: 2}, meeting{n: 2}
		var g turnstile
		crowd(2, func(int) {
			for range 5000 * harder {
				start.wait()
				p, err := s.Allow(context.Background())
				if err == nil {
					g.enter()
				}
				end.wait()
				if g.most.Load() > 1 {
					return
				}
				if err == nil {
					g.leave()
					p.Done(weir.Ignored)
				}
			}
		})
		require.Equal(t, int64(1), g.most.Load())
	})
}

var errBroken = errors.New("broken")

// ways are all the ways in which a call can end. The last forgets its permit; it
// returns whether it had one.
var ways = []func(ctx context.Context, cancel func(), s *load.Shedder) (forgot bool){
	work(func(context.Context, func()) error { return nil }),
	work(func(context.Context, func()) error { return errBroken }),
	work(func(ctx context.Context, cancel func()) error {
		cancel()
		return ctx.Err()
	}),
	func(ctx context.Context, cancel func(), s *load.Shedder) bool {
		defer func() { _ = recover() }()
		return work(func(context.Context, func()) error { panic("boom") })(ctx, cancel, s)
	},
	func(ctx context.Context, cancel func(), s *load.Shedder) bool {
		var wg sync.WaitGroup
		wg.Go(func() {
			work(func(context.Context, func()) error {
				runtime.Goexit()
				return nil
			})(ctx, cancel, s)
		})
		wg.Wait()
		return false
	},
	func(ctx context.Context, _ func(), s *load.Shedder) bool {
		p, _ := s.Allow(ctx)
		var wg sync.WaitGroup
		wg.Go(func() { p.Done(weir.Overloaded) })
		p.Done(weir.Success)
		wg.Wait()
		return false
	},
	func(ctx context.Context, _ func(), s *load.Shedder) bool {
		late, cancel := context.WithTimeout(ctx, time.Microsecond)
		defer cancel()
		if p, err := s.Allow(late); err == nil {
			<-late.Done()
			p.Done(weir.Failure)
		}
		return false
	},
	func(ctx context.Context, _ func(), s *load.Shedder) bool {
		_, err := s.Allow(ctx)
		return err == nil
	},
}

// work is a call of weir.Do.
func work(fn func(ctx context.Context, cancel func()) error) func(context.Context, func(), *load.Shedder) bool {
	return func(ctx context.Context, cancel func(), s *load.Shedder) bool {
		_ = weir.Do(ctx, s, func(ctx context.Context) error { return fn(ctx, cancel) })
		return false
	}
}

func TestNothingIsLeftInFlightAfterAllKindsOfCalls(t *testing.T) {
	for name, o := range map[string]load.Options{
		"usual":   {InitialLimit: 100},
		"dry run": {DryRun: true},
		"queue":   {InitialLimit: 20, MaxQueue: 1000},
		"callers": {InitialLimit: 20, Caller: func(context.Context) string { return strconv.Itoa(rand.IntN(50)) }},
		"signals": {InitialLimit: 100, CPUThreshold: 0.1, Signals: []load.Signal{{Name: "wild", Read: func() (float64, error) {
			return rand.Float64() * 2, nil
		}}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := blind(o)
			var forgotten atomic.Uint64
			crowd(10_000, func(worker int) {
				for call := range 4 * harder {
					way := (worker + call) % len(ways)
					if way == len(ways)-1 && worker%10 != 0 {
						way = 0 // few forget
					}
					ctx, cancel := context.WithCancel(of(allClasses[worker%4]))
					if ways[way](ctx, cancel, s) {
						forgotten.Add(1)
					}
					cancel()
				}
			})
			untilCollected(t, func() bool { return s.Stats().Forgotten == forgotten.Load() })
			st := requireSane(t, s)
			require.Zero(t, st.InFlight)
			require.Zero(t, st.Waiting)
			require.NotZero(t, st.Succeeded)
		})
	}
}

// Everything at once: whoever reads Stats and Metrics meanwhile sees nothing odd.
func TestStatsAreSaneWhileEverythingMoves(t *testing.T) {
	s := blind(load.Options{InitialLimit: 50})
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for last := (load.Stats{}); ; runtime.Gosched() {
				select {
				case <-stop:
					return
				default:
				}
				st := s.Stats()
				if st.InFlight < 0 || st.Succeeded < last.Succeeded || st.Refused < last.Refused || st.Failed < last.Failed {
					t.Errorf("%+v after %+v", st, last)
					return
				}
				last = st
			}
		})
	}
	var admitted, refused atomic.Uint64
	crowd(1000, func(worker int) {
		for range 50 * harder {
			p, err := s.Allow(of(allClasses[worker%4]))
			if err != nil {
				refused.Add(1)
				continue
			}
			admitted.Add(1)
			if worker%3 == 0 {
				runtime.Gosched()
			}
			p.Done(weir.Outcome(worker % 4))
		}
	})
	close(stop)
	readers.Wait()
	st := requireSane(t, s)
	require.Zero(t, st.InFlight)
	require.Equal(t, admitted.Load(), st.Succeeded+st.Failed+st.Ignored+st.Overloaded)
	require.Equal(t, refused.Load(), st.Refused)
}
