package main

import (
	"crypto/sha256"
	"net/http"
	"sync"
	"time"
)

const (
	// quantum is how long the core works on a request before it turns to the next.
	quantum = 2 * time.Millisecond
	// quota is which part of a quantum a real core needs for the work, 0..1.
	quota = 0.25
)

// A core is a backend whose requests burn CPU: each hashes until a fixed amount of
// work is done. Together they have the quota that a small container has, a quarter
// of a real core: whoever has done the work of a quantum waits until the quantum is
// over. So the capacity is known and stays what it is while the client and the rest
// of the machine want CPU too, as long as they leave the server its quarter. Without
// the quota each would slow down the others, and one could not tell what was measured.
//
// Requests take turns on the core as goroutines do on a processor, for a quantum
// each. So when too many come, they do not line up, but all become slow together.
type core struct {
	doorkeeper
	quanta int           // per request
	rounds int           // of hashing, per quantum
	turn   chan struct{} // full while somebody burns

	mu     sync.Mutex // guards freeAt
	freeAt time.Time  // when all quanta that are booked will be over
}

// newCore returns a backend with a service time of so many quanta.
func newCore(quanta, rounds int) *core {
	return &core{doorkeeper: newDoorkeeper(), quanta: quanta, rounds: rounds, turn: make(chan struct{}, 1)}
}

func (c *core) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if !c.enter() {
		answer(w, false)
		return
	}
	defer c.inside.Done()
	answer(w, c.serve(time.Now()))
}

// serve reports whether the request that has come now is done.
func (c *core) serve(now time.Time) bool {
	for range c.quanta {
		now = c.book(now)
		if !c.work() || !c.stay(now) {
			return false
		}
	}
	return true
}

// work does the work of a quantum. Only one request does so at a time: a server that
// must make up for lost time would otherwise take all cores at once, and the client
// would be as late as the server.
func (c *core) work() bool {
	select {
	case c.turn <- struct{}{}:
		burn(c.rounds)
		<-c.turn
		return true
	case <-c.stopped:
		return false
	}
}

// book takes a quantum for a request that has been ready since then, and returns
// when it will be over. A request is ready when its last quantum was over, not when
// the machine let it run again: what the server loses to a busy neighbour it makes
// up for, since a real core is faster than its quota.
func (c *core) book(ready time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.freeAt.Before(ready) {
		c.freeAt = ready
	}
	c.freeAt = c.freeAt.Add(quantum)
	return c.freeAt
}

// burn hashes a page so many times, each time with the last hash in it.
func burn(rounds int) [sha256.Size]byte {
	var page [4 << 10]byte
	var hash [sha256.Size]byte
	for range rounds {
		hash = sha256.Sum256(page[:])
		copy(page[:], hash[:])
	}
	return hash
}

// roundsIn returns how many rounds of burning an undisturbed real core does in d.
// A disturbance only ever makes it slower, so the fastest of several tries counts.
func roundsIn(d time.Duration) int {
	const tries, rounds = 50, 50
	fastest := time.Hour
	for range tries {
		begin := time.Now()
		burn(rounds)
		fastest = min(fastest, time.Since(begin))
	}
	return max(1, int(rounds*d/max(1, fastest)))
}
