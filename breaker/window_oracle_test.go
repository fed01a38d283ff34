package breaker

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An oracle is a window that remembers everything and computes naively.
type oracle struct {
	n      uint32
	first  uint32
	floor  uint32
	counts map[uint32]*[kinds]uint64 // by epoch: what the window may still hold
	newest map[[2]uint32]uint32      // by place and kind: the last epoch that counted there
	totals [kinds]uint64
}

func newOracle(n int) *oracle {
	return &oracle{
		n: uint32(n), first: uint32(n) + 1,
		counts: map[uint32]*[kinds]uint64{}, newest: map[[2]uint32]uint32{},
	}
}

func (o *oracle) add(kind int, epoch uint32) {
	at := [2]uint32{epoch % o.n, uint32(kind)}
	if o.newest[at] > epoch {
		return // its bucket serves a later epoch by now
	}
	o.newest[at] = epoch
	if o.counts[epoch] == nil {
		o.counts[epoch] = new([kinds]uint64)
	}
	o.counts[epoch][kind]++
	o.totals[kind]++
}

func (o *oracle) forgive(epoch uint32) {
	o.floor = epoch
	if c := o.counts[epoch]; c != nil {
		c[failed], c[refused] = 0, 0
	}
}

func (o *oracle) history(epoch uint32) (h history) {
	failing, working := true, true // so far, going back in time
	for e := epoch; e+o.n > epoch && e >= max(o.floor, 1); e-- {
		c := o.counts[e]
		if c == nil {
			continue
		}
		h.accepted += float64(c[accepted])
		h.failed += float64(c[failed])
		h.refused += float64(c[refused])
		failing = failing && c[accepted] == 0
		working = working && c[failed] == 0
		if failing && c[failed] > 0 {
			h.failing++
		}
		if working && c[accepted] > 0 {
			h.working++
		}
	}
	return h
}

func (o *oracle) silence(epoch uint32) uint32 {
	last := o.first
	for _, e := range o.newest {
		last = max(last, e)
	}
	return epoch - last
}

// replay drives a window and the oracle with the same operations, two bytes each,
// and compares them after every one.
func replay(t *testing.T, n int, interval time.Duration, ops []byte) {
	var w window
	w.init(interval*time.Duration(n), n)
	o := newOracle(n)
	var now int64
	for len(ops) >= 2 {
		op, arg := ops[0], int64(ops[1])
		ops = ops[2:]
		epoch := w.epoch(now)
		switch op % 9 {
		case 0, 1, 2: // count some
			for range arg%4 + 1 {
				w.add(int(op%9), epoch)
				o.add(int(op%9), epoch)
			}
		case 3: // a part of an interval goes by
			now += int64(interval) * arg / 256
		case 4: // some intervals, up to three windows
			now += int64(interval) * (arg % int64(3*n+2))
		case 5: // to the edge of the next bucket, a nanosecond before or after it
			now = max(now, (now/int64(interval)+1)*int64(interval)+arg%3-1)
		case 6:
			w.forgive(epoch)
			o.forgive(epoch)
		case 7, 8: // a writer that was stalled for up to a window and a bit
			late := max(o.first, epoch-min(epoch, uint32(arg)%uint32(n+3)))
			w.add(int(arg)%kinds, late)
			o.add(int(arg)%kinds, late)
		}
		epoch = w.epoch(now)
		require.Equal(t, o.history(epoch), w.history(epoch), "at %d", now)
		require.Equal(t, time.Duration(o.silence(epoch))*interval, w.silence(epoch), "at %d", now)
		for kind := range kinds {
			require.Equal(t, o.totals[kind], w.total(kind))
		}
	}
}

func TestWindowAgreesWithANaiveOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{2, 3, 7, 40, 64} {
		for range 8 {
			ops := make([]byte, 3000)
			for i := range ops {
				ops[i] = byte(rng.Uint32())
			}
			replay(t, n, 250*time.Millisecond, ops)
		}
	}
}

func FuzzWindowAgreesWithANaiveOne(f *testing.F) {
	f.Add(uint8(40), []byte{0, 1, 4, 39, 1, 1, 4, 1, 0, 1})       // a round later
	f.Add(uint8(3), []byte{1, 3, 5, 0, 1, 3, 5, 1, 1, 3, 5, 2})   // along the edges
	f.Add(uint8(7), []byte{0, 9, 2, 9, 6, 0, 4, 1, 7, 1, 7, 200}) // forgiven, then stale writers
	f.Add(uint8(2), []byte{0, 0, 4, 7, 1, 0, 8, 4, 6, 6})         // jumps of several windows
	f.Fuzz(func(t *testing.T, n uint8, ops []byte) {
		replay(t, max(2, int(n)%70), time.Millisecond, ops[:min(len(ops), 4000)])
	})
}
