package limit

import "time"

// takeWindow is TakeWindow of a Store for a window that is possible, whose span
// at that time is known. now is in nanoseconds since 1970.
func (v *view) takeWindow(key string, n int, w *Window, current span, now int64) Taken {
	m := v.mem
	hash := v.hash(key)
	t, i := m.windows.of(hash)
	t.mu.Lock()
	defer t.mu.Unlock()
	var s *windows
	var idleAt *int64
	if c := t.find(hash, v.prefix, key); c != nil {
		s, idleAt = &c.state, &c.idleAt
	} else {
		s, idleAt = t.unknown(hash, v.prefix, key, n > 0, now)
	}
	var taken Taken
	if w.Sliding {
		taken = s.slide(w, n, now)
	} else {
		taken = s.take(w.Quota, n, current, now)
	}
	*idleAt = max(*idleAt, later(now, int64(taken.Reset)))
	v.tally(i, &t.tally).count(n, taken.OK)
	return taken
}

// windows is what is kept of a key with period limits. If limits that differ
// share the key, what was used counts until the last of their periods is over.
type windows struct {
	span
	used int
	ring *ring // of sliding windows
}

// over reports whether the span has ended, or is so far ahead that the clock must
// have been wrong once. If it was set back by less, the span goes on until its
// end: that makes nobody's quota larger.
func (s *windows) over(now int64) bool {
	return now >= s.end || s.start-now > s.end-s.start
}

// take is TakeWindow of a Store for fixed windows.
func (s *windows) take(quota, n int, current span, now int64) Taken {
	used, end := s.used, s.end
	if s.over(now) {
		used, end = 0, current.end
	}
	left := max(0, quota-used)
	taken := Taken{OK: max(1, n) <= left, Limit: quota}
	switch {
	case n > quota:
		taken.Wait = never
	case !taken.OK:
		taken.Wait = time.Duration(end - now)
	case n > 0:
		if used == 0 {
			s.span = current
		}
		used, left = used+n, left-n
		s.used, s.end = used, max(end, current.end)
		end = s.end
	}
	taken.Remaining = left
	if used > 0 {
		taken.Reset = time.Duration(end - now)
	}
	return taken
}

// slide is TakeWindow of a Store for sliding windows.
func (s *windows) slide(w *Window, n int, now int64) Taken {
	var r ring
	if s.ring != nil {
		r = *s.ring // what others see is not changed by a look
	}
	r.advance(w.part(), now)
	used := r.sum()
	left := max(0, w.Quota-used)
	taken := Taken{OK: max(1, n) <= left, Limit: w.Quota}
	switch {
	case n > w.Quota:
		taken.Wait = never
	case !taken.OK:
		taken.Wait = time.Duration(r.freeAt(used+max(1, n)-w.Quota) - now)
	case n > 0:
		left -= n
		*r.at(r.last) += n
		s.keep(&r)
	}
	taken.Remaining = left
	if end := r.end(); end > now {
		taken.Reset = time.Duration(end - now)
	}
	return taken
}

func (s *windows) keep(r *ring) {
	if s.ring == nil {
		s.ring = new(ring)
	}
	*s.ring = *r
}
