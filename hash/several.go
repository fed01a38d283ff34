package hash

// batch is how many nodes are ranked in one pass over all of them, so that any
// number can be ranked in a little memory of the stack.
const batch = 32

// GetN returns the n best nodes for a key, all of them if there are fewer, best
// first and each once. The first is that of Get. The others are where the key goes
// if those before it are removed: replicas, or whom to ask next. It returns nil
// for an empty ring, and for an n of 0 or less.
func (r *Ring[N]) GetN(key string, n int) []N {
	s := r.now.Load()
	if s == nil || n <= 0 {
		return nil
	}
	n = min(n, len(s.nodes))
	return s.appendBest(make([]N, 0, n), key, n)
}

// AppendN appends to dst what GetN returns, and returns the result. It allocates
// only where dst has too little room.
func (r *Ring[N]) AppendN(dst []N, key string, n int) []N {
	s := r.now.Load()
	if s == nil || n <= 0 {
		return dst
	}
	return s.appendBest(dst, key, min(n, len(s.nodes)))
}

// appendBest appends n nodes, of which there must be as many.
func (s *snapshot[N]) appendBest(dst []N, key string, n int) []N {
	slot := s.slot(sum(key))
	if n == 1 {
		return append(dst, s.nodes[s.holder(slot)])
	}
	var room [batch]bid
	for last := (bid{node: -1}); n > 0; {
		best := s.next(room[:min(n, batch)], slotBase(slot), last)
		for _, b := range best {
			dst = append(dst, s.nodes[b.node])
		}
		n -= len(best)
		last = best[len(best)-1]
	}
	return dst
}
