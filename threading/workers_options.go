package threading

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/weirgo/weir"
)

// ErrStarted is returned by the second Start of a [WorkerGroup].
var ErrStarted = errors.New("threading: started already")

var (
	errJob          = errors.New("threading: WorkerOptions.Job must be set")
	errGroupWorkers = errors.New("threading: WorkerOptions.Workers must be 0 to 1,048,576")
	errRestart      = errors.New("threading: WorkerOptions.Restart is unknown")
)

// Restart says after what a [WorkerGroup] starts a job again.
type Restart uint8

const (
	// RestartNever lets a worker end with its job.
	RestartNever Restart = iota
	// RestartOnPanic starts a job again that has panicked, or has called
	// [runtime.Goexit]; a worker whose job returns, be it with an error, ends.
	RestartOnPanic
	// RestartAlways starts a job again whatever has become of it.
	RestartAlways
)

const (
	defaultBackoff    = 100 * time.Millisecond
	defaultMaxBackoff = 10 * time.Second
)

// WorkerOptions configures a [WorkerGroup].
type WorkerOptions struct {
	// Name tells this group apart in metrics.
	Name string
	// Workers is how many goroutines run Job. The default is GOMAXPROCS at the
	// time of NewWorkerGroup.
	Workers int
	// Job is what each worker runs. There is no default. Its context ends with
	// that of Start and by Close; it should then return.
	Job func(ctx context.Context) error
	// Restart says when a worker runs Job again. The default is RestartNever.
	Restart Restart
	// Backoff is how long a worker waits before it runs Job again; each further
	// time it waits twice as long. The default is 100 ms; negative is not at all.
	Backoff time.Duration
	// MaxBackoff is how long that wait grows. The default is 10 s, or Backoff if
	// that is more. A Job that has run for as long as that begins again with
	// Backoff. Negative means that the wait does not grow.
	MaxBackoff time.Duration
	// OnEnd is called each time a Job has ended, by its worker, which then goes on:
	// with what Job returned, a [*weir.Panic], or [ErrGoexit].
	OnEnd func(err error)
	// OnPanic is called when a Job has panicked, by its worker, before OnEnd.
	// Without it, the panic is logged once through [log/slog.Default].
	OnPanic func(*weir.Panic)
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o WorkerOptions) Validate() error {
	switch {
	case o.Job == nil:
		return errJob
	case o.Workers < 0 || o.Workers > maxWorkers:
		return errGroupWorkers
	case o.Restart > RestartAlways:
		return errRestart
	}
	return nil
}

func (o WorkerOptions) withDefaults() WorkerOptions {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Backoff == 0 {
		o.Backoff = defaultBackoff
	}
	o.Backoff = max(0, o.Backoff)
	if o.MaxBackoff == 0 {
		o.MaxBackoff = defaultMaxBackoff
	}
	o.MaxBackoff = max(o.Backoff, o.MaxBackoff)
	return o
}
