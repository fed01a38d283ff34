package hash

// RingStats is a snapshot of a [Ring]. The first four are gauges, the others
// counters that only grow; the last three stay 0 without a bound.
type RingStats struct {
	Nodes    int
	Slots    int
	Weight   int64 // of all nodes
	InFlight int   // acquired and not done, on nodes that are in the ring now

	Acquired uint64 // calls that Acquire gave a node
	Diverted uint64 // of these, how many to another node than that of Get
}

// Stats costs a lock, and nothing that grows with the ring.
func (r *Ring[N]) Stats() RingStats {
	l := &r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	st := RingStats{
		Slots:    r.opts.Slots,
		InFlight: l.total,
		Acquired: l.acquired,
		Diverted: l.diverted,
	}
	if s := r.now.Load(); s != nil {
		st.Nodes, st.Weight = len(s.nodes), int64(s.total)
	}
	return st
}
