package limit

// A ring counts events in parts of a sliding window: the one that is running, and
// as many before it as may hold events that are not a whole period old. All events
// of a part count until the last of them is that old, so that there are never
// more than the quota in any span of one period; and a place comes free at most
// one part late. The zero ring is empty.
type ring struct {
	part   int64 // nanoseconds
	last   int64 // the running part: that number of parts after 1970
	counts [parts + 1]int
}

func (r *ring) at(part int64) *int {
	i := part % (parts + 1)
	if i < 0 {
		i += parts + 1
	}
	return &r.counts[i]
}

func (r *ring) sum() int {
	sum := 0
	for _, n := range r.counts {
		sum += n // each was added within some limiter's quota
	}
	return sum
}

// advance makes the part that now is in the running one, and drops what is over.
// If limits of different lengths share a key, the longest parts stay until all
// they count is over.
func (r *ring) advance(part, now int64) {
	if r.part > 0 {
		r.moveTo(every(r.part, 0, now).start / r.part)
	}
	switch {
	case r.sum() == 0:
		*r = ring{part: part, last: every(part, 0, now).start / part}
	case r.part < part:
		r.coarsen(part, now)
	}
}

func (r *ring) moveTo(part int64) {
	if part-r.last > parts || r.last-part > parts { // all is over, or the clock was wrong once
		r.counts, r.last = [parts + 1]int{}, part
	}
	for r.last < part {
		r.last++
		*r.at(r.last) = 0
	}
}

// coarsen counts the same events in longer parts, as if each had happened as late
// as it can.
func (r *ring) coarsen(part, now int64) {
	coarse := ring{part: part, last: every(part, 0, now).start / part}
	for i := r.last - parts; i <= r.last; i++ {
		end := every(part, 0, (i+1)*r.part-1).start / part
		*coarse.at(min(end, coarse.last)) += *r.at(i)
	}
	*r = coarse
}

// over returns when the events of a part are all a period old.
func (r *ring) over(part int64) int64 { return (part + 1 + parts) * r.part }

// freeAt returns when so many events are over, or all.
func (r *ring) freeAt(events int) int64 {
	i := r.last - parts
	for ; i < r.last; i++ {
		if events -= *r.at(i); events <= 0 {
			break
		}
	}
	return r.over(i)
}

// end returns when all events are over; not after now if there are none.
func (r *ring) end() int64 {
	for i := r.last; i >= r.last-parts; i-- {
		if *r.at(i) > 0 {
			return r.over(i)
		}
	}
	return 0
}
