package limit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A meter finds the shortest burst in which more was admitted than allowed.
type meter struct {
	rate, level float64
	last        time.Time
	worst       float64
}

func (m *meter) admit(n int) {
	now := time.Now()
	m.level = max(0, m.level-now.Sub(m.last).Seconds()*m.rate) + float64(n)
	m.last = now
	m.worst = max(m.worst, m.level)
}

// In any span of time at most Burst + Rate x time + Replicas x Lease; all of them
// are as greedy as they can be, each in its own way.
func TestReplicasNeverAdmitMoreThanTheyMayHold(t *testing.T) {
	for _, c := range []struct{ replicas, rate, burst, lease int }{
		{1, 100, 50, 50}, {4, 1000, 100, 20}, {4, 1000, 100, 100}, {10, 50, 10, 5}, {3, 5, 40, 40},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFakeStore()
				s.delay = time.Millisecond
				m := meter{rate: float64(c.rate)}
				end := time.Now().Add(10 * time.Second)
				var mu sync.Mutex
				var all sync.WaitGroup
				ask := func(l *Token, cost int) {
					d, err := l.AllowN(context.Background(), "key", cost)
					mu.Lock()
					defer mu.Unlock()
					require.NoError(t, err)
					require.LessOrEqual(t, heldBy(l), c.lease)
					if d.Allowed {
						m.admit(cost)
					}
				}
				for range c.replicas {
					l := leasing(s, PerSecond(c.rate), c.burst, c.lease)
					for range 5 {
						all.Go(func() {
							for time.Now().Before(end) {
								ask(l, 1+rand.IntN(3))
								time.Sleep(time.Duration(rand.IntN(2_000_000)))
								if rand.IntN(500) == 0 {
									time.Sleep(time.Second) // the store fills up
								}
							}
						})
					}
				}
				all.Wait()
				require.LessOrEqual(t, m.worst, float64(c.burst+c.replicas*c.lease))
				require.Greater(t, m.worst, float64(c.burst)*0.9)
			})
		})
	}
}

func TestGreedyReplicasShareFairlyAndUseAll(t *testing.T) {
	for _, c := range []struct{ replicas, rate, burst, lease int }{
		{2, 1000, 100, 50}, {4, 1000, 100, 20}, {4, 1000, 1000, 200}, {4, 100, 20, 20}, {8, 4000, 100, 10},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFakeStore()
				s.delay = 200 * time.Microsecond
				admitted := make([]int, c.replicas)
				const span = 30 * time.Second
				end := time.Now().Add(span)
				var all sync.WaitGroup
				for i := range c.replicas {
					l := leasing(s, PerSecond(c.rate), c.burst, c.lease)
					all.Go(func() {
						for time.Now().Before(end) {
							if d := allow(l, "key"); d.Allowed {
								admitted[i]++
							}
							time.Sleep(time.Duration(rand.IntN(500_000)))
						}
					})
				}
				all.Wait()
				total := 0
				for _, n := range admitted {
					total += n
				}
				require.InEpsilon(t, c.rate*30, total, 0.05)
				share := total / c.replicas
				require.Greater(t, slices.Min(admitted), share*3/4, "%v", admitted)
				require.Less(t, slices.Max(admitted), share*5/4, "%v", admitted)
			})
		})
	}
}
