package limit

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
)

// minSweepPause keeps those who wait from sweeping all the time where MaxHold is
// tiny.
const minSweepPause = time.Millisecond

// A reclaimer takes back permits that were forgotten. It only works while the
// limit is exhausted, for only then are they missed: calls that cannot be
// admitted at once sweep over all permits, eight times per maxHold. A permit
// that a sweep finds out maxHold after another sweep first did so is revoked.
type reclaimer struct {
	epoch   time.Time
	maxHold time.Duration
	pause   time.Duration // between two sweeps
	next    atomic.Int64  // when the next sweep is due, as time since epoch
	revoked atomic.Uint64

	mu sync.Mutex // held by whoever sweeps; guards the sightings in the slots
}

// A sighting is since when a permit has been seen outstanding.
type sighting struct {
	permit weir.Permit
	since  time.Duration // since the reclaimer's epoch
}

func (r *reclaimer) init(maxHold time.Duration) {
	r.epoch, r.maxHold = time.Now(), maxHold
	r.next.Store(math.MinInt64) // inside a synctest bubble, now may be before epoch
	r.pause = max(maxHold/8, minSweepPause)
}

// needs reports whether a call that waits for so long (negative is for ever) has
// to sweep meanwhile. One that gives up sooner leaves it to the next to come.
func (r *reclaimer) needs(wait time.Duration) bool {
	return r.maxHold > 0 && (wait < 0 || wait > r.pause)
}

// sweep looks at all permits, if it is time to. One caller does it; the others
// pass.
func (r *reclaimer) sweep(s *slots) {
	if r.maxHold < 0 {
		return
	}
	now := time.Since(r.epoch)
	if int64(now) < r.next.Load() || !r.mu.TryLock() {
		return
	}
	defer r.mu.Unlock()
	r.next.Store(int64(now + r.pause))
	s.each(func(sl *slot) {
		p, out := sl.Outstanding()
		switch {
		case !out:
		case sl.seen.permit != p:
			sl.seen = sighting{p, now}
		case now-sl.seen.since >= r.maxHold:
			r.revoked.Add(1)
			p.Done(weir.Ignored) // does nothing if it was settled meanwhile
		}
	})
}
