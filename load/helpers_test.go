package load_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

var allClasses = []weir.Criticality{weir.Sheddable, weir.SheddablePlus, weir.Critical, weir.CriticalPlus}

// blind returns a shedder that does not look at the CPU: in a bubble, where time is
// not that of the CPU, its load means nothing.
func blind(o load.Options) *load.Shedder {
	if o.CPUThreshold == 0 {
		o.CPUThreshold = -1
	}
	return load.New(o)
}

// of returns a context of the class.
func of(class weir.Criticality) context.Context {
	return weir.WithCriticality(context.Background(), class)
}

// enter takes n permits. All must be given.
func enter(t *testing.T, s *load.Shedder, n int) (permits []weir.Permit) {
	t.Helper()
	for range n {
		p, err := s.Allow(context.Background())
		require.NoError(t, err)
		permits = append(permits, p)
	}
	return permits
}

// leave settles all permits alike.
func leave(o weir.Outcome, permits ...weir.Permit) {
	for _, p := range permits {
		p.Done(o)
	}
}

// requireRefused makes a call that must be refused for the reason.
func requireRefused(t *testing.T, s *load.Shedder, ctx context.Context, reason load.Reason) {
	t.Helper()
	p, err := s.Allow(ctx)
	require.Error(t, err, "admitted")
	require.Equal(t, weir.Permit{}, p)
	require.Equal(t, reason, reasonOf(t, err))
}

func reasonOf(t *testing.T, err error) load.Reason {
	t.Helper()
	var refusal *load.Refusal
	require.ErrorAs(t, err, &refusal)
	return refusal.Reason
}

// A service works on a few calls at a time, first come, first served.
type service struct {
	mu   sync.Mutex
	free []time.Time // when each worker has done all that it has been given
}

func newService(workers int) *service { return &service{free: make([]time.Time, workers)} }

// serve returns when a worker has spent d on the call.
func (v *service) serve(d time.Duration) { time.Sleep(v.take(d)) }

// take gives a call to the worker who is free first, and returns when it is done.
func (v *service) take(d time.Duration) time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	now, first := time.Now(), 0
	for i, free := range v.free {
		if free.Before(v.free[first]) {
			first = i
		}
	}
	if v.free[first].Before(now) {
		v.free[first] = now
	}
	v.free[first] = v.free[first].Add(d)
	return v.free[first].Sub(now)
}

// around returns a duration of that mean, from half to one and a half of it.
func around(mean time.Duration) time.Duration {
	return mean/2 + rand.N(mean)
}

// arrive makes calls at random for as long as length, every so often on average,
// whatever becomes of those before, and returns when all have ended. They arrive on
// one goroutine; what arrived returns is what is left to do on another.
func arrive(length, every time.Duration, arrived func() (work func())) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for end := time.Now().Add(length); time.Now().Before(end); {
		if work := arrived(); work != nil {
			wg.Go(work)
		}
		time.Sleep(time.Duration(rand.ExpFloat64() * float64(every)))
	}
}

// warm returns a shedder that knows its service: ten workers of 10 ms a call, that
// is 1,000 calls a second, of which 2,000 have arrived for ten seconds.
func warm(o load.Options) (*load.Shedder, *service) {
	s, v := blind(o), newService(10)
	arrive(10*time.Second, time.Millisecond/2, v.calls(s, 10*time.Millisecond))
	return s, v
}

// calls returns calls of s that v works on, each for about d.
func (v *service) calls(s *load.Shedder, d time.Duration) func() func() {
	return func() func() {
		p, err := s.Allow(context.Background())
		if err != nil {
			return nil
		}
		return func() {
			v.serve(around(d))
			p.Done(weir.Success)
		}
	}
}

// A share counts how often something happened.
type share struct{ yes, all int }

func (s *share) count(yes bool) {
	s.all++
	if yes {
		s.yes++
	}
}

func (s share) ratio() float64 { return float64(s.yes) / float64(max(1, s.all)) }
