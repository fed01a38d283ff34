package suite

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Distant is a [Subject] whose operations wait for a server on this machine. It
// measures how long each of them takes, and how often the server is sent
// something.
//
// As with [Timed], those laps count during which this process and the server waited
// least for a processor.
type Distant struct {
	// Ask does one operation, and returns whether it was other than the line is
	// about. None may be.
	Ask func() (odd bool)
	// Callers is how many goroutines ask at a time, at least 1.
	Callers int
	// Server is the process to watch.
	Server int
	// Trips returns how many round trips the server has seen so far, but this one.
	Trips func() (int, error)

	warm bool
}

// Measure implements [Subject].
func (d *Distant) Measure(s Setting) (Sample, error) {
	if !d.warm {
		d.warm = true
		for start := time.Now(); time.Since(start) < 20*warmUp; {
			d.lap()
		}
	}
	runtime.GC()
	d.lap() // what a pause makes expire is not what is measured
	before, err := d.Trips()
	if err != nil {
		return Sample{}, err
	}
	var laps []distantLap
	for start := time.Now(); time.Since(start) < s.Time; {
		laps = append(laps, d.lap())
	}
	after, err := d.Trips()
	if err != nil {
		return Sample{}, err
	}
	return d.sample(laps, after-before)
}

// distantLap is a lap whose operations are timed one by one.
type distantLap struct {
	lap
	each []time.Duration
}

func (d *Distant) lap() distantLap {
	waited := d.waited()
	start := time.Now()
	laps := make([]distantLap, d.Callers)
	var callers sync.WaitGroup
	for i := range laps {
		callers.Go(func() { laps[i] = d.call(start) })
	}
	callers.Wait()
	all := distantLap{lap: lap{took: time.Since(start)}}
	for _, l := range laps {
		all.odd += l.odd
		all.each = append(all.each, l.each...)
	}
	all.ops = len(all.each)
	all.waited = d.waited() - waited
	return all
}

func (d *Distant) call(start time.Time) (l distantLap) {
	for from := start; from.Sub(start) < lapTime; {
		if d.Ask() {
			l.odd++
		}
		now := time.Now()
		l.each = append(l.each, now.Sub(from))
		from = now
	}
	return l
}

func (d *Distant) waited() time.Duration {
	return processorWait() + waitOf(strconv.Itoa(d.Server))
}

func (d *Distant) sample(laps []distantLap, trips int) (Sample, error) {
	var waits []lap
	for _, l := range laps {
		waits = append(waits, l.lap)
	}
	all := sum(waits)
	if all.odd > 0 {
		return Sample{}, fmt.Errorf("%d of %d operations did not do the work of this line", all.odd, all.ops)
	}
	calm := calmest(waits, 1)
	limit := calm[len(calm)-1].waited
	var each []time.Duration
	for _, l := range laps {
		if l.waited <= limit {
			each = append(each, l.each...)
		}
	}
	slices.Sort(each)
	chosen := sum(calm)
	return Sample{
		NsPerOp:    float64(chosen.took) / float64(chosen.ops),
		P50Ns:      float64(each[len(each)/2]),
		P99Ns:      float64(each[len(each)*99/100]),
		TripsPerOp: math.Round(1e5*float64(trips)/float64(all.ops)) / 1e5,
		Waited:     float64(all.waited) / float64(all.took),
	}, nil
}
