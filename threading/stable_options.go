package threading

import (
	"errors"
	"runtime"
)

// ErrDropped is the result of an input of a [StableRunner] that had not begun
// when the time of Close was up.
var ErrDropped = errors.New("threading: closed before this input began")

var (
	errStableWorkers = errors.New("threading: StableOptions.Workers must be 0 to 1,048,576")
	errStableBuffer  = errors.New("threading: StableOptions.Buffer must be 0 to 1,073,741,824")
)

// StableOptions configures a [StableRunner].
type StableOptions struct {
	// Name tells this runner apart in metrics.
	Name string
	// Workers is how many inputs are worked on at a time. The default is
	// GOMAXPROCS at the time of NewStableRunner.
	Workers int
	// Buffer is how many inputs may be pushed whose outputs have not been got. The
	// default is four per worker. Fewer than Workers keep some of them idle.
	Buffer int
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o StableOptions) Validate() error {
	switch {
	case o.Workers < 0 || o.Workers > maxWorkers:
		return errStableWorkers
	case o.Buffer < 0 || o.Buffer > maxQueue:
		return errStableBuffer
	}
	return nil
}

func (o StableOptions) withDefaults() StableOptions {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Buffer == 0 {
		o.Buffer = 4 * o.Workers
	}
	return o
}
