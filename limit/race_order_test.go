package limit_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

// However hard newcomers try at the moment a permit comes free, it goes to the
// call that queues already.
func TestNewcomersDoNotSnatchThePermitThatAWaiterIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 1500 * stress {
			l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: 1, MaxWait: -1})
			held := take(t, l, 1)
			var winners atomic.Int64 // numbered by who is alone in flight
			var place int64
			var wg sync.WaitGroup
			wg.Go(func() {
				p, _ := l.Allow(t.Context())
				place = winners.Add(1)
				p.Done(weir.Success)
			})
			synctest.Wait()
			require.Equal(t, 1, l.Stats().Waiting)
			var trying sync.WaitGroup
			trying.Add(1)
			wg.Go(func() {
				trying.Done()
				for winners.Load() == 0 {
					if p, err := l.Allow(context.Background()); err == nil {
						winners.Add(1)
						p.Done(weir.Success)
					}
				}
			})
			trying.Wait()
			settle(held...)
			wg.Wait()
			require.Equal(t, int64(1), place)
		}
	})
}

func TestQueueHoldsExactlyMaxQueueOfThoseWhoComeAtOnce(t *testing.T) {
	const crowd = 40
	synctest.Test(t, func(t *testing.T) {
		for round := range 300 {
			places := 1 + round%8
			l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: places, MaxWait: -1})
			held := take(t, l, 1)
			var wg sync.WaitGroup
			start := make(chan struct{})
			for range crowd {
				wg.Go(func() {
					<-start
					if p, err := l.Allow(t.Context()); err == nil {
						p.Done(weir.Success)
					}
				})
			}
			close(start)
			synctest.Wait()
			require.Equal(t, limit.ConcurrencyStats{
				Max: 1, InFlight: 1, Waiting: places, Admitted: 1, Refused: uint64(crowd - places),
			}, l.Stats())
			settle(held...)
			wg.Wait()
			requireWhole(t, l)
		}
	})
}
