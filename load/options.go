package load

import (
	"context"
	"errors"
	"time"
)

// Options configures a [Shedder]. The zero value is right for most services, at
// five requests a second as well as at fifty thousand: the shedder finds out by
// itself how many calls fit. Every field that is zero has the default that its
// comment names.
type Options struct {
	// Name tells this shedder apart in metrics.
	Name string

	// MinLimit and MaxLimit bound how many calls may be in flight at a time,
	// whatever is measured. The defaults are 1 and 1,000,000. Calls that seem to
	// hang do not count; and where nothing ends for a second, or for twenty times
	// as long as calls took of late, one more is let in.
	MinLimit, MaxLimit int
	// InitialLimit is how many calls may be in flight before anything is known: by
	// default 3 (but never beyond the other two), from where the limit triples as
	// long as latency does not grow. Set it to what Stats once reported as Limit if
	// a new process is to start at once under full load.
	InitialLimit int

	// CPUThreshold is from which share of its CPU quota, 0 to 1, the process is
	// taken to be overloaded, so that the sheddable classes are refused. The
	// default is 0.9; negative means that the CPU is not looked at. The limit on
	// calls in flight needs no CPU signal.
	CPUThreshold float64
	// Signals are further signs of overload, such as [RunQueue] and [Delay].
	Signals []Signal
	// CoolOff is for how long after the last sign of overload a signal goes on to
	// have traffic refused. The default is 1 s; negative means not at all.
	CoolOff time.Duration

	// MaxQueue is how many calls may wait for their turn, in all classes together,
	// up to 1,048,576. The default is none, and so is negative.
	MaxQueue int

	// Caller names who is behind a call, so that one who calls more than the
	// others cannot crowd them out of their class: while calls have to be refused,
	// those of the busiest callers are refused first. It is called for each call
	// that arrives in a crowd. The default is nil: callers are not told apart.
	Caller func(context.Context) string

	// DryRun admits what would be refused, and counts it as Spared; SparedFrom says
	// what it would have been refused for. MaxQueue means nothing then: nobody waits.
	DryRun bool
}

const (
	maxLimit       = 1 << 20
	maxQueue       = 1 << 20
	defaultFirst   = 3
	defaultCool    = time.Second
	defaultCPU     = 0.9
	defaultCeiling = 1_000_000
)

// Validate returns what makes the options impossible, nil if nothing does.
func (o Options) Validate() error {
	o = o.withDefaults()
	switch {
	case o.MinLimit < 1 || o.MaxLimit < o.MinLimit || o.MaxLimit > maxLimit:
		return errors.New("load: Options.MinLimit must be at least 1, and MaxLimit no less, and at most 1048576")
	case o.InitialLimit < 1 || o.InitialLimit > maxLimit:
		return errors.New("load: Options.InitialLimit must be 1 to 1048576")
	case !(o.CPUThreshold <= 1): // written so that NaN fails
		return errors.New("load: Options.CPUThreshold must be at most 1")
	case o.MaxQueue > maxQueue:
		return errors.New("load: Options.MaxQueue must be at most 1048576")
	}
	for _, s := range o.Signals {
		if err := s.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (o Options) withDefaults() Options {
	o.MinLimit = orDefault(o.MinLimit, 1)
	o.MaxLimit = orDefault(o.MaxLimit, max(defaultCeiling, o.MinLimit))
	o.InitialLimit = orDefault(o.InitialLimit, defaultFirst)
	o.CPUThreshold = orDefault(o.CPUThreshold, defaultCPU)
	o.CoolOff = max(0, orDefault(o.CoolOff, defaultCool))
	o.MaxQueue = max(0, o.MaxQueue)
	return o
}

// signals returns all signals that the options ask for.
func (o Options) signals() (all []Signal) {
	if o.CPUThreshold > 0 {
		all = append(all, CPU(o.CPUThreshold))
	}
	return append(all, o.Signals...)
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
