package verify_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

// queueCall is one call; value is what Put and TryPut are given, of which no two
// are the same.
type queueCall struct {
	op    string
	value byte
}

type queueResult struct {
	value byte
	n     int
	ok    bool
	err   error
}

type queueState struct {
	values string
	closed bool
}

// queueModel is a Queue of at most size values; 0 is unbounded.
func queueModel(size int) porcupine.Model {
	return modelOf(func(s queueState, in queueCall, out queueResult) (bool, queueState) {
		switch in.op {
		case "Len":
			return out.n == len(s.values), s
		case "Close":
			s.closed = true
			return true, s
		case "Put", "TryPut":
			return s.put(size, in, out)
		}
		return s.take(in, out)
	})
}

func (s queueState) put(size int, in queueCall, out queueResult) (bool, queueState) {
	full := size > 0 && len(s.values) == size
	switch {
	case out.ok:
		open := !s.closed && !full
		s.values += string([]byte{in.value})
		return open, s
	case in.op == "TryPut":
		return s.closed || full, s
	case errors.Is(out.err, collection.ErrClosed):
		return s.closed, s
	}
	return gaveUp(out.err), s
}

func (s queueState) take(in queueCall, out queueResult) (bool, queueState) {
	empty := len(s.values) == 0
	switch {
	case out.ok:
		if empty || s.values[0] != out.value {
			return false, s
		}
		s.values = s.values[1:]
		return true, s
	case in.op == "TryTake":
		return empty, s
	case errors.Is(out.err, collection.ErrClosed):
		return s.closed && empty, s
	}
	return gaveUp(out.err), s
}

// A queuer is a client of a queue.
type queuer struct {
	*client
	queue *collection.Queue[byte]
	last  *atomic.Uint32 // the last value that anybody put
}

func (q queuer) put(ctx context.Context, v byte) error {
	return do(q.client, queueCall{"Put", v}, func() queueResult {
		err := q.queue.Put(ctx, v)
		return queueResult{ok: err == nil, err: err}
	}).err
}

func (q queuer) take(ctx context.Context) error {
	return do(q.client, queueCall{op: "Take"}, func() queueResult {
		v, err := q.queue.Take(ctx)
		return queueResult{value: v, ok: err == nil, err: err}
	}).err
}

func (q queuer) tryPut(v byte) {
	do(q.client, queueCall{"TryPut", v}, func() queueResult { return queueResult{ok: q.queue.TryPut(v)} })
}

func (q queuer) tryTake() {
	do(q.client, queueCall{op: "TryTake"}, func() queueResult {
		v, ok := q.queue.TryTake()
		return queueResult{value: v, ok: ok}
	})
}

func (q queuer) len() {
	do(q.client, queueCall{op: "Len"}, func() queueResult { return queueResult{n: q.queue.Len()} })
}

func (q queuer) close() {
	do(q.client, queueCall{op: "Close"}, func() queueResult { q.queue.Close(); return queueResult{} })
}

func (q queuer) next() byte { return byte(q.last.Add(1)) }

// act does something that may wait, or not.
func (q queuer) act() {
	ctx, cancel := q.patience()
	defer cancel()
	switch q.rng.IntN(5) {
	case 0, 1:
		_ = q.put(ctx, q.next()) // whatever becomes of it, it is in the history
	case 2, 3:
		_ = q.take(ctx)
	default:
		q.glance()
	}
}

// glance does something that never waits.
func (q queuer) glance() {
	switch q.rng.IntN(3) {
	case 0:
		q.tryPut(q.next())
	case 1:
		q.tryTake()
	default:
		q.len()
	}
}

func TestAQueueIsFirstInFirstOutAlsoWhileItCloses(t *testing.T) {
	verify(t, func(h *history) porcupine.Model {
		size := h.rng.IntN(4)
		queue, last := collection.NewQueue[byte](collection.QueueOptions{Max: size}), new(atomic.Uint32)
		h.together(5, func(c *client) {
			q := queuer{c, queue, last}
			for range 12 {
				if c.id == 0 { // never waits, and so comes to close, for those who wait
					q.glance()
				} else {
					q.act()
				}
				c.pause()
			}
			if c.id == 0 {
				q.close()
			}
		})
		for rest := (queuer{h.client(5), queue, last}); rest.take(h.ctx) == nil; {
		}
		return queueModel(size)
	})
}

func TestAQueueLetsNobodyWaitForWhatIsThere(t *testing.T) {
	const pairs, values = 3, 8
	verify(t, func(h *history) porcupine.Model {
		size := h.rng.IntN(3)
		queue, last := collection.NewQueue[byte](collection.QueueOptions{Max: size}), new(atomic.Uint32)
		h.together(2*pairs, func(c *client) {
			q := queuer{c, queue, last}
			for range values {
				if c.id < pairs {
					v := q.next()
					q.insist(func(ctx context.Context) error { return q.put(ctx, v) })
				} else {
					q.insist(q.take)
				}
			}
		})
		queuer{h.client(2 * pairs), queue, last}.len()
		return queueModel(size)
	})
}

// insist tries again where a context that ended soon was all that was wrong.
func (q queuer) insist(try func(context.Context) error) {
	for done := false; !done && q.ctx.Err() == nil; {
		ctx, cancel := q.patience()
		done = try(ctx) == nil
		cancel()
	}
}

func TestTheModelOfAQueueRefusesWhatAQueueMustNotDo(t *testing.T) {
	put := func(v byte) [2]any { return [2]any{queueCall{"Put", v}, queueResult{ok: true}} }
	take := func(v byte) [2]any { return [2]any{queueCall{op: "Take"}, queueResult{value: v, ok: true}} }
	none := [2]any{queueCall{op: "TryTake"}, queueResult{}}
	closing := [2]any{queueCall{op: "Close"}, queueResult{}}
	ended := [2]any{queueCall{op: "Take"}, queueResult{err: collection.ErrClosed}}
	for name, ops := range map[string][]porcupine.Operation{
		"turns the order":       inSequence(put(1), put(2), take(2)),
		"loses a value":         inSequence(put(1), none),
		"hands out one twice":   inSequence(put(1), take(1), take(1)),
		"holds too many":        inSequence(put(1), put(2), put(3)),
		"takes one when closed": inSequence(closing, put(1)),
		"ends too soon":         inSequence(put(1), closing, ended),
		"ends while open":       inSequence(ended),
	} {
		require.False(t, porcupine.CheckOperations(queueModel(2), ops), name)
	}
}
