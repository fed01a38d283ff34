package weiretcd

import (
	"errors"
	"math"
	"time"
)

// ResolverOptions configures a [Resolver]. Every field may be zero, and then has
// the default that its comment names.
type ResolverOptions struct {
	// Timeout is how long etcd may take for an answer. The default is 3 s.
	Timeout time.Duration

	// CheckEvery is how often etcd is asked whether it is there, give or take 20 %,
	// by counting the keys: that is how long it may take until a list is known to
	// be stale. The default is 10 s. Negative means never: then an etcd that is
	// gone goes unnoticed until gRPC loses a connection to an instance, and an etcd
	// that was replaced may go unnoticed for good.
	CheckEvery time.Duration

	// Settle is how long nothing must have changed before gRPC is told of changes;
	// it is told after ten times as long in any case. So a restart of many
	// instances is a few updates. The default is 10 ms. Negative means at once.
	Settle time.Duration

	// KeepLast is for how long an empty list is not believed, counted while etcd
	// answers: gRPC keeps the last one that was not empty, and Stats say Empty. A
	// service without any instance fails its callers either way; an etcd that has
	// lost its data must not. The default is for ever. Negative means that an empty
	// list is believed at once: better where addresses are soon given to others, as
	// those of pods are, and calls do not tell one service from another.
	//
	// Besides, whatever KeepLast is, instances that go missing because etcd has
	// lost its data, as its revision, its term or its identity tell, are kept for a
	// minute, in which they can register anew.
	KeepLast time.Duration
}

// grace is how long instances that etcd has lost are kept. Registrars notice
// within a third of their TTL, and wait for 10 s at most.
const grace = time.Minute

const forever = time.Duration(math.MaxInt64)

// Validate returns what makes the options impossible, nil if nothing does.
func (o ResolverOptions) Validate() error {
	if o.Timeout < 0 {
		return errors.New("weiretcd: ResolverOptions.Timeout must not be negative")
	}
	return nil
}

func (o ResolverOptions) withDefaults() ResolverOptions {
	o.Timeout = orDefault(o.Timeout, 3*time.Second)
	o.CheckEvery = orDefault(o.CheckEvery, 10*time.Second)
	o.Settle = max(0, orDefault(o.Settle, 10*time.Millisecond))
	o.KeepLast = max(0, orDefault(o.KeepLast, forever))
	return o
}

func orDefault(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return d
}
