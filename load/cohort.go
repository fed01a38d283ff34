package load

import "math"

// A cohort is a fixed set of calls that were admitted under one condition. It is looked
// at when nearly all have come back. The next k completions instead would be the short
// ones, which makes any new condition look fast.
type cohort struct {
	total            // of those that have come back
	sq, lsq  float64 // sums of squares: of ns, of log2
	n        float64 // sum of the calls in flight at admission, this one included
	returned float64 // that have come back; nobody is made up here
	turns    float64 // of these, those before whom so many ended as they met
	admitted float64
	filled   int64 // when the last was admitted
}

// A want says which cohort to gather.
type want struct {
	id   int
	size float64
}

// gather begins a crowded cohort.
func (l *law) gather(size float64) {
	l.ids++
	l.age, l.roundCapped = 0, false
	l.crowdWant = want{l.ids, math.Ceil(size)}
}

// refresh begins a clean cohort.
func (l *law) refresh(size float64) {
	l.ids++
	l.cleanAge = 0
	l.cleanWant = want{l.ids, math.Ceil(size)}
}

// back tells whether a cohort is complete and a share of it has come back.
func (c *cohort) back(size, share float64) bool {
	return c.admitted >= size && c.count() >= share*c.admitted
}

// alive is the cohort without those that have not come back.
func (c cohort) alive() cohort {
	c.n *= c.count() / c.admitted
	c.admitted = c.count()
	return c
}

// patienceOf is how many other calls may end before a cohort is looked at as it is.
func patienceOf(size float64) float64 { return 8*size + 64 }

func (c *cohort) crowding() float64 { return c.n / c.admitted }

// logVar is the variance of the natural logarithm of latency.
func (c *cohort) logVar() float64 {
	k := c.count()
	return max(0, c.lsq/k-c.log()*c.log()) * math.Ln2 * math.Ln2 * k / (k - 1)
}

// since counts missing members as if they had taken as long as they have been out.
func (c cohort) since(now float64) cohort {
	age := max(int64(now)-c.filled, 1)
	missing := uint64(max(0, c.admitted-c.count()))
	c.total = c.plus(total{missing * uint64(age), tally(missing * (tallyOne + logOf(age)))})
	return c
}

// censored counts missing members as twice their age, and their logarithm as half as
// much again: that is what is to be expected of an exponential tail. Least is the age
// that they have in any case.
func (c cohort) censored(now, least float64) cohort {
	missing := c.admitted - c.count()
	if missing <= 0 {
		return c
	}
	age := max(int64(now)-c.filled, int64(least), 1)
	log := logOf(age * 3 / 2)
	m := uint64(missing)
	c.total = c.plus(total{m * uint64(2*age), tally(m * (tallyOne + log))})
	c.sq += missing * 4 * float64(age) * float64(age)
	c.lsq += missing * square(float64(log)/(1<<logPoint))
	return c
}

func square(x float64) float64 { return x * x }

// inTurn tells that calls of a crowd came back in the order in which they went in, as
// those do that one worker takes one after the other.
func (c *cohort) inTurn() bool {
	const enough, crowd = 5, 3
	return c.returned >= enough && c.turns >= .98*c.returned && c.crowding() >= crowd
}

// forOne tells that one worker took them, if latency was by d above clean latency: each
// then waits for all the others that it meets.
func (c *cohort) forOne(d, noise float64) bool {
	return c.inTurn() && d > math.Log(c.crowding())-.3-noise
}
