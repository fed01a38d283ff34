package hash

import "math/bits"

// An electorate is those who stand for election in every slot, heaviest first and
// then by name. It is the part of a ring that does not depend on the type of nodes.
type electorate struct {
	seeds   []uint64
	weights []uint64
	even    bool // all weights are equal
	logs    *logTable
}

// A bid is what one node has to say for itself in one slot.
type bid struct {
	draw, weight uint64
	node         int
}

// golden and mix are SplitMix64: its output number k, from 1, is mix of the seed
// plus k times golden.
const golden = 0x9E3779B97F4A7C15

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

func slotBase(slot int) uint64 { return (uint64(slot) + 1) * golden }

func (e *electorate) bid(base uint64, node int) bid {
	return bid{mix(e.seeds[node] + base), e.weights[node], node}
}

// better reports whether a wins against b. It is a total order: by cost per
// weight, exactly; then by draw, and at last by place in the electorate.
func (e *electorate) better(a, b bid) bool {
	switch {
	case a.weight == b.weight: // then the draw alone says who costs less
	case a.weight > b.weight && a.draw >= b.draw:
		return true
	case a.weight < b.weight && a.draw <= b.draw:
		return false
	default:
		// a.cost/a.weight < b.cost/b.weight, multiplied by both weights
		hi, lo := bits.Mul64(e.logs.cost(a.draw), b.weight)
		hi2, lo2 := bits.Mul64(e.logs.cost(b.draw), a.weight)
		if hi != hi2 || lo != lo2 {
			return hi < hi2 || hi == hi2 && lo < lo2
		}
	}
	return a.draw > b.draw || a.draw == b.draw && a.node < b.node
}

// elect returns who wins a slot.
func (e *electorate) elect(base uint64) int {
	if e.even {
		return e.highest(base)
	}
	best, top := e.bid(base, 0), uint64(0)
	for i, seed := range e.seeds {
		draw := mix(seed + base)
		if draw <= top {
			continue // to somebody no lighter, since those came first
		}
		top = draw
		if b := (bid{draw, e.weights[i], i}); e.better(b, best) {
			best = b
		}
	}
	return best.node
}

// highest is elect where all weigh the same. It is written such that it compiles
// to no branches but that of the loop: with few nodes they would be guessed wrong
// most of the time.
func (e *electorate) highest(base uint64) int {
	best, top := 0, uint64(0)
	for i, seed := range e.seeds {
		draw, winner := mix(seed+base), best
		if draw > top {
			winner = i
		}
		best, top = winner, max(top, draw)
	}
	return best
}

// challenge returns who wins a slot that holder won before, when only the
// challengers are new or heavier than they were.
func (e *electorate) challenge(base uint64, holder int, challengers []int) int {
	best := e.bid(base, holder)
	for _, i := range challengers {
		if b := e.bid(base, i); e.better(b, best) {
			best = b
		}
	}
	return best.node
}

// next fills room with the best who come after last, best first, and returns those
// there are. Everybody comes after a bid of node -1.
func (e *electorate) next(room []bid, base uint64, last bid) []bid {
	best, lowest := room[:0], uint64(0)
	for i, seed := range e.seeds {
		draw := mix(seed + base)
		if draw <= lowest && len(best) == len(room) {
			continue // to the last of them, who is no lighter
		}
		b := bid{draw, e.weights[i], i}
		if last.node >= 0 && !e.better(last, b) {
			continue
		}
		if len(best) < len(room) || e.better(b, best[len(best)-1]) {
			best = e.insert(best, room, b)
			lowest = best[len(best)-1].draw
		}
	}
	return best
}

// insert puts b where it belongs among best, which lie in room; the worst makes
// way if room is full.
func (e *electorate) insert(best, room []bid, b bid) []bid {
	if len(best) < len(room) {
		best = room[:len(best)+1]
	}
	at := len(best) - 1
	for ; at > 0 && e.better(b, best[at-1]); at-- {
		best[at] = best[at-1]
	}
	best[at] = b
	return best
}
