package threading

import (
	"errors"
	"runtime"

	"github.com/weirgo/weir"
)

var (
	// ErrClosed is returned by what was asked to work after its Close.
	ErrClosed = errors.New("threading: closed")
	// ErrDeadlock is returned to a task that schedules another one with its own
	// [TaskRunner], where it would wait for room that nobody can make: all other
	// workers wait there already.
	ErrDeadlock = errors.New("threading: all workers wait for room for another task")
	// ErrGoexit stands for the result of a function that has none because it
	// called runtime.Goexit.
	ErrGoexit = errors.New("threading: a function called runtime.Goexit")

	errWorkers = errors.New("threading: TaskOptions.Workers must be 0 to 1,048,576")
	errQueue   = errors.New("threading: TaskOptions.Queue must be at most 1,073,741,824")
)

const (
	maxWorkers   = 1 << 20
	maxQueue     = 1 << 30
	defaultQueue = 1024
)

// TaskOptions configures a [TaskRunner].
type TaskOptions struct {
	// Name tells this runner apart in metrics.
	Name string
	// Workers is how many tasks may run at a time. The default is GOMAXPROCS at
	// the time of NewTaskRunner, which suits tasks that compute.
	Workers int
	// Queue is how many tasks may wait for a worker. The default is 1024; negative
	// means none: then a task is accepted only while a worker is free for it.
	Queue int
	// OnPanic is called when a task has panicked, on its goroutine, before that
	// goes on to other tasks. Without it, the panic is logged once through
	// [log/slog.Default].
	OnPanic func(*weir.Panic)
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o TaskOptions) Validate() error {
	switch {
	case o.Workers < 0 || o.Workers > maxWorkers:
		return errWorkers
	case o.Queue > maxQueue:
		return errQueue
	}
	return nil
}

func (o TaskOptions) withDefaults() TaskOptions {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Queue == 0 {
		o.Queue = defaultQueue
	}
	o.Queue = max(0, o.Queue)
	return o
}
