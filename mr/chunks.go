package mr

import (
	"sync"
	"time"
)

// chunks share out the numbers from 0 to n among hands. A hand claims a chunk of them
// under the lock, and begins it stretch by stretch without. When there is nothing to
// claim any more, hands take over what others have claimed and not begun, so a chunk
// may be large.
//
// Who finds nothing leaves, and asks the others to look. From then on they begin one
// number at a time, and who was held up calls back somebody for what it has left. At
// that time these are the rests of stretches, so it is over soon.
type chunks struct {
	run   *run
	do    func(h *hand, from, to int) (done int, err error)
	n     int
	max   int // hands
	epoch time.Time

	others sync.WaitGroup // those that run, but for the caller

	mu     sync.Mutex // guards what follows, and never held while user code runs
	next   int        // the first number that nobody has claimed
	hands  []*hand
	gone   []*hand // of these, those that have left
	loaded int     // hands that may have something to take over
}

func runChunks(r *run, n, workers int, do func(h *hand, from, to int) (done int, err error)) {
	s := &chunks{run: r, do: do, n: n, max: min(n, workers), epoch: time.Now()}
	r.watch()
	defer func() {
		s.others.Wait()
		r.conclude(nil)
		r.unwatched()
		r.raise()
	}()
	s.mu.Lock()
	h := s.freeLocked()
	s.mu.Unlock()
	if h != nil {
		s.work(h)
	}
}

// work is what a hand does until it leaves.
func (s *chunks) work(h *hand) {
	returned := false
	defer func() {
		if !returned {
			s.run.unfinished(recover())
		}
	}()
	came := true
	for s.claim(h, came) && s.process(h) {
		came = false
	}
	returned = true
}

// process does what was claimed. It returns false at the end of the run.
func (s *chunks) process(h *hand) bool {
	h.began = time.Since(s.epoch)
	for from, to := h.begun(); from < to; from, to = h.begin() {
		if !s.stretch(h, from, to) {
			return false
		}
	}
	h.resize(time.Since(s.epoch) - h.began)
	return true
}

// stretch does what was begun, or as far as it comes until there is something to look
// at. It returns false at the end of the run.
func (s *chunks) stretch(h *hand, from, to int) bool {
	for from < to {
		if s.run.over() {
			return false
		}
		done, err := s.do(h, from, min(to, from+glance))
		if from += done; err != nil {
			s.run.fail(from, err)
			from++
		}
		if s.run.look.Load() {
			return s.heed(h, to-from)
		}
	}
	return true
}

// heed is called by a hand that was told to look, and has so many numbers left of its
// stretch. It returns false at the end of the run.
func (s *chunks) heed(h *hand, left int) bool {
	if s.run.stopped.Load() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h.putBackLocked(left)
	if h.leftLocked() > 0 {
		s.loadLocked(h)
		// What is cheap is done before somebody else has come.
		if time.Since(s.epoch)-h.began > long {
			s.callLocked()
		}
	}
	return true
}

// claim gives a hand something to do. It returns false when there is nothing, and
// the hand may be called back from then on.
func (s *chunks) claim(h *hand, came bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.loaded {
		h.loaded = false
		s.loaded--
	}
	if !s.takeLocked(h) && !s.takeOverLocked(h) {
		s.gone = append(s.gone, h)
		s.run.look.Store(true)
		return false
	}
	if h.leftLocked() > 0 {
		s.loadLocked(h)
	}
	// Who comes calls the next one.
	if came && (s.next < s.n || s.loaded > 0) {
		s.callLocked()
	}
	return true
}

func (s *chunks) loadLocked(h *hand) {
	if !h.loaded {
		h.loaded = true
		s.loaded++
	}
}

func (s *chunks) takeLocked(h *hand) bool {
	n := min(h.size, s.n-s.next)
	if n > 0 {
		h.holdLocked(s.next, n)
		s.next += n
	}
	return n > 0
}

// takeOverLocked claims half of what another hand has not begun: that which has most.
func (s *chunks) takeOverLocked(h *hand) bool {
	for s.loaded > 0 {
		var from *hand
		most := 0
		for _, other := range s.hands {
			if left := other.leftLocked(); left > most {
				from, most = other, left
			}
		}
		if from == nil {
			return false
		}
		// If it has begun the last one meanwhile, there may still be others.
		if base, n := from.giveLocked(); n > 0 {
			h.holdLocked(base, n)
			return true
		}
	}
	return false
}

// callLocked starts one more hand, if there may be one more.
func (s *chunks) callLocked() {
	h := s.freeLocked()
	if h == nil {
		return
	}
	s.others.Add(1)
	go func() {
		defer s.others.Done()
		s.work(h)
	}()
}

func (s *chunks) freeLocked() (h *hand) {
	if last := len(s.gone) - 1; last >= 0 {
		h, s.gone = s.gone[last], s.gone[:last]
	} else if len(s.hands) < s.max {
		h = &hand{size: 1, number: len(s.hands)}
		s.hands = append(s.hands, h)
	}
	return h
}
