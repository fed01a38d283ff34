package limit

import (
	"sync"
	"sync/atomic"
	"time"
)

// A ledgerShard has those keys of a ledger whose hashes begin alike.
type ledgerShard struct {
	table atomic.Pointer[ledgerTable]
	_     [56]byte // what callers write often is in other cache lines

	allowed atomic.Uint64 // besides what the words count
	_       [56]byte

	mu              sync.Mutex    // held to add keys, and to move to another table
	most            int           // keys that there may be
	strangers       atomic.Uint64 // the word of all keys that found no room
	patience        int           // strangers who come before the next search for idle keys
	searched        uint64        // the unit of the last one
	idleFrom        uint64        // the unit before which no key is idle
	evicted, shared uint64
}

// takeLocked is take in its own time: it may add the key, or move all keys.
func (l *ledger) takeLocked(s *ledgerShard, hash uint64, key string, n int, within int64) (answer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.units(s.table.Load()) >= far {
		l.move(s, lingering)
	}
	w := s.table.Load().find(hash, key)
	switch {
	case w != nil:
	case n > 0 && l.makeRoom(s), n == 0 && s.table.Load().used < s.most:
		return l.welcome(s, hash, key, n, within)
	default:
		s.shared++
		w = &s.strangers
	}
	return l.settle(s, w, n, within)
}

// welcome decides about a key that was never seen, and adds it if it is allowed.
func (l *ledger) welcome(s *ledgerShard, hash uint64, key string, n int, within int64) (answer, bool) {
	t := s.table.Load()
	a, after, ok := l.decide(0, l.units(t), n, within)
	switch {
	case !ok:
		l.count(n)
	case n > 0:
		t.add(hash, key, after<<countBits|1)
	}
	return a, ok
}

// settle decides about a word that only others' decisions change meanwhile. The
// clock is read while the word stays as it is, so it is never an old one.
func (l *ledger) settle(s *ledgerShard, w *atomic.Uint64, n int, within int64) (answer, bool) {
	for {
		word := w.Load()
		a, after, ok := l.decide(word>>countBits, l.units(s.table.Load()), n, within)
		switch {
		case ok && n > 0:
			if s.swap(w, word, after) {
				return a, true
			}
		case w.Load() == word:
			if !ok {
				l.count(n)
			}
			return a, ok
		}
	}
}

// giveBack gives back n events that were to happen after so many nanoseconds, if
// nobody has a place behind them.
func (l *ledger) giveBack(key string, n int, after int64) {
	hash := l.hash(key)
	s := &l.shards[hash>>l.shift]
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.table.Load()
	w := t.find(hash, key)
	switch {
	case w != nil:
	case t.used < s.most:
		return // it has been idle since
	default:
		w = &s.strangers
	}
	for {
		word, now := w.Load(), l.units(t)
		units := max(word>>countBits, now) - now
		if units == 0 || l.overtaken(units, after) {
			return
		}
		left := now + l.without(units, uint64(n), after)
		s.idleFrom = min(s.idleFrom, left)
		if w.CompareAndSwap(word, left<<countBits|word&countMask) {
			return
		}
	}
}

// makeRoom reports whether there is room for a key more, for which it drops idle
// ones. Precondition: mu is held.
func (l *ledger) makeRoom(s *ledgerShard) bool {
	t := s.table.Load()
	if t.used < s.most {
		if 4*(t.used+1) > 3*len(t.cells) {
			l.move(s, lingering)
		}
		return true
	}
	if !l.someIdle(s) {
		return false
	}
	l.move(s, 0) // by then somebody may have used what was idle
	return s.table.Load().used < s.most
}

// someIdle searches a full table for a key that is idle. A search that finds none
// knows when there may be one; and after any, there is none for a second, or until as
// much has been asked as to make up for it.
func (l *ledger) someIdle(s *ledgerShard) bool {
	t := s.table.Load()
	now := l.units(t)
	s.patience--
	if now < s.idleFrom || s.patience > 0 && now < s.searched+uint64(time.Second)*l.drain {
		return false
	}
	s.patience, s.searched, s.idleFrom = len(t.cells)/searched, now, maxUnit
	for i := range t.cells {
		if c := &t.cells[i]; c.hash.Load() != 0 {
			s.idleFrom = min(s.idleFrom, c.word.Load()>>countBits)
			if s.idleFrom <= now {
				s.idleFrom = 0
				return true
			}
		}
	}
	return false
}

// move moves all keys to a new table but those that have been idle for that long.
// Precondition: mu is held.
func (l *ledger) move(s *ledgerShard, idle int64) {
	old := s.table.Load()
	now := int64(time.Since(l.epoch))
	then := l.between(old.origin, max(old.origin, now-idle))
	type mover struct {
		cell int
		word uint64
	}
	movers := make([]mover, 0, old.used)
	for i := range old.cells {
		if c := &old.cells[i]; c.hash.Load() != 0 {
			if word := c.word.Swap(frozen); word>>countBits > then {
				movers = append(movers, mover{i, word})
			} else {
				s.allowed.Add(word & countMask)
			}
		}
	}
	origin, passed := old.origin, uint64(0)
	if l.between(old.origin, now) >= far {
		origin = now - lingering
		passed = l.between(old.origin, origin)
	}
	t := newLedgerTable(origin, len(movers))
	for _, m := range movers {
		t.inherit(old, m.cell, aged(m.word, passed))
	}
	s.evicted += uint64(old.used - t.used)
	s.idleFrom, s.searched = 0, max(s.searched, passed)-passed // which count from the origin
	s.strangers.Store(aged(s.strangers.Load(), passed))
	s.table.Store(t)
}

// aged returns the word for a table whose origin is so many units later.
func aged(word, units uint64) uint64 {
	return (max(word>>countBits, units)-units)<<countBits | word&countMask
}

func (s *ledgerShard) stats(st *TokenStats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.table.Load()
	st.Keys += t.used
	st.Evicted += s.evicted
	st.Shared += s.shared
	st.Allowed += s.allowed.Load() + s.strangers.Load()&countMask
	for i := range t.cells {
		st.Allowed += t.cells[i].word.Load() & countMask
	}
}
