package balance

import (
	"errors"
	"fmt"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirgrpc"
)

// P2COptions configures p2c_ewma. The zero value is good for calls of a
// millisecond as for calls of a second. The durations can be set in a service
// config as well, where they have precedence:
//
//	{"p2c_ewma": {"decay": "10s", "slowStart": "4s", "probeAfter": "1s", "longCall": "10s"}}
type P2COptions struct {
	// Decay is how long it takes what was known of a server's latency to count no
	// more than 1/e of it, once calls are faster. The default is 10 s.
	Decay time.Duration

	// SlowStart is how long a server that joins others has to wait for its full
	// share. The default is 4 s; negative means that it gets it at once.
	SlowStart time.Duration

	// ProbeAfter is how long a server goes without a call before it gets one
	// however dear it looks. That happens in one of 16 cases in which it is drawn,
	// so it takes longer where there are fewer calls than servers per second. The
	// default is 1 s; negative means never.
	ProbeAfter time.Duration

	// LongCall is from when on a call that succeeds is taken for a stream, whose
	// length says nothing about the server. The default is 10 s; negative means
	// that none is.
	LongCall time.Duration

	// Untimed reports which methods are never timed, "/package.Service/Method":
	// streams that are as long as the caller likes, and the like. Whether they
	// succeed counts all the same. It is called for each call, without locks. The
	// default is that all are timed.
	Untimed func(fullMethod string) bool

	// Classify tells what the error of a call, nil if it succeeded, says about the
	// server. Failure and Overloaded make it dearer, Ignored leaves it as it is. It
	// is called at the end of each call, without locks. The default is
	// [weirgrpc.Classify].
	Classify func(err error) weir.Outcome
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o P2COptions) Validate() error {
	o = o.withDefaults()
	if o.Decay < time.Millisecond || o.Decay > never {
		return errors.New("balance: Decay must be a millisecond to 73 years")
	}
	return nil
}

// never is 73 years. What were longer could overflow where it is added to.
const never = time.Duration(1 << 61)

func (o P2COptions) withDefaults() P2COptions {
	o.Decay = orDefault(o.Decay, 10*time.Second)
	o.SlowStart = min(max(0, orDefault(o.SlowStart, 4*time.Second)), never)
	o.ProbeAfter = orNever(orDefault(o.ProbeAfter, time.Second))
	o.LongCall = orNever(orDefault(o.LongCall, 10*time.Second))
	if o.Classify == nil {
		o.Classify = weirgrpc.Classify
	}
	return o
}

func orDefault[T comparable](v, usual T) T {
	var zero T
	if v == zero {
		return usual
	}
	return v
}

func orNever(d time.Duration) time.Duration {
	if d < 0 {
		return never
	}
	return min(d, never)
}

// HashOptions configures consistent_hash. Load and Slots can be set in a service
// config as well, and so can what P2COptions says of itself:
//
//	{"consistent_hash": {"load": 1.5, "slots": 65536, "probeAfter": "1s"}}
type HashOptions struct {
	// Load bounds what a server may have in flight to so many times its fair share
	// of all calls with a key: the first of the servers that are next for a key and
	// have room gets the call. At the least 1; the default is 1.5. Negative means
	// that there is no bound. With few calls in flight a fair share is less than one
	// call, and two calls at a time about one key go to two servers.
	Load float64

	// Slots is that of [hash.RingOptions]; clients that are to agree must have the
	// same. The default is 65,536, which is good for some hundred servers.
	Slots int

	// P2C is for the calls that have no key, and for what is measured of all calls.
	P2C P2COptions
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o HashOptions) Validate() error {
	if err := o.P2C.Validate(); err != nil {
		return err
	}
	if err := o.withDefaults().ring().Validate(); err != nil {
		return fmt.Errorf("balance: %w", err)
	}
	return nil
}

func (o HashOptions) withDefaults() HashOptions {
	o.Load = orDefault(o.Load, 1.5)
	o.Slots = orDefault(o.Slots, 1<<16)
	o.P2C = o.P2C.withDefaults()
	return o
}
