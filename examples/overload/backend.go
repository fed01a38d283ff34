package main

import (
	"net/http"
	"sync"
	"time"
)

// A backend is a handler that can do a known number of requests per second.
// There is no limit to how many wait for it.
//
// Like most handlers it does not look whether the user is still there. That is
// what makes overload so bad: once the wait is longer than users are willing to
// wait, all its work is for people who have gone.
type backend interface {
	http.Handler
	// stall returns the longest by which the machine made a request late so far.
	stall() time.Duration
	// close ends all requests, those that wait and those that are worked on, and
	// returns when they have ended. It must be called once.
	close()
}

// A doorkeeper is what backends need to end: it knows who is inside.
type doorkeeper struct {
	stopped chan struct{} // closed when all shall leave
	inside  sync.WaitGroup

	mu     sync.Mutex // guards all below; so nobody enters once close waits
	closed bool
	late   time.Duration // the longest
}

func newDoorkeeper() doorkeeper { return doorkeeper{stopped: make(chan struct{})} }

// enter reports whether the request may come in. It then must call inside.Done.
func (d *doorkeeper) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.inside.Add(1)
	}
	return !d.closed
}

// stay waits until t. It returns false if all shall leave, now.
func (d *doorkeeper) stay(t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		d.note(time.Since(t))
		return true
	case <-d.stopped:
		return false
	}
}

func (d *doorkeeper) note(late time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.late = max(d.late, late)
}

func (d *doorkeeper) stall() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.late
}

func (d *doorkeeper) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	close(d.stopped)
	d.inside.Wait()
}

// answer ends a request. A user who has gone is no news here.
func answer(w http.ResponseWriter, done bool) {
	if !done {
		http.Error(w, "stopped", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("done\n"))
}
