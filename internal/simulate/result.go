package simulate

import (
	"slices"
	"time"
)

// Counts are requests by what became of them, all by their time of arrival.
type Counts struct {
	Offered, Refused, Good, Late int
}

// Served is the share, 0 to 1, of what was offered that was answered in time.
func (c Counts) Served() float64 { return ratio(c.Good, c.Offered) }

// LateShare is the share, 0 to 1, of what was admitted that was answered too late.
func (c Counts) LateShare() float64 { return ratio(c.Late, c.Good+c.Late) }

// RefusedShare is the share, 0 to 1, of what was offered that was refused.
func (c Counts) RefusedShare() float64 { return ratio(c.Refused, c.Offered) }

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func (c *Counts) add(d Counts) {
	c.Offered += d.Offered
	c.Refused += d.Refused
	c.Good += d.Good
	c.Late += d.Late
}

// A Result is what became of all requests of a run.
type Result struct {
	slot     time.Duration
	slots    []Counts
	byClass  [][NumClasses]Counts
	byCaller [][]Counts
	answers  [][]time.Duration // by the slot of the arrival: how long admitted ones took
}

// slotsPerRun is how finely a run is cut up.
const slotsPerRun = 1000

func newResult(sc *Scenario) *Result {
	slot := max(1, sc.Length/slotsPerRun)
	n := int(sc.Length/slot) + 1
	r := &Result{
		slot: slot, slots: make([]Counts, n), answers: make([][]time.Duration, n),
		byClass: make([][NumClasses]Counts, n), byCaller: make([][]Counts, n),
	}
	for i := range r.byCaller {
		r.byCaller[i] = make([]Counts, max(1, len(sc.Callers)))
	}
	return r
}

func (r *Result) count(req Request, d Counts) {
	i := min(int(req.At/r.slot), len(r.slots)-1)
	r.slots[i].add(d)
	r.byClass[i][req.Class].add(d)
	r.byCaller[i][req.Caller].add(d)
}

func (r *Result) arrived(req Request, admitted bool) {
	d := Counts{Offered: 1}
	if !admitted {
		d.Refused = 1
	}
	r.count(req, d)
}

func (r *Result) finished(req Request, at time.Duration, late bool) {
	i := min(int(req.At/r.slot), len(r.slots)-1)
	r.answers[i] = append(r.answers[i], at-req.At)
	if late {
		r.count(req, Counts{Late: 1})
	} else {
		r.count(req, Counts{Good: 1})
	}
}

// span returns the slots that begin within a time. A span is cut at slots, which are
// a thousandth of the run.
func (r *Result) span(from, to time.Duration) (first, end int) {
	first = min(int((from+r.slot-1)/r.slot), len(r.slots))
	end = min(int((to+r.slot-1)/r.slot), len(r.slots))
	return first, max(first, end)
}

// Between counts the requests that arrived within a time.
func (r *Result) Between(from, to time.Duration) (sum Counts) {
	first, end := r.span(from, to)
	for _, c := range r.slots[first:end] {
		sum.add(c)
	}
	return sum
}

// Class counts the requests of a class that arrived within a time.
func (r *Result) Class(class int, from, to time.Duration) (sum Counts) {
	first, end := r.span(from, to)
	for i := range r.byClass[first:end] {
		sum.add(r.byClass[first+i][class])
	}
	return sum
}

// Caller counts the requests of a caller that arrived within a time.
func (r *Result) Caller(caller int, from, to time.Duration) (sum Counts) {
	first, end := r.span(from, to)
	for i := range r.byCaller[first:end] {
		sum.add(r.byCaller[first+i][caller])
	}
	return sum
}

// Quantile returns how long the given share, 0 to 1, of the admitted requests that
// arrived within a time took at most.
func (r *Result) Quantile(q float64, from, to time.Duration) time.Duration {
	first, end := r.span(from, to)
	var all []time.Duration
	for _, a := range r.answers[first:end] {
		all = append(all, a...)
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(int(q*float64(len(all))), len(all)-1)]
}

// Slot is how long the parts are that Series has.
func (r *Result) Slot() time.Duration { return r.slot }

// Series returns the counts slot by slot.
func (r *Result) Series() []Counts { return r.slots }
