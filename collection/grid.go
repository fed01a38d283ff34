package collection

import (
	"sync/atomic"
	"time"
)

// A grid divides monotonic time into intervals, called epochs, numbered from 1.
// Epoch e belongs to place e % places of a ring.
type grid struct {
	start    time.Time // of epoch 0, which was over before the grid was made
	interval uint64    // in nanoseconds
	places   uint64
	// latest is the last epoch anybody found, and its place: epoch<<16 | place.
	// Most calls fall into the same epoch as the one before them, and a
	// multiplication shows it where it takes two divisions to find out.
	latest atomic.Uint64
}

const (
	placeBits = 16
	placeMask = 1<<placeBits - 1
)

func newGrid(places int, interval time.Duration) grid {
	return grid{
		start:    time.Now().Add(-interval),
		interval: uint64(interval),
		places:   uint64(places),
	}
}

// now reads the clock.
func (g *grid) now() (epoch, place uint64) {
	elapsed := uint64(time.Since(g.start))
	latest := g.latest.Load()
	epoch = latest >> placeBits
	if elapsed-epoch*g.interval < g.interval {
		return epoch, latest & placeMask
	}
	return g.locate(elapsed)
}

func (g *grid) locate(elapsed uint64) (epoch, place uint64) {
	// A grid made outside a synctest bubble may find the clock inside behind its
	// start. There, time stands still in epoch 0.
	if int64(elapsed) < 0 {
		return 0, 0
	}
	epoch = elapsed / g.interval
	place = epoch % g.places
	raise(&g.latest, epoch<<placeBits|place)
	return epoch, place
}
