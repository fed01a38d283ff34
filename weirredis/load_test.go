package weirredis_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
)

// What the service of the fault tests is limited to, all its replicas together.
const (
	replicas  = 2
	loadRate  = 1000 // events per second
	loadBurst = 100
)

// A replica is one process of a service under load, with a client of its own.
type replica struct {
	limiter *limit.Token

	mu       sync.Mutex
	fellBack []time.Time
	returned []time.Time
}

func newReplica(c redis.UniversalClient, timeout time.Duration) *replica {
	r := &replica{}
	r.limiter = limit.NewToken(limit.TokenOptions{
		Rate: limit.PerSecond(loadRate), Burst: loadBurst, Store: storeOf(c), Replicas: replicas, Timeout: timeout,
		OnDegraded: func(degraded bool, _ error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if degraded {
				r.fellBack = append(r.fellBack, time.Now())
			} else {
				r.returned = append(r.returned, time.Now())
			}
		},
	})
	return r
}

// A load is what replicas do to their limiters, and what comes of it.
type load struct {
	t        testing.TB
	replicas []*replica
	keys     []string
	start    time.Time
	stop     atomic.Bool
	wg       sync.WaitGroup

	allowed, degraded, refused, errors atomic.Int64
	slowest                            atomic.Int64 // nanoseconds
	faultFrom, faultTo                 time.Time
}

// Timeouts of the store. A test that no limiter falls back at all must not fail
// because the machine was busy for a moment.
const (
	short   = 100 * time.Millisecond
	patient = 10 * time.Second
)

// startLoad lets replicas ask for more than there is, until the test has run
// outage.
func startLoad(t testing.TB, timeout time.Duration, connect func() redis.UniversalClient, keys ...string) *load {
	t.Helper()
	l := &load{t: t, keys: keys}
	for range replicas {
		r := newReplica(connect(), timeout)
		_, err := r.limiter.Peek(context.Background(), keys[0]) // connects
		require.NoError(t, err)
		l.replicas = append(l.replicas, r)
	}
	t.Cleanup(l.end)
	l.start = time.Now()
	for _, r := range l.replicas {
		for i := range 4 {
			l.wg.Go(func() { l.ask(r, i) })
		}
	}
	time.Sleep(200 * time.Millisecond)
	return l
}

func (l *load) end() {
	l.stop.Store(true)
	l.wg.Wait()
}

func (l *load) ask(r *replica, i int) {
	for ; !l.stop.Load(); i++ {
		from := time.Now()
		d, err := r.limiter.Allow(context.Background(), l.keys[i%len(l.keys)])
		took := int64(time.Since(from))
		for was := l.slowest.Load(); took > was && !l.slowest.CompareAndSwap(was, took); was = l.slowest.Load() {
		}
		switch {
		case err != nil:
			l.errors.Add(1)
		case d.Allowed:
			l.allowed.Add(1)
		default:
			l.refused.Add(1)
		}
		if d.Degraded {
			l.degraded.Add(1)
		}
		time.Sleep(300 * time.Microsecond)
	}
}

// outage does what a test is about, then waits until all limiters are back at
// their stores, ends the load and reports.
func (l *load) outage(fault func()) {
	l.t.Helper()
	l.faultFrom = time.Now()
	fault()
	l.faultTo = time.Now()
	eventually(l.t, "all limiters are back at their stores", func() bool {
		for _, r := range l.replicas {
			if !r.limiter.Stats().DegradedSince.IsZero() {
				return false
			}
		}
		return true
	})
	time.Sleep(200 * time.Millisecond)
	l.end()
	elapsed := time.Since(l.start)
	fall, back := l.transitions()
	exact := l.exact(elapsed)
	l.t.Logf("%v of load, %v of fault: %d decisions, %d by stand-ins; %d events allowed, %d by the rate alone: %+d; "+
		"errors %d; fell back after %s, returned after %s; slowest decision %v",
		round(elapsed), round(l.faultTo.Sub(l.faultFrom)), l.allowed.Load()+l.refused.Load(), l.degraded.Load(),
		l.allowed.Load(), exact, l.allowed.Load()-exact, l.errors.Load(), fall, back, round(time.Duration(l.slowest.Load())))

	require.Zero(l.t, l.errors.Load(), "callers see no error")
	require.Positive(l.t, l.allowed.Load())
}

// exact is how many events the rate allows in a time, of all keys together.
func (l *load) exact(elapsed time.Duration) int64 {
	return int64(len(l.keys)) * (loadBurst + int64(elapsed*loadRate/time.Second))
}

// mustBeExact says that no event too many was allowed.
func (l *load) mustBeExact() {
	l.t.Helper()
	require.LessOrEqual(l.t, l.allowed.Load(), l.exact(time.Since(l.start)))
}

// mustBeBounded says that no more was allowed than what limit.FallbackLocal and
// Store say: all that the store may allow, all that stand-ins may, and a burst for
// each time that the server forgot everything.
func (l *load) mustBeBounded(forgotten int64) {
	l.t.Helper()
	most := 2*l.exact(time.Since(l.start)) + int64(len(l.keys))*forgotten*loadBurst
	require.LessOrEqual(l.t, l.allowed.Load(), most)
	require.Positive(l.t, l.degraded.Load(), "the fault was one")
}

// transitions returns when the first limiter fell back, from the fault's
// beginning, and when the last one returned, from its end. Some faults have pauses,
// in which limiters return, perhaps for good.
func (l *load) transitions() (fall, back string) {
	fall, back = "-", "-"
	var first, last time.Time
	for _, r := range l.replicas {
		r.mu.Lock()
		if n := len(r.fellBack); n > 0 && (first.IsZero() || r.fellBack[0].Before(first)) {
			first = r.fellBack[0]
		}
		if n := len(r.returned); n > 0 && r.returned[n-1].After(last) {
			last = r.returned[n-1]
		}
		r.mu.Unlock()
	}
	if !first.IsZero() {
		fall = fmt.Sprint(round(first.Sub(l.faultFrom)))
	}
	if last.After(l.faultTo) {
		back = fmt.Sprint(round(last.Sub(l.faultTo)))
	} else if !last.IsZero() {
		back = "less than nothing"
	}
	return fall, back
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
