package limit

import (
	"reflect"
	"time"
)

// TokenOptions configures a [Token].
type TokenOptions struct {
	// Name tells this limiter apart in metrics, and its keys from those of other
	// limiters in the same Store: there they begin with Name and a colon; a colon in
	// Name is %3A there. If users choose keys, give all limiters of a Store names.
	Name string
	// Rate is how many events are allowed per time in the long run. There is no
	// default.
	Rate Rate
	// Burst is how many may come at once after a quiet time. The default is
	// Rate.Events, which is a period's worth; a smaller one spaces events more
	// evenly. At most as many as come back in 146 years.
	Burst int
	// Also has up to 15 further rates that apply to the same events: they are
	// allowed only if all rates allow them, and count in none of them otherwise.
	// Several keep off both rushes and slow drains: 10/s and 1000/h.
	Also []Bucket

	// Store keeps the state. The default is a [Memory] of its own, which keeps up
	// to 1,048,576 keys. All further options are for stores that are no Memory.
	Store Store
	// Timeout is how long a call of the Store may take before it counts as
	// failed. The default is 50 ms; negative means as long as the context lives.
	Timeout time.Duration
	// Fallback says who decides while the Store does not answer; by default each
	// process by itself, for its share.
	Fallback Fallback
	// Replicas is how many processes share the limit, for Fallback: a bit too
	// many is safer than too few. The default is 1.
	Replicas int
	// Lease is how many tokens of a key a process may take from the Store in
	// advance, at most the smallest burst, so that a busy key needs one call of
	// the Store for so many events. It takes them as the key gets busy; a quiet
	// one loses next to nothing to leases. All processes together then admit up to
	// Replicas * Lease events more in some span of time than without: in any t at
	// most Burst + Rate*t + Replicas*Lease.
	//
	// A key that has used up what there is is refused without asking the Store,
	// until events fit again and up to 3/8 of LeaseFor longer, in which several
	// gather for whoever comes first. The default is none. Peek and Reserve ask
	// the Store all the same. Up to 65,536 keys have leases at a time.
	Lease int
	// LeaseFor is how long leased tokens may be spent; then they are lost. The
	// default is 100 ms.
	LeaseFor time.Duration
	// OnDegraded is called when a stand-in takes over from the Store, with true
	// and the Store's error, and when the Store is back, with false and nil. Of a
	// [Parted] store it hears when the first part fails, and when all answer
	// again. It is called without locks, by a goroutine that asks the limiter and
	// waits for it, once for each change and in order. While a call of it lasts,
	// others go on and leave it up to 32 changes to hear of; of more, the oldest
	// are dropped in pairs.
	OnDegraded func(degraded bool, err error)
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o TokenOptions) Validate() error {
	if _, err := rulesOf(nil, o.buckets()); err != nil {
		return err
	}
	for _, b := range o.buckets() {
		if o.Lease < 0 || o.Lease > b.Burst {
			return errLease
		}
	}
	if o.LeaseFor < 0 {
		return errLeaseFor
	}
	return validateShared(o.Store, o.Fallback, o.Replicas)
}

func validateShared(s Store, f Fallback, replicas int) error {
	switch v := reflect.ValueOf(s); {
	case v.Kind() == reflect.Pointer && v.IsNil():
		return errStore
	case f > FallbackClosed:
		return errFallback
	case replicas < 0:
		return errReplicas
	}
	return nil
}

// buckets returns all rates as buckets, Rate first.
func (o TokenOptions) buckets() []Bucket {
	burst := o.Burst
	if burst == 0 {
		burst = o.Rate.Events
	}
	return append([]Bucket{{o.Rate, burst}}, o.Also...)
}
