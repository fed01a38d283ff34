package mr

import "sync"

// A box has the results of one worker that the reducer has not taken yet. A mapper
// may yield from several goroutines.
type box[U any] struct {
	out   *outlet[U]
	yield func(U) // put
	// follower is the outlet's, from the announcement until the box is emptied.
	follower *box[U]

	mu     sync.Mutex // guards what follows
	buf    []U
	sealed bool      // the mappers have returned
	blocks int       // how many wait for room
	room   sync.Cond // they do so here
	few    [4]U      // the first buf
}

func (b *box[U]) open(o *outlet[U]) {
	b.out, b.yield = o, b.put
	b.room.L = &b.mu
	b.buf = b.few[:0]
}

func (b *box[U]) put(v U) {
	b.mu.Lock()
	if len(b.buf) >= b.out.limit || b.sealed {
		if !b.awaitRoomLocked() {
			b.mu.Unlock()
			return
		}
	}
	if len(b.buf) == cap(b.buf) {
		b.growLocked()
	}
	b.buf = append(b.buf, v)
	first := len(b.buf) == 1
	b.mu.Unlock()
	if first {
		b.out.announce(b)
	}
}

// growLocked leaves nothing in the slice that it replaces, which may be few.
func (b *box[U]) growLocked() {
	larger := append(make([]U, 0, max(len(b.few), 2*len(b.buf))), b.buf...)
	clear(b.buf)
	b.buf = larger
}

// awaitRoomLocked returns false if the value is of no use any more. It unlocks the
// box to panic.
func (b *box[U]) awaitRoomLocked() bool {
	for !b.sealed && !b.out.run.stopped.Load() {
		if len(b.buf) < b.out.limit {
			return true
		}
		b.blocks++
		b.room.Wait()
		b.blocks--
	}
	if b.sealed {
		b.mu.Unlock()
		panic("mr: yield is called after the mappers have returned")
	}
	return false
}

// swap takes what is in the box, and leaves an empty slice in its place.
func (b *box[U]) swap(empty []U) []U {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.buf
	b.buf = empty
	if b.blocks > 0 {
		b.room.Broadcast()
	}
	return taken
}

func (b *box[U]) wake() {
	b.mu.Lock()
	b.room.Broadcast()
	b.mu.Unlock()
}

// seal makes a yield panic that comes too late.
func (b *box[U]) seal() {
	b.mu.Lock()
	b.sealed = true
	b.room.Broadcast()
	b.mu.Unlock()
}
