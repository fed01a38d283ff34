package load

import "math"

const (
	margin        = 1.1  // a limit too low by a tenth costs a tenth; too high, a tenth of a service time
	doubt         = .7   // standard deviations of clean latency on top of it
	idlest        = 16.0 // headroom without overload
	burstRoom     = 1.5  // times the workers, for the first moments of an overload
	tailService   = 1.7  // service times that the last of a queue takes itself
	spreadCalm    = 1.5  // standard deviations of a queue's duration to spare
	spreadLoad    = 2.0  // as many more when overload is great: each late answer then displaces another
	patientTimes  = 10.5 // clean latencies that callers wait if they do not say
	leastPatient  = 4    // calls that it takes to say anything about that
	patienceDoubt = .5   // standard deviations less, while it is of few calls
	waitShare     = .4   // of the time left beyond the workers' share may go into waiting
)

// limit is how many calls may be in flight.
func (l *law) limit() float64 { return l.limitAt(l.overload()) }

// limitAt is the limit if demand is so many times the capacity.
func (l *law) limitAt(overload float64) float64 {
	if l.phase == starting {
		return l.start.limit
	}
	room := l.headroom(overload)
	if l.burst {
		room = max(l.headroom(1), burstRoom*l.workers)
	}
	unsure := math.Sqrt(l.clean.lnVar / max(4, l.clean.weight))
	return margin*(1+doubt*unsure)*l.workers + room
}

// headroom is the queue that keeps the workers from running idle: M/M/1/L idles for
// (rho-1)/(rho^(L+1)-1) of the time. The more varied service is, the longer it must be.
func (l *law) headroom(rho float64) float64 {
	h := idlest
	if rho > 1.05 {
		rarely := 30 * min(2, math.Sqrt(max(1, l.workers)))
		h = min(h, math.Log(1+rarely*(rho-1))/math.Log(rho))
	}
	return h * max(1, (1+min(l.clean.cv2, 3))/2)
}

// A deadline says how long a queue a call may join, by the time that it has left.
type deadline struct {
	fast     float64 // completions per ns
	floor    float64 // so many may be in flight, however little time is left
	spread   float64 // of a queue's duration
	patience float64 // ns that are taken to be left if it is not known
	wait     float64 // share of the time left, if it is known, that may go into waiting
	room     float64 // limit for that
}

func (l *law) deadline() deadline {
	rho := l.overload()
	d := deadline{
		fast: l.fast, floor: l.workers, patience: l.patience(),
		wait: waitShare, room: l.limit() + 2*l.headroom(rho), spread: l.spread(rho),
	}
	if l.phase == starting {
		d.floor = max(1, l.start.limit/growth) // the limit of the round before
	}
	if l.burst || l.phase == starting && l.start.done >= 3 {
		d.wait, d.room = 1, math.Inf(1)
	}
	if l.probing {
		d.wait = 0
	}
	return d
}

// spread is what is kept to spare of a queue's duration.
func (l *law) spread(rho float64) float64 {
	return (spreadCalm + spreadLoad*(1-1/max(rho, 1))) * math.Sqrt(min(max(l.clean.cv2, .2), 3))
}

// patience is how long callers are taken to wait if they do not say, 0 if there is no
// telling: the first call may have been a short one, and to refuse on its word would keep
// out all those who know better.
func (l *law) patience() float64 {
	if l.phase == starting && l.clean.patienceOf < leastPatient {
		return 0
	}
	return patientTimes * l.clean.patience * math.Exp(-patienceDoubt*l.clean.noise(max(leastPatient, l.clean.patienceOf)))
}

// reach returns how many calls may be in flight for the last of them to be done within
// ns: it waits for all but floor of them, and then takes its own time.
func (d *deadline) reach(left float64) float64 {
	fit := d.fast * left // so many are done by then
	if !(fit > 0) {      // NaN, too
		return d.floor
	}
	most := fit - (tailService-1)*d.floor - d.spread*math.Sqrt(max(0, fit-tailService*d.floor))
	return max(d.floor, math.Sqrt(d.floor*fit), most)
}

// extra returns how many more than the limit may be in flight for a call that has so
// much reach: a queue that a call has the time for need not be refused.
func (d *deadline) extra(limit, reach float64) float64 {
	return max(0, min(d.room, d.floor+d.wait*(reach-d.floor))-limit)
}

// lo is how many in flight meet no queue.
func (l *law) lo() float64 {
	switch {
	case l.phase == starting && l.probing:
		return l.start.dip
	case l.phase == starting:
		return max(1, math.Floor(l.start.limit/9))
	case l.probing && l.deep:
		return max(1, math.Floor(.25*l.workers))
	case l.workers >= 50: // many workers: their number is known better
		return math.Floor(.7 * l.workers)
	}
	return max(1, math.Floor(.6*l.workers))
}

// hi is how many in flight may meet one.
func (l *law) hi() float64 {
	if l.phase == starting {
		return max(l.lo()+1, math.Floor(l.start.limit/growth)+1)
	}
	return max(l.lo()+1, math.Ceil(.8*l.workers))
}
