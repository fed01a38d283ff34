package limit_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

// sizes straddle the 64 slots of a group.
var sizes = []int{1, 2, 63, 64, 65, 130}

// stress is how many times longer than usual the races in this package are run:
// WEIR_STRESS, 1 by default.
var stress = func() int {
	n, _ := strconv.Atoi(os.Getenv("WEIR_STRESS"))
	return max(1, n)
}()

// gauge counts who is in, and remembers whether there were ever too many.
type gauge struct {
	max      int64
	in       atomic.Int64
	exceeded atomic.Int64
}

func (g *gauge) enter() {
	if n := g.in.Add(1); n > g.max {
		g.exceeded.Store(n)
	}
}

func (g *gauge) leave() { g.in.Add(-1) }

// swarm runs fn calls times on each of n goroutines.
func swarm(n, calls int, fn func(worker, call int)) {
	var wg sync.WaitGroup
	for worker := range n {
		wg.Go(func() {
			for call := range calls {
				fn(worker, call)
			}
		})
	}
	wg.Wait()
}

// atDepth calls fn depth pages of 2 KiB down the stack. That is where a limit
// looks to choose the slot it tries first; so one goroutine wanders over all.
//
//go:noinline
func atDepth(depth int, fn func()) {
	var page [2 << 10]byte
	if depth == 0 {
		fn()
	} else {
		atDepth(depth-1, fn)
	}
	runtime.KeepAlive(&page)
}

// takeAllBut takes all permits and returns free of them, from anywhere.
func takeAllBut(t *testing.T, l *limit.Concurrency, free int) (held []weir.Permit) {
	held = take(t, l, l.Stats().Max)
	rand.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
	settle(held[:free]...)
	return held[free:]
}

// spin holds whoever is in for about n times as long as a group takes to search.
func spin(n int) {
	var word atomic.Int64
	for range n * 64 {
		word.Load()
	}
}

func TestNeverMoreThanMaxInFlight(t *testing.T) {
	for _, size := range sizes {
		for _, queue := range []int{0, 16, 1000} {
			t.Run(fmt.Sprintf("max %d, queue %d", size, queue), func(t *testing.T) {
				l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: size, MaxQueue: queue, MaxWait: -1})
				g := gauge{max: int64(size)}
				var refused atomic.Uint64
				workers := max(64, size+size/4)
				swarm(workers, 400, func(_, call int) {
					p, err := l.Allow(context.Background())
					if err != nil {
						refused.Add(1)
						runtime.Gosched()
						return
					}
					g.enter()
					if call%4 == 0 {
						runtime.Gosched()
					}
					g.leave()
					p.Done(weir.Success)
				})
				require.Zero(t, g.exceeded.Load())
				st := l.Stats()
				require.Equal(t, refused.Load(), st.Refused)
				require.Equal(t, uint64(workers*400), st.Admitted+st.Refused)
				requireWhole(t, l)
			})
		}
	}
}

// As many callers as there are permits and places in the queue: whoever arrives
// finds one or the other, always. And who queues is admitted, or this hangs.
func TestNobodyIsRefusedWhileThereIsRoomForAll(t *testing.T) {
	for _, size := range sizes {
		for _, queue := range []int{0, 1, 3} {
			t.Run(fmt.Sprintf("max %d, queue %d", size, queue), func(t *testing.T) {
				l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: size, MaxQueue: queue, MaxWait: -1})
				free := min(size, 2)
				held := takeAllBut(t, l, free)
				g := gauge{max: int64(free)}
				swarm(free+queue, 8_000*stress, func(_, call int) {
					atDepth(call%5, func() {
						p, err := l.Allow(context.Background())
						if err != nil {
							return // counted in Stats
						}
						g.enter()
						spin(call % 8)
						g.leave()
						p.Done(weir.Success)
					})
				})
				require.Zero(t, g.exceeded.Load())
				require.Zero(t, l.Stats().Refused)
				settle(held...)
				requireWhole(t, l)
			})
		}
	}
}

// As many searchers as there are free permits, scattered over the groups: one
// search is enough for everybody, always, though the permits move about.
func TestSearchFindsWhatIsThere(t *testing.T) {
	for _, size := range sizes {
		for _, free := range []int{1, 2, 5} {
			free = min(free, size)
			l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: size})
			held := takeAllBut(t, l, free)
			var misses atomic.Int64
			swarm(free, 100_000*stress, func(_, call int) {
				atDepth(call%5, func() {
					p, ok := l.Search()
					if !ok {
						misses.Add(1)
					}
					spin(call % 8)
					p.Done(weir.Success)
				})
			})
			require.Zero(t, misses.Load(), "max %d, free %d", size, free)
			settle(held...)
			requireWhole(t, l)
		}
	}
}
