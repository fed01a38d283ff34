package syncx

import "context"

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

// StopAlarm makes p a pool whose alarm is late. It is false if none was set.
func (p *Pool[T]) StopAlarm() bool { return p.alarm.Stop() }

// Armed reports whether the alarm of p is set.
func (p *Pool[T]) Armed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rings != never
}

// Keys is how many keys l keeps something for.
func (l *LockedCalls[K]) Keys() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.keys)
}

// grantingLock is taken a moment after its line has granted something.
type grantingLock struct{ grant func() }

func (l grantingLock) Lock()   { l.grant() }
func (l grantingLock) Unlock() {}

// AwaitWithDone waits in a line with a context that is done. If granted, it is
// granted g between seeing that and leaving the line.
func AwaitWithDone(g int, granted bool) (got int, ok bool, left int) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var l line[int]
	w := newWaiter[int]()
	l.pushLocked(w)
	lock := grantingLock{func() {
		if granted {
			l.grantLocked(g)
		}
	}}
	got, ok = l.await(ctx, lock, w)
	return got, ok, l.len
}
