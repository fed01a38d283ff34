package main

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// A pool is a backend whose requests wait: it stands for a service whose requests
// each need one of a few database connections for a while. It has w workers, and a
// request keeps one of them busy for the service time s, give or take a quarter,
// so it can do w/s requests per second. Requests wait for a worker first come,
// first served.
type pool struct {
	doorkeeper
	service time.Duration

	mu     sync.Mutex // guards all below; never held while waiting
	rng    *rand.Rand
	freeAt []time.Time // per worker: when it will have done what it was given
}

func newPool(workers int, service time.Duration) *pool {
	return &pool{
		doorkeeper: newDoorkeeper(),
		service:    service,
		rng:        rand.New(rand.NewPCG(1, 2)),
		freeAt:     make([]time.Time, workers),
	}
}

func (p *pool) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if !p.enter() {
		answer(w, false)
		return
	}
	defer p.inside.Done()
	answer(w, p.stay(p.book(time.Now())))
}

// book gives the request to the worker who is free first, and returns when that
// one will be done. Since requests book in the order of arrival, this is a queue
// without a line of queueing. And since the next booking starts where the last
// one ends, not where somebody woke up from a sleep, the capacity does not
// depend on how late the machine's timers are.
func (p *pool) book(now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := 0
	for i, t := range p.freeAt {
		if t.Before(p.freeAt[first]) {
			first = i
		}
	}
	start := p.freeAt[first]
	if start.Before(now) {
		start = now
	}
	work := time.Duration((0.75 + p.rng.Float64()/2) * float64(p.service))
	p.freeAt[first] = start.Add(work)
	return p.freeAt[first]
}
