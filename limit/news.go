package limit

import (
	"sync"
	"sync/atomic"
)

const maxUntold = 32 // transitions that a hook which hangs may fall behind

// news are what the gates of a door found out, all of them together: the store is
// degraded while one of them is open.
type news struct {
	hook   func(degraded bool, err error)
	broken atomic.Int64 // gates that are open

	mu      sync.Mutex // never held across a call of anything; taken after a gate's
	lastErr error
	untold  []transition // that the hook has not heard of yet
	telling bool         // somebody runs the hook
}

type transition struct {
	degraded bool
	err      error
}

func (n *news) failed(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lastErr = err
}

// add takes in that a gate has opened or closed. If it is the first that is open,
// or was the last, that puts a transition in line. They alternate: of a hook that
// hangs, the two oldest are kept back, which cancel each other out.
func (n *news) add(broken bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	whole := false
	if broken {
		whole = n.broken.Add(1) == 1
	} else {
		whole = n.broken.Add(-1) == 0
	}
	if n.hook == nil || !whole {
		return
	}
	if len(n.untold) >= maxUntold {
		n.untold = n.untold[2:]
	}
	n.untold = append(n.untold, transition{broken, err})
}

// next takes the transition that the caller must now tell, if nobody is at it.
func (n *news) next() (transition, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.telling || len(n.untold) == 0 {
		return transition{}, false
	}
	t := n.untold[0]
	n.untold = n.untold[1:]
	n.telling = true
	return t, true
}

// tell runs the hook, without locks, for each transition that it has not heard
// of. If another goroutine is at it, that one goes on to the new ones.
func (n *news) tell() {
	for n.tellOne() {
	}
}

func (n *news) tellOne() bool {
	t, ok := n.next()
	if !ok {
		return false
	}
	defer func() { // also if the hook panics
		n.mu.Lock()
		defer n.mu.Unlock()
		n.telling = false
	}()
	n.hook(t.degraded, t.err)
	return true
}
