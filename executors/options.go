package executors

import (
	"math"
	"time"
)

const (
	maxWorkers      = 1 << 20
	defaultSize     = 1000
	defaultBytes    = 1 << 20
	defaultInterval = time.Second
	// batchesPending is how many full batches may be pending for each worker.
	batchesPending = 10
)

// settings are what all executors that gather items can be told, checked and completed
// in the same way.
type settings struct {
	name       string
	limit      int           // weight of a full batch
	interval   time.Duration // negative: no timer
	maxPending int           // weight of all that is accepted and not settled
	workers    int
	failFast   bool
	retry      Retry
}

func (s settings) validate() error {
	switch {
	case s.maxPending < 0:
		return errMaxPending
	case s.workers < 0 || s.workers > maxWorkers:
		return errWorkers
	}
	return s.retry.validate()
}

func (s settings) withDefaults(limit int) settings {
	if s.limit == 0 {
		s.limit = limit
	}
	if s.interval == 0 {
		s.interval = defaultInterval
	}
	if s.workers == 0 {
		s.workers = 1
	}
	if s.maxPending == 0 {
		s.maxPending = times(times(s.limit, batchesPending), s.workers)
	}
	s.retry = s.retry.withDefaults()
	return s
}

// times returns a*b, of positive numbers, as far as an int can tell.
func times(a, b int) int {
	if a > math.MaxInt/b {
		return math.MaxInt
	}
	return a * b
}

func must(err error) {
	if err != nil {
		panic(err.Error())
	}
}
