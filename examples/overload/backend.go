package main

import (
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// A backend is a handler with a known capacity: it stands for a service whose
// requests each need one of a few database connections for a while. It has w
// workers, and a request keeps one of them busy for the service time s,
// give or take a quarter, so it can do w/s requests per second.
// Requests wait for a worker first come, first served, and there is no limit to
// how many wait.
//
// Like most handlers it does not look whether the user is still there. That is what
// makes overload so bad: once the queue is longer than users are willing to
// wait, all its work is for people who have gone.
type backend struct {
	service time.Duration
	stopped chan struct{}
	running sync.WaitGroup

	mu     sync.Mutex // guards all below; never held while waiting
	closed bool
	rng    *rand.Rand
	freeAt []time.Time // per worker: when it will have done what it was given
}

func newBackend(workers int, service time.Duration) *backend {
	return &backend{
		service: service,
		stopped: make(chan struct{}),
		rng:     rand.New(rand.NewPCG(1, 2)),
		freeAt:  make([]time.Time, workers),
	}
}

func (b *backend) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	done, ok := b.book(time.Now())
	if !ok {
		http.Error(w, "stopped", http.StatusServiceUnavailable)
		return
	}
	defer b.running.Done()
	timer := time.NewTimer(time.Until(done))
	defer timer.Stop()
	select {
	case <-timer.C:
		_, _ = io.WriteString(w, "done\n") // a user who has gone is no news here
	case <-b.stopped:
		http.Error(w, "stopped", http.StatusServiceUnavailable)
	}
}

// book gives the request to the worker who is free first, and returns when that
// one will be done. Since requests book in the order of arrival, this is a queue
// without a line of queueing. And since the next booking starts where the last
// one ends, not where somebody woke up from a sleep, the capacity does not
// depend on how late the machine's timers are.
func (b *backend) book(now time.Time) (time.Time, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return time.Time{}, false
	}
	b.running.Add(1)
	first := 0
	for i, t := range b.freeAt {
		if t.Before(b.freeAt[first]) {
			first = i
		}
	}
	start := b.freeAt[first]
	if start.Before(now) {
		start = now
	}
	work := time.Duration((0.75 + b.rng.Float64()/2) * float64(b.service))
	b.freeAt[first] = start.Add(work)
	return b.freeAt[first], true
}

// close ends all requests, those that wait and those that are worked on, and
// returns when they have ended. It must be called once.
func (b *backend) close() {
	b.mu.Lock()
	b.closed = true // from here on nobody adds to running
	b.mu.Unlock()
	close(b.stopped)
	b.running.Wait()
}
