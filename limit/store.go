package limit

import (
	"context"
	"time"
)

// Taken is what a [Store] answers.
type Taken struct {
	// OK says that the events were taken; else none was.
	OK bool
	// Limit is the burst of the bucket that allows least, or the quota.
	Limit int
	// Remaining is how many further events would be taken right now: 0 to Limit.
	Remaining int
	// Wait is how long it takes until the events fit: 0 if they were taken and
	// may happen at once, negative if they will never fit. Where a caller said
	// how long it is ready to wait, and the events were taken, it is how long
	// they have to wait now.
	Wait time.Duration
	// Reset is how long it takes until all is as if nothing had happened.
	Reset time.Duration
}

// A Store keeps the state of limiters: [Memory] for one process, others for
// several processes together.
//
// Each call is one atomic step. What is kept belongs to the key, not to its
// limits, so limiters should share a key of a store only if their limits are the
// same. If they differ, each of them sees what the others have taken and judges it
// by its own limits, as far as that goes; see [Memory].
//
// A store uses a clock of its own, the same for all who share the store. It is safe
// for concurrent use, and keeps neither the slice of buckets nor changes it. It
// returns an error only if it does not know the answer. Limiters do not rely on
// an answer that makes no sense, such as more Remaining than Limit, and take a
// panic for an error.
//
// A store must return soon after ctx is done. That is how a limiter bounds what its
// callers wait: it hands over a context that ends after Timeout, and waits for the
// store to return, without a goroutine. Callers that a store holds for longer are
// held; but whoever comes later than twice the Timeout and 100 ms is not sent to a
// store that returns nobody, nor to one that has answered too late.
type Store interface {
	// TakeTokens takes n events from every bucket of the key, or from none.
	// Events that fit only later are taken, too, if that is at most within away.
	//
	// With n = 0 it takes nothing, and answers with OK and Wait whether and when
	// one event would fit. A negative n gives -n events back, never beyond full
	// buckets, and is always OK; within is then how far in the future they were
	// to happen. If others have taken events for a time after that, nothing is
	// given back, so that no two have one place.
	TakeTokens(ctx context.Context, key string, n int, within time.Duration, buckets []Bucket) (Taken, error)
	// TakeWindow takes n events, at least 0, from the window of the key, or none.
	// With n = 0 it answers with OK and Wait whether and when one would fit.
	TakeWindow(ctx context.Context, key string, n int, w Window) (Taken, error)
}

// Parted is what a [Store] may implement, too, if parts of it fail apart, as the
// nodes of a cluster do. A limiter then learns of each part by itself whether it
// answers, at the price of one Timeout each: keys of a part that does not answer
// are decided by the stand-in, and all others by the store.
//
// Without it, one part that does not answer is taken for all of the store, and
// the next part that does, for its recovery.
type Parted interface {
	// Parts returns a function that says which part holds prefix + key, which is
	// the key that the store is called with, or nil if this store has no parts.
	// Any number will do; of those, 64 are told apart: the rest of a division by
	// that. The function is called for each decision, perhaps twice, and should
	// neither wait nor allocate. It is safe for concurrent use. If it panics, the
	// key is in part 0. A limiter calls Parts once, when it is made.
	Parts(prefix string) func(key string) int
}
