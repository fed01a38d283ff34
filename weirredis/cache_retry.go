package weirredis

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
)

// ladder is after how long a deletion that has failed is tried again, each time it
// has.
var ladder = [...]time.Duration{time.Second, 5 * time.Second, time.Minute, 5 * time.Minute, time.Hour}

// retries remembers deletions that have failed, and tries them again. It has one
// timer, on whose goroutine it works, while there are any.
type retries struct {
	most     int
	lost     func(key string, err error)
	panicked func(*weir.Panic)
	turn     chan struct{} // of the Close that tries what is pending; room for one

	retried, given atomic.Uint64 // deletions tried again, and given up

	mu      sync.Mutex // guards what follows
	pending map[place]*retry
	// steps hold the retries that wait on each step of the ladder: in the order in
	// which they are due, for all wait equally long.
	steps   [len(ladder)][]*retry
	timer   *time.Timer
	working chan struct{} // closed when the pass under way has ended; nil if none is
	stop    context.CancelFunc
	closed  bool
}

type place struct {
	node *node
	key  string
}

type retry struct {
	place
	step int
	due  time.Time
	err  error // the last one
}

func (r *retries) init(most int, lost func(string, error), panicked func(*weir.Panic)) {
	r.most, r.lost, r.panicked = most, lost, panicked
	r.pending = map[place]*retry{}
	r.turn = make(chan struct{}, 1)
}

// add remembers keys that a node has failed to delete just now. If one is
// remembered already, it begins anew.
func (r *retries) add(n *node, keys []string, err error) {
	var over []*retry
	r.mu.Lock()
	for _, key := range keys {
		t := &retry{place: place{n, key}, err: err}
		before := r.pending[t.place]
		switch {
		case before == nil && len(r.pending) >= r.most:
			over = append(over, t)
		case before == nil || before.step > 0:
			r.pushLocked(t)
		}
	}
	r.armLocked()
	r.mu.Unlock()
	r.giveUp(over)
}

func (r *retries) giveUp(lost []*retry) {
	for _, t := range lost {
		r.given.Add(1)
		r.lost(t.key, t.err)
	}
}

// giveUpAlone is giveUp where there is no caller whom a panic of the hook could reach.
// There are still other keys to tell of.
func (r *retries) giveUpAlone(lost []*retry) {
	for i := range lost {
		func() {
			defer func() {
				if v := recover(); v != nil {
					r.panicked(weir.CaughtPanic(v))
				}
			}()
			r.giveUp(lost[i : i+1])
		}()
	}
}

func (r *retries) pushLocked(t *retry) {
	t.due = time.Now().Add(ladder[t.step])
	r.pending[t.place] = t
	r.steps[t.step] = append(r.steps[t.step], t)
}

// armLocked sets the timer to the first retry that is due, unless a pass is under
// way, which ends with this.
func (r *retries) armLocked() {
	if r.closed || r.working != nil {
		return
	}
	var first time.Time
	for _, waiting := range r.steps {
		if len(waiting) > 0 && (first.IsZero() || waiting[0].due.Before(first)) {
			first = waiting[0].due
		}
	}
	switch {
	case first.IsZero():
	case r.timer == nil:
		r.timer = time.AfterFunc(time.Until(first), r.pass)
	default:
		r.timer.Reset(time.Until(first))
	}
}

// pass tries what is due.
func (r *retries) pass() {
	r.mu.Lock()
	if r.closed || r.working != nil {
		r.mu.Unlock()
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	r.stop = stop
	working := make(chan struct{})
	r.working = working
	due := r.takeDueLocked(time.Now())
	r.mu.Unlock()

	failed := r.try(ctx, due)

	var over []*retry
	r.mu.Lock()
	for _, t := range failed {
		switch {
		case r.pending[t.place] != nil: // it has failed for another caller meanwhile
		case ctx.Err() != nil:
			r.pushLocked(t) // Close will try it
		case t.step+1 == len(ladder):
			over = append(over, t)
		default:
			t.step++
			r.pushLocked(t)
		}
	}
	r.mu.Unlock()
	r.giveUpAlone(over)
	r.mu.Lock()
	r.working = nil
	close(working)
	r.armLocked()
	r.mu.Unlock()
}

func (r *retries) takeDueLocked(now time.Time) (due []*retry) {
	for i, waiting := range r.steps {
		n := 0
		for ; n < len(waiting) && !waiting[n].due.After(now); n++ {
			due = r.takeLocked(due, waiting[n])
			waiting[n] = nil
		}
		if r.steps[i] = waiting[n:]; n == len(waiting) {
			r.steps[i] = nil // what was taken goes
		}
	}
	return due
}

// takeLocked leaves out what began anew since.
func (r *retries) takeLocked(due []*retry, t *retry) []*retry {
	if r.pending[t.place] != t {
		return due
	}
	delete(r.pending, t.place)
	return append(due, t)
}

// try tries deletions and returns those that fail again.
func (r *retries) try(ctx context.Context, due []*retry) (failed []*retry) {
	byNode := map[*node][]string{}
	byPlace := map[place]*retry{}
	for _, t := range due {
		byNode[t.node] = append(byNode[t.node], t.key)
		byPlace[t.place] = t
	}
	for n, keys := range byNode {
		r.retried.Add(uint64(len(keys)))
		left, err := n.del(ctx, keys)
		for _, key := range left {
			t := byPlace[place{n, key}]
			t.err = err
			failed = append(failed, t)
		}
	}
	return failed
}

func (r *retries) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.pending)
}

// close lets no more passes begin, waits for the one under way, and tries what is
// pending one last time.
func (r *retries) close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	if r.timer != nil {
		r.timer.Stop()
	}
	working := r.working
	if working != nil {
		r.stop()
	}
	r.mu.Unlock()
	if working != nil {
		select {
		case <-working:
		case <-ctx.Done():
			return ctxerr.Err(ctx)
		}
	}
	return r.last(ctx)
}

// last waits for another one to end: what that has taken to try is pending still.
func (r *retries) last(ctx context.Context) error {
	if err := r.takeTurn(ctx); err != nil {
		return err
	}
	defer func() { <-r.turn }()
	r.mu.Lock()
	var due []*retry
	for _, t := range r.pending {
		due = append(due, t)
	}
	r.steps = [len(ladder)][]*retry{}
	clear(r.pending)
	r.mu.Unlock()
	failed := r.try(ctx, due)
	if len(failed) == 0 {
		return nil
	}
	r.mu.Lock()
	for _, t := range failed {
		r.pushLocked(t) // for a later Close
	}
	r.mu.Unlock()
	return fmt.Errorf("weirredis: %d keys are not deleted: %w", len(failed), failed[0].err)
}

func (r *retries) takeTurn(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case r.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctxerr.Err(ctx)
	}
}
