package load

import "math"

// A pushback finds out which share of the calls must be refused at the door because
// that many are refused further down. It is the rule of client-side throttling: send
// on at most pushMultiple times what is accepted ("Site Reliability Engineering",
// chapter 21, equation 21.1).
type pushback struct {
	arrived, accepted float64 // lately
}

const (
	pushMultiple = 1.25
	pushMemory   = 1e9  // ns after which what happened counts for a third
	pushStale    = 60e9 // after this it does in any case
	pushRecovery = 8    // so much shorter is memory while nothing is pushed back
	pushCalls    = 50   // that are remembered in any case
	pushFloor    = 10   // calls that are needed to say anything
)

// learn takes in a window: how many calls were accepted and pushed back further down,
// and how many were refused here for that.
func (p *pushback) learn(length, accepted, pushed, refused float64) {
	if pushed == 0 {
		length *= pushRecovery
	}
	n := accepted + pushed + refused
	keep := max(math.Exp(-length/pushMemory), pushCalls/(pushCalls+n)) * math.Exp(-length/pushStale)
	p.arrived = p.arrived*keep + accepted + pushed + refused
	p.accepted = p.accepted*keep + accepted
}

// share returns the share, 0 to 1, to refuse.
func (p *pushback) share() float64 {
	if p.arrived == 0 {
		return 0
	}
	return max(0, (p.arrived-pushMultiple*p.accepted-pushFloor)/p.arrived)
}
