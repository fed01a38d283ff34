package executors

import "time"

// A job is a batch on its way, from when it is full or due until it is settled.
type job[B any] struct {
	next, prev *job[B]

	seq    uint64 // batches are counted as they are closed
	batch  B
	items  int
	weight int

	// Below belongs to the worker that has the job.

	stage stage
	tries int
	err   error         // why the last try failed
	wait  time.Duration // before the next one
}

// A stage is what is to be done with a job next. A job outlives its worker, which
// ends if a function calls Goexit: another one goes on with what comes after.
type stage uint8

const (
	trying    stage = iota // call Handle
	judging                // it failed: decide whether to try again
	pausing                // wait until then
	reporting              // call OnError
	over                   // take it off the books
)

// interrupt notes that the worker's goroutine ended in the midst of a stage.
func (j *job[B]) interrupt() {
	switch j.stage {
	case trying:
		j.stage, j.err = judging, ErrGoexit
	case judging:
		j.stage = reporting
	case reporting:
		j.stage = over
	}
}

// jobs is a FIFO list of jobs, from which any may be taken out. Its zero value is
// empty. The lock of its engine guards it.
type jobs[B any] struct {
	first, last *job[B]
	len         int
}

func (l *jobs[B]) pushLocked(j *job[B]) {
	j.prev = l.last
	if l.last == nil {
		l.first = j
	} else {
		l.last.next = j
	}
	l.last = j
	l.len++
}

// removeLocked takes out j, which must be in the list.
func (l *jobs[B]) removeLocked(j *job[B]) {
	if j.prev == nil {
		l.first = j.next
	} else {
		j.prev.next = j.next
	}
	if j.next == nil {
		l.last = j.prev
	} else {
		j.next.prev = j.prev
	}
	j.next, j.prev = nil, nil
	l.len--
}
