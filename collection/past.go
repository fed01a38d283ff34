package collection

import "sync/atomic"

// past remembers the sum of all finished buckets, so that one reader per epoch
// adds them up and the others find it done. Nobody ever waits for it: a reader
// that cannot use it adds up for itself.
type past struct {
	// seen is the latest epoch in which a reader added up.
	seen atomic.Uint64
	// late counts the values that came into a bucket after it had been added up.
	late atomic.Uint64

	version atomic.Uint64 // odd while somebody writes what is below
	epoch   atomic.Uint64
	lateAt  atomic.Uint64 // late, before the buckets were added up
	count   atomic.Uint64
	sum     atomic.Uint64
	low     atomic.Uint64
	high    atomic.Uint64
}

// left is called by each writer, after it left the cells of an epoch.
//
// A writer stores into its bucket, then looks at seen; a reader stores seen, then
// looks at the buckets. So whichever comes second notices the other: either the
// reader finds the value, or the writer finds that the reader may have missed it.
func (p *past) left(epoch uint64) {
	if p.seen.Load() > epoch {
		p.late.Add(1)
	}
}

// begin announces that a reader is about to add up the buckets before epoch. The
// result belongs into save.
func (p *past) begin(epoch uint64) (late uint64) {
	raise(&p.seen, epoch)
	// Loaded before the buckets are: a value that comes in meanwhile makes the
	// result too old as soon as it is saved, whether or not it is part of it.
	return p.late.Load()
}

// save keeps a sum for the other readers of its epoch, unless somebody else is
// saving. The sum of a reader that was held up may replace a newer one; then it
// fits neither epoch nor late, and the next reader adds up again.
func (p *past) save(epoch, late uint64, t tally) {
	v := p.version.Load()
	if v&1 != 0 || !p.version.CompareAndSwap(v, v+1) {
		return
	}
	p.epoch.Store(epoch)
	p.lateAt.Store(late)
	p.count.Store(t.count)
	p.sum.Store(t.sum)
	p.low.Store(t.low)
	p.high.Store(t.high)
	p.version.Store(v + 2)
}

// load returns the sum of the buckets before epoch, if it is known.
func (p *past) load(epoch uint64) (t tally, ok bool) {
	v := p.version.Load()
	if v&1 != 0 || p.epoch.Load() != epoch {
		return tally{}, false
	}
	late := p.lateAt.Load()
	t.count = p.count.Load()
	t.sum, t.low, t.high = p.sum.Load(), p.low.Load(), p.high.Load()
	// late comes first: a writer that was done before this call has counted
	// itself by now, and the version then vouches for all that was loaded above.
	ok = p.late.Load() == late && p.version.Load() == v
	return t, ok
}
