package simulate_test

import (
	"time"

	"github.com/weirgo/weir/internal/simulate"
)

// plain is a service of so many workers who take 10 ms on average, under a load that
// stays the same.
func plain(workers int, d simulate.Distribution, load float64, length time.Duration) *simulate.Scenario {
	return &simulate.Scenario{
		Workers: workers, Service: d, Mean: 10 * time.Millisecond, Load: simulate.Always(load),
		Deadline: time.Hour, Length: length, Seed: 1,
	}
}

// A visit is a request that was admitted, and when it was done.
type visit struct {
	simulate.Request
	done time.Duration
	late bool
}

func (v visit) took() time.Duration { return v.done - v.At }

// A diary is a guard that writes down what happens. It admits all, or all but each
// n-th.
type diary struct {
	now     time.Duration
	refuse  int
	arrived []simulate.Request
	visits  []visit
	inside  int
	most    int
}

func (d *diary) advance(to time.Duration) { d.now = to }

// Admit implements [simulate.Guard].
func (d *diary) Admit(r simulate.Request) (func(bool), bool) {
	d.arrived = append(d.arrived, r)
	if d.refuse > 0 && len(d.arrived)%d.refuse == 0 {
		return nil, false
	}
	d.inside++
	d.most = max(d.most, d.inside)
	return func(late bool) {
		d.inside--
		d.visits = append(d.visits, visit{r, d.now, late})
	}, true
}

// mean returns how long visits took on average, in mean service times.
func (d *diary) mean(sc *simulate.Scenario) float64 {
	sum := time.Duration(0)
	for _, v := range d.visits {
		sum += v.took()
	}
	return sum.Seconds() / float64(len(d.visits)) / sc.Mean.Seconds()
}

// between returns how many visits ended within a time.
func (d *diary) between(from, to time.Duration) (n int) {
	for _, v := range d.visits {
		if v.done >= from && v.done < to {
			n++
		}
	}
	return n
}

// written runs a scenario and returns what happened.
func written(sc *simulate.Scenario) (*diary, *simulate.Result) {
	d := new(diary)
	r := simulate.Run(sc, d, d.advance)
	return d, r
}
