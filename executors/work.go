package executors

import "runtime"

// lingering is how often a worker that finds nothing lets others run and looks again
// before it ends.
const lingering = 4

// work goes from batch to batch, with j first if that is not nil, until there is
// nothing to do. If a function of the user's calls Goexit, another worker goes on with
// what comes after that.
func (e *engine[T, B]) work(j *job[B]) {
	id := goroutine()
	e.join(id)
	ended := false
	defer func() {
		if ended {
			return
		}
		e.part(id)
		if j != nil {
			j.interrupt()
		}
		go e.work(j)
	}()
	for {
		if j != nil {
			e.deliver(j)
		}
		done := j
		j = nil // it is settled now, come what may
		if j = e.next(id, done); j == nil {
			ended = true
			return
		}
	}
}

func (e *engine[T, B]) join(id uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.members == nil {
		e.members = map[uint64]struct{}{}
	}
	e.members[id] = struct{}{}
}

func (e *engine[T, B]) part(id uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.members, id)
}

// next takes done off the books, unless that is nil, and returns another job. If there
// is none it returns nil, and the worker does not count any more.
func (e *engine[T, B]) next(id uint64, done *job[B]) *job[B] {
	e.mu.Lock()
	if done != nil {
		e.settleLocked(done)
	}
	for looks := 0; e.queue.first == nil; {
		if e.isDueLocked() {
			e.takeBoxLocked()
			continue
		}
		if looks == lingering || e.closed || e.busy > 1 {
			delete(e.members, id)
			e.busy--
			e.settleWaitsLocked()
			e.mu.Unlock()
			return nil
		}
		looks++
		e.mu.Unlock()
		runtime.Gosched()
		e.mu.Lock()
	}
	j := e.queue.first
	e.queue.removeLocked(j)
	e.running.pushLocked(j)
	e.beginLocked(j)
	hired := e.hireLocked()
	e.mu.Unlock()
	if hired {
		go e.work(nil)
	}
	return j
}

// beginLocked decides what is the first to be done with j.
func (e *engine[T, B]) beginLocked(j *job[B]) {
	j.tries = 0
	switch {
	case j.err != nil: // there is no batch, but something to tell
		j.stage = reporting
	case e.leftover != nil:
		j.stage, j.err = reporting, e.leftover
	default:
		j.stage = trying
		e.handling++
	}
}

// takeBoxLocked makes a batch of what is in the box. Where that is the user's, it lets
// go of the lock meanwhile.
func (e *engine[T, B]) takeBoxLocked() {
	if e.turn == nil {
		e.closeBatchLocked()
		return
	}
	e.mu.Unlock()
	e.takeForeign()
	e.mu.Lock()
}

// settleLocked takes j off the books.
func (e *engine[T, B]) settleLocked(j *job[B]) {
	e.running.removeLocked(j)
	e.pending -= j.weight
	e.counts.batches++
	if j.err != nil {
		e.counts.failed += uint64(j.items)
	} else {
		e.handling--
		e.counts.handled += uint64(j.items)
	}
	if !e.closed {
		j.err = nil
		j.next, e.spares = e.spares, j
	}
	e.admitLocked()
	e.settleWaitsLocked()
}
