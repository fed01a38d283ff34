package collection

import (
	"context"
	"errors"
	"sync"

	"github.com/weirgo/weir/internal/ctxerr"
)

// ErrClosed is returned by what was asked to work after its Close.
var ErrClosed = errors.New("collection: closed")

// QueueOptions configures a [Queue].
type QueueOptions struct {
	// Max is how many values the queue holds at most. Then Put blocks. The default
	// is 0: as many as there are.
	Max int
}

var errQueueMax = errors.New("collection: QueueOptions.Max must not be negative")

// Validate returns what makes the options impossible, nil if nothing does.
func (o QueueOptions) Validate() error {
	if o.Max < 0 {
		return errQueueMax
	}
	return nil
}

// A Queue hands values from those who put them to those who take them, first in,
// first out. It is a channel that grows, whose ends can be left when a context is
// done, and that can be closed while somebody puts.
//
// The zero value is ready and unbounded. It must not be copied after first use.
// All methods are safe for concurrent use. There is no goroutine; Close is for
// those who wait, and a queue that is no longer used need not be closed.
//
// Who waits is served in the order of coming, and nobody overtakes: a value goes
// straight to the first taker who waits, and room to the first putter. One whose
// context is done by then is passed over: what comes after a context ended is not
// for its caller, and stays for others. As a value arrives at the very instant at
// which a context ends, the caller gets either of the two, never both or neither.
//
// Every method takes one short lock, whose hold does not depend on how much is
// queued. Values lie in chunks that are allocated as the queue grows and dropped
// as it shrinks, but for one; a slot forgets its value as it is taken. Put and
// Take allocate nothing while the length stays about the same. A caller who has
// to wait allocates its place in the line.
//
// Where a fixed buffer will do and only one side closes, or where one of several
// things is to be waited for, take a channel.
type Queue[T any] struct {
	max int // 0 for unbounded; never changes

	mu      sync.Mutex // guards what follows
	values  chunks[T]
	takers  line[T] // nobody still waits here unless values is empty
	putters line[T] // nor here unless values is full; each brings its value
	closed  bool
}

// NewQueue returns an empty queue. It panics if o is impossible; see Validate.
func NewQueue[T any](o QueueOptions) *Queue[T] {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	return &Queue[T]{max: o.Max}
}

// Put adds v as the last value. Where the queue is full it waits for room. It
// returns [ErrClosed] if the queue is closed, also while it waits, or the error
// of ctx once that is done; then v is not in the queue.
func (q *Queue[T]) Put(ctx context.Context, v T) error {
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	done := ctx.Done() // not to be asked under the lock: a context may be user code
	q.mu.Lock()
	switch {
	case isClosed(done):
		q.mu.Unlock()
		return ctxerr.Err(ctx)
	case q.closed:
		q.mu.Unlock()
		return ErrClosed
	case q.putLocked(v):
		q.mu.Unlock()
		return nil
	}
	w := q.putters.joinLocked(done)
	w.value = v
	q.mu.Unlock()
	if q.await(&q.putters, w) {
		return w.err
	}
	return ctxerr.Err(ctx)
}

// TryPut adds v as the last value, unless the queue is full or closed.
func (q *Queue[T]) TryPut(v T) bool {
	q.mu.Lock()
	ok := !q.closed && q.putLocked(v)
	q.mu.Unlock()
	return ok
}

// Take removes the first value. Where there is none it waits for one. It returns
// [ErrClosed] once the queue is closed and empty, or the error of ctx once that
// is done, even if there are values.
func (q *Queue[T]) Take(ctx context.Context) (v T, err error) {
	if ctx.Err() != nil {
		return v, ctxerr.Err(ctx)
	}
	done := ctx.Done()
	q.mu.Lock()
	if isClosed(done) {
		q.mu.Unlock()
		return v, ctxerr.Err(ctx)
	}
	if v, ok := q.takeLocked(); ok {
		q.mu.Unlock()
		return v, nil
	}
	if q.closed {
		q.mu.Unlock()
		return v, ErrClosed
	}
	w := q.takers.joinLocked(done)
	q.mu.Unlock()
	if q.await(&q.takers, w) {
		return w.value, w.err
	}
	return v, ctxerr.Err(ctx)
}

// TryTake removes the first value, if there is one.
func (q *Queue[T]) TryTake() (T, bool) {
	q.mu.Lock()
	v, ok := q.takeLocked()
	q.mu.Unlock()
	return v, ok
}

// Len is how many values can be taken at present. Those of putters who wait for
// room do not count.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.values.len
}

// Close makes every Put fail from now on, also those that wait. What is in the
// queue can still be taken; then every Take fails, also those that wait. Closing
// twice is no harm.
func (q *Queue[T]) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, l := range []*line[T]{&q.takers, &q.putters} {
		for w := l.nextLocked(); w != nil; w = l.nextLocked() {
			w.settleLocked(ErrClosed)
		}
	}
}

// putLocked is false if the queue is full.
func (q *Queue[T]) putLocked(v T) bool {
	if q.max > 0 && q.values.len >= q.max {
		return false
	}
	if w := q.takers.nextLocked(); w != nil {
		w.value = v
		w.settleLocked(nil)
		return true
	}
	q.values.push(v)
	return true
}

// takeLocked also lets the first putter have the room that comes free.
func (q *Queue[T]) takeLocked() (v T, ok bool) {
	if q.values.len == 0 {
		return v, false
	}
	v = q.values.pop()
	if w := q.putters.nextLocked(); w != nil {
		q.values.push(w.value)
		w.settleLocked(nil)
	}
	return v, true
}

// await reports whether w was settled. If not, its context is done, and w is no
// longer in its line.
func (q *Queue[T]) await(l *line[T], w *queuer[T]) bool {
	select {
	case <-w.ready:
		return true
	case <-w.done:
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if w.settled {
		// It was still waiting when it was served; what it has got must not be lost.
		return true
	}
	l.removeLocked(w)
	return false
}
