package syncx

// Room is how many loads s has had at once since it last gave memory back, if
// that is much, else 0.
func (s *SingleFlight[K, V]) Room() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.large {
		return 0
	}
	return max(1, len(s.loads))
}

// Idle reports whether s has no trace of a load.
func (s *SingleFlight[K, V]) Idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.loads) == 0
}

// Waiting is how many callers there are for key.
func (s *SingleFlight[K, V]) Waiting(key K) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.loads[key]; l != nil {
		return l.waiters
	}
	return 0
}
