package balance

import (
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/weirgo/weir"
)

const (
	// draws is how many nodes are drawn for a call at the most.
	draws = 6
	// dear is how many times what the better nodes cost makes another draw worth it.
	dear = 4
	// waits is in how many cases of one a node that waits for a call gets it.
	waits = 16
	// tries is how often a draw is repeated that fell on a node that should not get
	// it; the last one holds.
	tries = 8
)

func random() uint64 { return rand.Uint64() }

// dice are all the chance of one pick: SplitMix64 (Steele, Lea & Flood, 2014).
type dice uint64

func (d *dice) roll() uint64 {
	*d += 0x9E3779B97F4A7C15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below returns 0 to n-1.
func (d *dice) below(n int) int { return int((d.roll() >> 32) * uint64(n) >> 32) }

// unit returns 0 to 1, without 1.
func (d *dice) unit() float64 { return float64(d.roll()>>11) / (1 << 53) }

// doubt returns a half to 2, such that a number and its inverse are equally likely.
func (d *dice) doubt() float64 {
	u := d.unit() * 2
	if u < 1 {
		return (1 + u) / 2
	}
	return 2 / (3 - u)
}

// A picker picks among nodes that are ready. It takes no lock, and allocates
// nothing as a rule.
type picker struct {
	fleet *fleet
	nodes []weighted
	lots  *lots // nil if all weights are equal
}

func newPicker(f *fleet, nodes []weighted) *picker {
	return &picker{fleet: f, nodes: nodes, lots: newLots(nodes)}
}

// Pick implements [balancer.Picker].
func (p *picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	now := p.fleet.now()
	return p.choose(now).give(info, now, weir.Permit{})
}

func (p *picker) choose(now time.Duration) *node {
	if len(p.nodes) == 1 {
		return p.nodes[0].node
	}
	d := dice(p.fleet.random())
	o := p.fleet.opts.Load()
	typical := max(p.fleet.typical.load(), shortest)
	limit := max(p.fleet.fine.load(), shortest) * dear
	best := p.nodes[p.first(&d, now, o)]
	for range draws - 1 {
		rival := p.nodes[p.other(&d, best.place)]
		if rival.accepts(&d, now, o) {
			if rival.load(typical) < best.load(typical)*d.doubt() {
				best, rival = rival, best
			}
			if rival.forced(&d, now, o) {
				return rival.node
			}
		}
		if best.price(typical) <= limit {
			break
		}
	}
	return best.node
}

// forced reports whether the loser gets the call, since it waits for one too long.
// Who comes second finds that it does not wait any more.
func (w weighted) forced(d *dice, now time.Duration, o *P2COptions) bool {
	last := w.picked.Load()
	return now-time.Duration(last) > o.ProbeAfter && d.below(waits) == 0 &&
		w.picked.CompareAndSwap(last, int64(now))
}

// load is what the next call costs on a node.
func (w weighted) load(typical float64) float64 {
	return w.price(typical) * (1 + float64(w.inFlight())/w.weight)
}

// first draws a node that accepts the call. If all begin slowly, one that does not
// accept it has to take it.
func (p *picker) first(d *dice, now time.Duration, o *P2COptions) (i int) {
	for range tries {
		i = p.draw(d, len(p.nodes))
		if p.nodes[i].accepts(d, now, o) {
			break
		}
	}
	return i
}

// other draws another node than one. By weights it may be the same: else those of
// little weight would be drawn too often.
func (p *picker) other(d *dice, than int) int {
	i := p.draw(d, len(p.nodes)-1)
	if p.lots == nil && i >= than {
		i++
	}
	return i
}

// draw draws by weights, or one of the first n nodes.
func (p *picker) draw(d *dice, n int) int {
	if p.lots != nil {
		return p.lots.draw(d)
	}
	return d.below(n)
}

// accepts lets a node that begins slowly have the part of the draws that it is ready for.
func (w weighted) accepts(d *dice, now time.Duration, o *P2COptions) bool {
	r := w.readiness(now, o.SlowStart)
	return r == 1 || d.unit() < r
}
