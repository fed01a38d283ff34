package hash

import (
	"cmp"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// A member is a node of a ring.
type member[N comparable] struct {
	node   N
	name   string
	weight int
}

// A snapshot is a ring at one moment. It is never changed, but for what nodes have
// in flight. A ring without nodes has none.
type snapshot[N comparable] struct {
	table
	nodes   []N // of members, apart so that Get touches little memory
	members []member[N]
	electorate
	total float64 // weight
	loads []*load // of members; nil without a bound
}

// contested says in a plan that a slot is open to all.
const contested = -1

// A plan says what becomes of the slots when nodes change.
type plan struct {
	holder      []int // of each node before: its number now, or contested
	challengers []int // those that are new or heavier than before
}

// newSnapshot returns what follows old, which may be nil, when these are the
// members, of which there is at least one. It takes the slice over. The result differs from old only in the slots
// that members who come, go or change weight win or lose.
func newSnapshot[N comparable](old *snapshot[N], members []member[N], slots int) *snapshot[N] {
	slices.SortFunc(members, func(a, b member[N]) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.name, b.name))
	})
	n := len(members)
	s := &snapshot[N]{members: members, nodes: make([]N, n)}
	s.electorate = electorate{seeds: make([]uint64, n), weights: make([]uint64, n), logs: logs()}
	for i, m := range members {
		s.nodes[i] = m.node
		s.seeds[i] = xxhash.Sum64String(m.name)
		s.weights[i] = uint64(m.weight)
		s.total += float64(m.weight)
	}
	s.even = members[0].weight == members[n-1].weight
	s.table = newTable(s.settle(old, slots), n)
	return s
}

// settle returns who holds each slot.
func (s *snapshot[N]) settle(old *snapshot[N], slots int) []uint16 {
	holders := make([]uint16, slots)
	if old == nil {
		for slot := range holders {
			holders[slot] = uint16(s.elect(slotBase(slot)))
		}
		return holders
	}
	p := s.plan(old)
	for slot := range holders {
		base, holder := slotBase(slot), p.holder[old.holder(slot)]
		if holder == contested {
			holder = s.elect(base)
		} else if len(p.challengers) > 0 {
			holder = s.challenge(base, holder, p.challengers)
		}
		holders[slot] = uint16(holder)
	}
	return holders
}

// plan compares the members with those before. Where a node left or became
// lighter, its slots are contested; where one is heavier, it may win others.
func (s *snapshot[N]) plan(old *snapshot[N]) plan {
	now := make(map[string]int, len(s.members))
	for i, m := range s.members {
		now[m.name] = i
	}
	p := plan{holder: make([]int, len(old.members))}
	stays := make([]bool, len(s.members))
	for i, was := range old.members {
		p.holder[i] = contested
		if n, ok := now[was.name]; ok {
			stays[n] = s.members[n].weight <= was.weight
			if s.members[n].weight >= was.weight {
				p.holder[i] = n
			}
		}
	}
	for i, same := range stays {
		if !same {
			p.challengers = append(p.challengers, i)
		}
	}
	return p
}

// find returns the place of the member of a name, -1 if there is none.
func (s *snapshot[N]) find(name string) int {
	if s == nil {
		return -1
	}
	return slices.IndexFunc(s.members, func(m member[N]) bool { return m.name == name })
}

// copyMembers returns a copy of the members that has room for one more.
func (s *snapshot[N]) copyMembers() []member[N] {
	if s == nil {
		return nil
	}
	return append(make([]member[N], 0, len(s.members)+1), s.members...)
}
