package limit_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

// A record is one call as its caller saw it, in ticks of a clock that all share:
// Allow ran from asked to answered, Done from returning to over. A call that was
// not admitted ends with its answer.
type record struct {
	asked, answered, returning, over int
	err                              error
}

// A history is what a number of workers saw.
type history struct {
	clock   atomic.Int64
	records [][]record // per worker
}

func (h *history) tick() int { return int(h.clock.Add(1)) }

func (h *history) call(worker int, ctx context.Context, l *limit.Concurrency) {
	r := record{asked: h.tick()}
	p, err := l.Allow(ctx)
	r.answered, r.err = h.tick(), err
	if err == nil {
		if r.asked%3 == 0 {
			runtime.Gosched()
		}
		r.returning = h.tick()
		p.Done(weir.Success)
		r.over = h.tick()
	}
	h.records[worker] = append(h.records[worker], r)
}

// check holds the history against the promise. A permit is certainly out from
// answered to returning, and that must never be true of more calls than there
// are permits. A call may hold a permit or a place in the queue from asked to its
// end; a refusal is wrong if at no moment of it so many did that none was left.
func (h *history) check(t *testing.T, permits, places int) (refusals int) {
	end := int(h.clock.Load()) + 2
	certainly, possibly := make([]int, end), make([]int, end)
	var refused []record
	for _, records := range h.records {
		for _, r := range records {
			switch {
			case r.err == nil:
				certainly[r.answered]++
				certainly[r.returning]--
				possibly[r.asked]++
				possibly[r.over+1]--
			case errors.Is(r.err, limit.ErrFull):
				refused = append(refused, r)
			default: // waited in vain
				possibly[r.asked]++
				possibly[r.answered+1]--
			}
		}
	}
	for i := 1; i < end; i++ {
		certainly[i] += certainly[i-1]
		possibly[i] += possibly[i-1]
		require.LessOrEqual(t, certainly[i], permits)
	}
	for _, r := range refused {
		most := 0
		for i := r.asked; i <= r.answered; i++ {
			most = max(most, possibly[i])
		}
		require.GreaterOrEqual(t, most, permits+places, "refused although there was room all the time")
	}
	return len(refused)
}

func TestRefusesOnlyWhenLimitAndQueueWereFull(t *testing.T) {
	for _, size := range sizes {
		for _, queue := range []int{0, 1, 20} {
			for _, crowd := range []int{1, 60} { // callers beyond what there is room for
				t.Run(fmt.Sprintf("max %d, queue %d, crowd %d", size, queue, crowd), func(t *testing.T) {
					l := limit.NewConcurrency(limit.ConcurrencyOptions{
						Max: size, MaxQueue: queue, MaxWait: 100 * time.Microsecond,
					})
					// So that few workers find the limit exhausted often.
					held := takeAllBut(t, l, min(size, 3))
					free := size - len(held)
					workers := free + queue + crowd
					h := history{records: make([][]record, workers)}
					swarm(workers, 5_000*stress/workers, func(worker, call int) {
						ctx, cancel := context.WithCancel(context.Background())
						defer cancel()
						if call%5 == 0 {
							go cancel() // before, while or after it waits
						}
						atDepth(call%5, func() { h.call(worker, ctx, l) })
					})
					refusals := h.check(t, free, queue)
					require.Equal(t, uint64(refusals), l.Stats().Refused)
					settle(held...)
					requireWhole(t, l)
				})
			}
		}
	}
}
