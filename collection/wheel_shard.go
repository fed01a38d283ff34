package collection

import (
	"math/bits"
	"runtime"
	"sync"
)

const (
	// maxShards bounds what an empty clockwork keeps, and how many locks it takes to
	// fire.
	maxShards = 16
	// perProcessor is how many shards there are for each processor, so that two of
	// them seldom meet.
	perProcessor = 8
	// putOff is how many entries a shard may have that do not lie where they should:
	// enough to fetch their neighbours at once, and so few that whoever waits for the
	// lock meanwhile need not sleep.
	putOff = 16
	// crowded is from how many entries on it may be worth it to keep one that somebody
	// else has, and with it all that it needs: with less, its neighbours are in a cache.
	crowded = 512
)

// A shard is some of a clockwork's entries, under a lock of their own: those whose
// hashes say so. Whoever has to do with one entry takes one of these locks, and the
// clockwork's only where something becomes due, or is before all that was known.
//
// An entry's neighbours in its list are seldom in a cache. With many pending, to
// unlink one is to wait for them, which takes as long as to find the entry. So what
// can be put off is: some entries are taken care of together, and their neighbours
// fetched at once.
type shard[T any] struct {
	// A processor that was not the last one here fetches what it needs from the one
	// that was, 64 bytes at a time. Whoever removes or moves an entry needs the first
	// 56, which are in one such line also behind 8 bytes of the allocator's.
	mu sync.Mutex // guards all of it, and all entries
	// soonest is a tick until which no slot comes up, never where nothing is linked,
	// and 0 while a slot is open.
	soonest uint64
	late    *[putOff]*pending[T]
	removed uint64
	pending int32 // entries linked, or taken by a drain that has yet to hand them out
	lates   uint8 // in late; some may be nil
	closed  bool
	hierarchy[T]
	added   uint64
	drained uint64
	_       [48]byte
}

// shardsFor returns how many shards there are, a power of two, as its logarithm.
// With one processor, nobody would gain.
func shardsFor(processors int) (log int) {
	if processors < 2 {
		return 0
	}
	return bits.Len(uint(min(processors*perProcessor, maxShards) - 1))
}

// number returns the shard of a hash. Keys that are neighbours have the same: see
// keyIndex. The bits that tell buckets apart must not tell shards apart, too.
func (c *clockwork[T]) number(hash uint32) uint32 {
	return (hash >> blockBits) * 0x9E3779B1 >> c.shift // Fibonacci hashing
}

func (c *clockwork[T]) home(hash uint32) *shard[T] { return &c.shards[c.number(hash)] }

// lock takes all locks, in the order in which anybody may take more than one.
func (c *clockwork[T]) lock() {
	for i := range c.shards {
		c.shards[i].mu.Lock()
	}
	c.mu.Lock()
}

func (c *clockwork[T]) unlock() {
	c.mu.Unlock()
	for i := range c.shards {
		c.shards[i].mu.Unlock()
	}
}

// size returns how many entries are pending.
func (c *clockwork[T]) size() (n int) {
	c.lock() // together, or an entry could be missed as another one takes its place
	defer c.unlock()
	for i := range c.shards {
		n += int(c.shards[i].pending)
	}
	return n
}

// keepUp makes now the current tick, where no slot comes up until then. Without
// it, what is added after a quiet time would lie far too high. Whoever calls this
// or what follows holds the shard's mu.
func (s *shard[T]) keepUp(now uint64) {
	if now < s.soonest { // not while a slot is open
		s.now = max(s.now, now)
	}
}

// putsOff reports whether p can be left where it is linked for a while.
func (s *shard[T]) putsOff(p *pending[T]) bool { return s.soonest != 0 && s.files(p) }

// lingers reports whether what is stopped is put off. With more than one processor,
// what that spares is lost as they hand each other the list of what is put off.
func (c *clockwork[T]) lingers(s *shard[T]) bool { return len(c.shards) == 1 && s.pending >= crowded }

// putOff has something done about p before a slot is opened.
func (s *shard[T]) putOff(p *pending[T], what note) {
	if p.note == inOrder {
		if s.lates == putOff {
			s.tidy()
		}
		if s.late == nil {
			s.late = new([putOff]*pending[T])
		}
		s.late[s.lates] = p
		s.lates++
	}
	p.note = what
}

// withdraw lets go of p, which has a note.
func (s *shard[T]) withdraw(p *pending[T]) {
	p.note = inOrder
	for i := range s.late[:s.lates] {
		if s.late[i] == p {
			s.late[i] = nil
		}
	}
}

// tidy makes up for all that was put off.
func (s *shard[T]) tidy() {
	if s.lates == 0 {
		return
	}
	late := s.late[:s.lates]
	s.fetch(late)
	for i, p := range late {
		if late[i] = nil; p == nil {
			continue
		}
		switch what := p.note; {
		case what == dead:
			s.unlink(p)
			p.slot = noSlot
		case s.files(p) && !s.stay(p, p.tick):
			s.unlink(p)
			s.link(p) // into a slot to come: soonest is not after it
		}
		p.note = inOrder
	}
	s.lates = 0
}

// fetch brings the neighbours of entries into the cache. None of these loads waits
// for another one, as they would if each entry were unlinked in its turn.
func (s *shard[T]) fetch(late []*pending[T]) {
	broken := false
	for _, p := range late {
		if p != nil {
			broken = broken || *p.back != p || p.next != nil && p.next.back != &p.next
		}
	}
	if broken {
		panic("collection: a list of timers is broken")
	}
}

// upcoming returns the tick of the next slot, never if there is none.
func (s *shard[T]) upcoming() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tidy()
	at, _, _ := s.next()
	return at
}

// advanceTo moves what becomes due until a tick to due. Others get the lock in
// between; closed ends it.
func (s *shard[T]) advanceTo(tick uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tidy(); s.closed {
		return
	}
	s.soonest = 0
	for !s.advance(tick, atATime) {
		s.mu.Unlock()
		runtime.Gosched()
		if s.mu.Lock(); s.closed {
			return
		}
	}
	s.soonest, _, _ = s.next()
}
