package collection_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

// A parcel says who sent it, and how many that one had sent before.
type parcel struct{ sender, number int }

// A market is a queue, and many who put and take and lose patience.
type market struct {
	q         *collection.Queue[parcel]
	max       int
	senders   sync.WaitGroup
	receivers sync.WaitGroup
	sent      atomic.Int64
	mu        sync.Mutex
	received  map[parcel]int // guarded by mu
	disorder  atomic.Int64
	overfull  atomic.Int64
}

// impatience returns a context that may be done soon, or at any moment, or not.
func impatience(rng *rand.Rand) (context.Context, context.CancelFunc) {
	switch rng.IntN(4) {
	case 0:
		return context.WithTimeout(context.Background(), time.Duration(rng.IntN(200))*time.Microsecond)
	case 1:
		ctx, cancel := context.WithCancel(context.Background())
		go cancel()
		return ctx, cancel
	}
	return context.Background(), func() {}
}

func (m *market) send(sender, n int) {
	rng := rand.New(rand.NewPCG(uint64(sender), 1))
	for number := 0; number < n; {
		p := parcel{sender, number}
		ok := false
		if rng.IntN(4) == 0 {
			ok = m.q.TryPut(p)
		} else {
			ctx, cancel := impatience(rng)
			ok = m.q.Put(ctx, p) == nil
			cancel()
		}
		if ok {
			number++
			m.sent.Add(1)
		}
		if m.max > 0 && m.q.Len() > m.max {
			m.overfull.Add(1)
		}
	}
}

func (m *market) receive(receiver int) {
	rng := rand.New(rand.NewPCG(uint64(receiver), 2))
	mine := map[int]int{} // the next number at least, of each sender
	for {
		ctx, cancel := impatience(rng)
		p, err := m.q.Take(ctx)
		cancel()
		switch err {
		case nil:
		case collection.ErrClosed:
			return
		default:
			continue
		}
		if p.number < mine[p.sender] {
			m.disorder.Add(1)
		}
		mine[p.sender] = p.number + 1
		m.mu.Lock()
		m.received[p]++
		m.mu.Unlock()
	}
}

// Were a wake-up lost, somebody with all the patience in the world would wait for
// ever.
func TestNoValueAndNoWakeUpIsLostAmongImpatientCallers(t *testing.T) {
	const senders, receivers, each = 16, 16, 1000
	for _, limit := range []int{0, 1, 3, 64} {
		m := &market{
			q:        collection.NewQueue[parcel](collection.QueueOptions{Max: limit}),
			max:      limit,
			received: map[parcel]int{},
		}
		for i := range senders {
			m.senders.Go(func() { m.send(i, each) })
		}
		for i := range receivers {
			m.receivers.Go(func() { m.receive(i) })
		}
		m.senders.Wait()
		m.q.Close()
		m.receivers.Wait()
		require.EqualValues(t, senders*each, m.sent.Load())
		require.Len(t, m.received, senders*each, "nothing is lost")
		for p, n := range m.received {
			require.Equal(t, 1, n, "%v comes once", p)
		}
		require.Zero(t, m.disorder.Load(), "nobody gets a sender's parcels in another order")
		require.Zero(t, m.overfull.Load())
		requireTakes(t, m.q)
	}
}

// Close comes in the midst of everything: what was accepted is either taken or
// still there, and nothing else is.
func TestCloseInTheMidstLosesNothing(t *testing.T) {
	for range 200 {
		q := collection.NewQueue[int](collection.QueueOptions{Max: 2})
		var wg sync.WaitGroup
		var put, taken atomic.Int64
		for range 4 {
			wg.Go(func() {
				for q.Put(context.Background(), 1) == nil {
					put.Add(1)
				}
			})
			wg.Go(func() {
				for {
					v, err := q.Take(context.Background())
					if err != nil {
						return
					}
					taken.Add(int64(v))
				}
			})
		}
		time.Sleep(100 * time.Microsecond)
		q.Close()
		wg.Wait()
		require.Equal(t, put.Load(), taken.Load())
		requireTakes(t, q)
	}
}
