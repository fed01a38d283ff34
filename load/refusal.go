package load

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
)

// A Reason is what a call was refused for.
type Reason uint8

const (
	// ReasonLimit: as many calls are in flight as can be worked on.
	ReasonLimit Reason = iota + 1
	// ReasonDeadline: there is room, but not enough time left to be done in time.
	ReasonDeadline
	// ReasonSignal: a signal, such as the CPU, says that this class is too much.
	ReasonSignal
	// ReasonDownstream: too many calls were refused further down.
	ReasonDownstream
	// ReasonCaller: this caller has had more than a fair share of a crowded class.
	ReasonCaller
	// ReasonQueue: the queue is full, or the call waited in it for too long.
	ReasonQueue

	numReasons = iota + 1
)

var reasonNames = [numReasons]string{
	ReasonLimit: "limit", ReasonDeadline: "deadline", ReasonSignal: "signal",
	ReasonDownstream: "downstream", ReasonCaller: "caller", ReasonQueue: "queue",
}

// String returns the reason in one lower-case word.
func (r Reason) String() string {
	if r > 0 && r < numReasons {
		return reasonNames[r]
	}
	return "reason(" + strconv.Itoa(int(r)) + ")"
}

// ErrOverloaded is what every refusal of a shedder is, besides [weir.ErrRejected].
var ErrOverloaded = weir.NewRejection("load: overloaded")

// A Refusal is the error with which a [Shedder] refuses. All refusals of a shedder
// for the same reason and class are the same value, so that they cost nothing.
type Refusal struct {
	Reason Reason
	Class  weir.Criticality
	Signal string // which, if a signal was the reason

	text string
}

// Error says in a few words why: "load: overloaded (limit, critical)".
func (r *Refusal) Error() string { return r.text }

// Is reports whether target is [ErrOverloaded] or [weir.ErrRejected].
func (r *Refusal) Is(target error) bool { return target == ErrOverloaded || target == weir.ErrRejected }

// RetryAfter tells clients to stay away for a second.
func (r *Refusal) RetryAfter() time.Duration { return time.Second }

// refusals has all errors that a shedder may refuse with, and counts them.
type refusals struct {
	counts  [numReasons][numClasses]atomic.Uint64
	spared  [numReasons][numClasses]atomic.Uint64 // with DryRun, instead of counts
	_       [lineSize]byte                        // what is written, and what is only read
	errs    [numReasons][numClasses]*Refusal
	signals [][numClasses]*Refusal
}

func (r *refusals) init(signals []Signal) {
	for reason := ReasonLimit; reason < numReasons; reason++ {
		r.errs[reason] = refusalsFor(reason, "")
	}
	for _, s := range signals {
		r.signals = append(r.signals, refusalsFor(ReasonSignal, s.Name))
	}
}

func refusalsFor(reason Reason, signal string) (all [numClasses]*Refusal) {
	why := reason.String()
	if signal != "" {
		why += " " + signal
	}
	for i := range all {
		class := classAt(i)
		all[i] = &Refusal{reason, class, signal, "load: overloaded (" + why + ", " + class.String() + ")"}
	}
	return all
}

// refuse counts a refusal and returns it, or with DryRun admits the call after all.
func (s *Shedder) refuse(ctx context.Context, now int64, r *Refusal) (weir.Permit, error) {
	if s.opts.DryRun {
		s.refused.spared[r.Reason][indexOf(r.Class)].Add(1)
		n := s.enter()
		return s.admit(ctx, now, n), nil
	}
	s.refused.counts[r.Reason][indexOf(r.Class)].Add(1)
	return weir.Permit{}, r
}
