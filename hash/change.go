package hash

import (
	"fmt"
	"iter"
	"math"
	"reflect"
)

// Add adds a node, or changes the weight of one that is in the ring. A node of
// weight 2 gets twice the keys of one of weight 1; only the proportions matter. It
// returns [ErrWeight], [ErrNode], [ErrTooMany], or [ErrDuplicate] where another
// node has that name; the ring is as it was then.
func (r *Ring[N]) Add(node N, weight int) error {
	m, err := r.member(node, weight)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.now.Load()
	members := old.copyMembers()
	switch i := old.find(m.name); {
	case i < 0 && len(members) == maxNodes:
		return ErrTooMany
	case i < 0:
		members = append(members, m)
	case members[i].node != node:
		return fmt.Errorf("%w: %q", ErrDuplicate, m.name)
	case members[i].weight == weight:
		return nil
	default:
		members[i] = m
	}
	r.install(old, members)
	return nil
}

// Remove removes a node. It returns false if it is not in the ring, or if another
// node of its name is. What it has in flight goes on; see [Ring.Acquire].
func (r *Ring[N]) Remove(node N) bool {
	m, err := r.member(node, 1)
	if err != nil {
		return false // it could not have been added
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.now.Load()
	i := old.find(m.name)
	if i < 0 || old.members[i].node != node {
		return false
	}
	members := old.copyMembers()
	r.install(old, append(members[:i], members[i+1:]...))
	return true
}

// SetNodes makes these nodes, with their weights, all that are in the ring, in one
// step: a reader sees the nodes before or these, nothing between. What is in the
// ring already keeps its keys as far as weights allow, and a node may take the
// place of another of its name. To set up a ring of many nodes it is much faster
// than Add for each. Without nodes it empties the ring.
//
// The sequence, such as [maps.All] of a map, is read once, without locks. SetNodes
// returns what Add returns, also where a node comes twice; the ring is as it was
// then. It panics on a nil sequence.
func (r *Ring[N]) SetNodes(nodes iter.Seq2[N, int]) error {
	if nodes == nil {
		panic("hash: SetNodes with a nil sequence")
	}
	members, err := r.collect(nodes)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.install(r.now.Load(), members)
	return nil
}

func (r *Ring[N]) collect(nodes iter.Seq2[N, int]) ([]member[N], error) {
	var members []member[N]
	names := map[string]bool{}
	for node, weight := range nodes {
		m, err := r.member(node, weight)
		switch {
		case err != nil:
			return nil, err
		case names[m.name]:
			return nil, fmt.Errorf("%w: %q", ErrDuplicate, m.name)
		case len(members) == maxNodes:
			return nil, ErrTooMany
		}
		names[m.name] = true
		members = append(members, m)
	}
	return members, nil
}

// member checks a node. It calls code of the user, so no lock may be held.
func (r *Ring[N]) member(node N, weight int) (member[N], error) {
	if r.opts.Name == nil {
		panic("hash: a Ring that NewRing did not make")
	}
	if weight < 1 || weight > math.MaxInt32 {
		return member[N]{}, fmt.Errorf("%w: %d", ErrWeight, weight)
	}
	// Before ==, which panics on what cannot be compared.
	if !reflect.ValueOf(&node).Elem().Comparable() || node != node {
		return member[N]{}, ErrNode
	}
	name := r.opts.Name(node)
	if name == "" {
		return member[N]{}, ErrNode
	}
	return member[N]{node, name, weight}, nil
}

// install makes members those of the ring. The caller holds mu, and hands the
// slice over.
func (r *Ring[N]) install(old *snapshot[N], members []member[N]) {
	var s *snapshot[N]
	if len(members) > 0 {
		s = newSnapshot(old, members, r.opts.Slots)
	}
	if r.ledger.bound > 0 {
		r.swap(old, s)
		return
	}
	r.now.Store(s)
}
