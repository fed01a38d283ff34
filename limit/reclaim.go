package limit

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
)

// A reclaimer takes back permits that were forgotten. It only works while the
// limit is exhausted, for only then are they missed; a permit that it has seen
// outstanding in all sweeps for maxHold is revoked.
type reclaimer struct {
	epoch   time.Time
	maxHold time.Duration
	next    atomic.Int64 // when the next sweep is due, as time since epoch
	revoked atomic.Uint64

	mu   sync.Mutex
	seen map[*slot]sighting // guarded by mu
}

// A sighting is since when a permit has been seen outstanding.
type sighting struct {
	permit weir.Permit
	since  time.Duration
}

func (r *reclaimer) init(maxHold time.Duration) {
	r.epoch, r.maxHold = time.Now(), maxHold
}

// sweep looks at all permits, if it is time to. One caller does it; the others
// pass.
func (r *reclaimer) sweep(s *slots) {
	if r.maxHold < 0 {
		return
	}
	now := time.Since(r.epoch)
	due := r.next.Load()
	if int64(now) < due || !r.next.CompareAndSwap(due, int64(now+r.maxHold/8)) {
		return
	}
	for _, p := range r.overdue(s, now) {
		r.revoked.Add(1)
		p.Done(weir.Ignored) // does nothing if it was settled meanwhile
	}
}

// overdue notes what is outstanding, and returns what has been for too long.
func (r *reclaimer) overdue(s *slots, now time.Duration) (list []weir.Permit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := make(map[*slot]sighting, len(r.seen))
	s.each(func(sl *slot) {
		p, out := sl.Outstanding()
		if !out {
			return
		}
		first, known := r.seen[sl]
		switch {
		case !known || first.permit != p:
			seen[sl] = sighting{p, now}
		case now-first.since >= r.maxHold:
			list = append(list, p)
		default:
			seen[sl] = first
		}
	})
	r.seen = seen
	return list
}
