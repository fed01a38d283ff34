package timers

import (
	"sync"
	"time"
)

// mapped is what its users make of time.AfterFunc to find timers by key: a map, out of
// which a timer takes itself when it fires.
type mapped struct {
	mu   sync.Mutex
	all  map[int]*time.Timer
	fire func(int)
}

func newMapped(_ int, fire func(int)) table { return &mapped{all: map[int]*time.Timer{}, fire: fire} }

func (m *mapped) set(place int, d time.Duration) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all[place] = time.AfterFunc(d, func() { m.fired(place) })
	return true
}

func (m *mapped) fired(place int) {
	m.mu.Lock()
	delete(m.all, place)
	m.mu.Unlock()
	if m.fire != nil {
		m.fire(place)
	}
}

func (m *mapped) move(place int, d time.Duration) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.all[place]
	return ok && t.Reset(d)
}

func (m *mapped) remove(place int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.all[place]
	delete(m.all, place)
	return ok && t.Stop()
}

func (m *mapped) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.all {
		t.Stop()
	}
}

// synced is mapped with a [sync.Map].
type synced struct {
	all  sync.Map // of int to *time.Timer
	fire func(int)
}

func newSynced(_ int, fire func(int)) table { return &synced{fire: fire} }

func (s *synced) set(place int, d time.Duration) bool {
	s.all.Store(place, time.AfterFunc(d, func() { s.fired(place) }))
	return true
}

func (s *synced) fired(place int) {
	s.all.Delete(place)
	if s.fire != nil {
		s.fire(place)
	}
}

func (s *synced) move(place int, d time.Duration) bool {
	t, ok := s.all.Load(place)
	return ok && t.(*time.Timer).Reset(d)
}

func (s *synced) remove(place int) bool {
	t, ok := s.all.LoadAndDelete(place)
	return ok && t.(*time.Timer).Stop()
}

func (s *synced) close() {
	for _, t := range s.all.Range {
		t.(*time.Timer).Stop()
	}
}
