package collection

import (
	"hash/maphash"
	"slices"
	"time"
)

// A Sorter is the part of a wheel that knows of no clock.
type Sorter struct {
	h       hierarchy[int]
	entries map[int]*pending[int]
}

func NewSorter(last uint64) *Sorter {
	return &Sorter{h: newHierarchy[int](last), entries: map[int]*pending[int]{}}
}

// Set adds an entry, or moves it if there is one with this id.
func (s *Sorter) Set(id int, tick uint64) {
	if p := s.entries[id]; p == nil {
		p = &pending[int]{tick: tick, item: id}
		s.entries[id] = p
		s.h.link(p)
	} else if !s.h.stay(p, tick) {
		s.h.unlink(p)
		p.tick = tick
		s.h.link(p)
	}
}

func (s *Sorter) Remove(id int) {
	s.h.unlink(s.entries[id])
	delete(s.entries, id)
}

// Advance reports whether it got there, and what is due now, in order.
func (s *Sorter) Advance(to uint64, some int) (done bool, due []int) {
	done = s.h.advance(to, some)
	for p := s.h.due.first; p != nil; p = s.h.due.first {
		due = append(due, p.item)
		s.h.unlink(p)
		delete(s.entries, p.item)
	}
	return done, due
}

// TakeOut empties it, and returns a func that links what of it is still there.
func (s *Sorter) TakeOut() (putBack func()) {
	var taken pendingList[int]
	s.h.takeAll(&taken)
	return func() {
		for p := taken.first; p != nil; p = taken.first {
			s.h.unlink(p)
			s.h.link(p)
		}
	}
}

// Fault returns what is wrong with the lists, or nothing.
func (s *Sorter) Fault() string {
	for l := range s.h.levels {
		if s.h.levels[l] == nil {
			continue
		}
		for i := range groupSize {
			list := &s.h.levels[l].slots[i]
			if list.first != nil != (s.h.levels[l].occupied>>i&1 != 0) {
				return "a bit of a slot is wrong"
			}
			at := s.h.firstTick(uint16(l<<groupBits | i))
			back := &list.first
			for p := list.first; p != nil; p = p.next {
				switch {
				case list != s.h.open && at <= s.h.now:
					return "a slot with entries was passed over"
				case p.back != back:
					return "an entry does not know what points to it"
				case p.tick < at:
					return "an entry lies in a slot that comes too late"
				}
				back = &p.next
			}
			if list.first != nil && list.last != back {
				return "a list does not know its end"
			}
		}
	}
	return ""
}

// Next returns the tick of the next slot with entries.
func (s *Sorter) Next() uint64 {
	at, _, _ := s.h.next()
	return at
}

// Alarm returns how long it is until the runtime timer is due, if it is set.
func (w *TimingWheel[K, V]) Alarm() (time.Duration, bool) { return w.clock.alarmIn() }

// Alarm returns how long it is until the runtime timer is due, if it is set.
func (t *Timers) Alarm() (time.Duration, bool) { return t.clock.alarmIn() }

func (c *clockwork[T]) alarmIn() (time.Duration, bool) {
	at := c.armed.Load()
	if at == never || at == 0 {
		return 0, false
	}
	return c.left(at), true
}

// Miss lets the wheel sleep through its alarm, as a process that is stopped does.
// What it returns wakes it up.
func (w *TimingWheel[K, V]) Miss() (wake func()) {
	w.clock.mu.Lock()
	defer w.clock.mu.Unlock()
	w.clock.alarm.Stop()
	return w.clock.wake
}

// An Index is the part of a wheel that finds keys.
type Index[K comparable] struct {
	seed maphash.Seed
	x    keyIndex[K, int]
}

func NewIndex[K comparable]() *Index[K] {
	return &Index[K]{seed: maphash.MakeSeed()}
}

func (x *Index[K]) Add(key K, v int) {
	x.x.insert(&pending[keyed[K, int]]{item: keyed[K, int]{key: key, value: v, hash: hashOf(x.seed, key)}})
}

func (x *Index[K]) Find(key K) (int, bool) {
	p := x.x.find(key, hashOf(x.seed, key))
	if p == nil {
		return 0, false
	}
	return p.item.value, true
}

func (x *Index[K]) Remove(key K) { x.x.remove(x.x.find(key, hashOf(x.seed, key))) }

// Buckets returns how many there are, and how long the longest chain is.
func (x *Index[K]) Buckets() (n, longest int) {
	for b := range x.x.buckets {
		_, chain := x.x.at(b)
		length := 0
		for p := *chain; p != nil; p = p.item.chain {
			length++
		}
		longest = max(longest, length)
	}
	return int(x.x.buckets), longest
}

// Hashes returns the hashes of keys, for what they have in common.
func (x *Index[K]) Hashes(keys ...K) (all []uint32) {
	for _, k := range keys {
		all = append(all, hashOf(x.seed, k))
	}
	slices.Sort(all)
	return all
}
