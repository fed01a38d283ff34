package breaker_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

var errDown = errors.New("down")

// A backend answers after its latency, or fails. It hangs if told to: then it
// answers no sooner than the caller's deadline.
type backend struct {
	latency   time.Duration
	errorRate float64
	hung      bool
}

func (be backend) call(ctx context.Context, rng *rand.Rand) error {
	wait, err := be.latency, error(nil)
	if rng.Float64() < be.errorRate {
		err = errDown
	}
	if be.hung {
		<-ctx.Done()
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A call is what became of one request of a simulation.
type call struct {
	at      time.Duration // since the simulation began
	refused bool
	err     error
}

// A load is an open-loop Poisson stream of requests, in virtual time: it must run
// in a synctest bubble.
type load struct {
	breaker *breaker.Breaker
	rate    float64       // requests per second
	timeout time.Duration // of each request; 0 is none
	rng     *rand.Rand

	begun time.Time
	mu    sync.Mutex
	calls []call
}

func newLoad(b *breaker.Breaker, rate float64, seed uint64) *load {
	return &load{breaker: b, rate: rate, rng: rand.New(rand.NewPCG(seed, 1)), begun: time.Now()}
}

// run sends requests to the backend for the given time, and returns what became
// of them.
func (l *load) run(be backend, length time.Duration) []call {
	first := len(l.calls)
	end := time.Now().Add(length)
	var inFlight sync.WaitGroup
	for {
		time.Sleep(time.Duration(l.rng.ExpFloat64() / l.rate * float64(time.Second)))
		if time.Now().After(end) {
			break
		}
		rng := rand.New(rand.NewPCG(l.rng.Uint64(), 2))
		at := time.Since(l.begun)
		inFlight.Go(func() {
			ctx := context.Background()
			if l.timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, l.timeout)
				defer cancel()
			}
			err := l.breaker.Do(ctx, func(ctx context.Context) error { return be.call(ctx, rng) })
			l.mu.Lock()
			defer l.mu.Unlock()
			l.calls = append(l.calls, call{at, errors.Is(err, weir.ErrRejected), err})
		})
	}
	inFlight.Wait()
	return l.calls[first:]
}

func count(calls []call, is func(call) bool) (n int) {
	for _, c := range calls {
		if is(c) {
			n++
		}
	}
	return n
}

func isRefused(c call) bool  { return c.refused }
func isAdmitted(c call) bool { return !c.refused }

// admittedShare returns the share of calls, 0 to 1, that were admitted.
func admittedShare(calls []call) float64 {
	return float64(count(calls, isAdmitted)) / float64(len(calls))
}

// firstRefusal returns how long after start the first call was refused.
func firstRefusal(calls []call, start time.Duration) time.Duration {
	first := time.Duration(1<<63 - 1)
	for _, c := range calls {
		if c.refused {
			first = min(first, c.at-start)
		}
	}
	return first
}

// between returns the calls of a span of time, given in time since the beginning.
func between(calls []call, from, to time.Duration) (some []call) {
	for _, c := range calls {
		if from <= c.at && c.at < to {
			some = append(some, c)
		}
	}
	return some
}
