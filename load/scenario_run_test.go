package load_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/simulate"
	"github.com/weirgo/weir/load"
)

// A request is the context of a simulated call. It has a deadline and no timer.
type request struct {
	context.Context // with the class
	deadline        time.Time
	visible         bool
}

func (r *request) Deadline() (time.Time, bool) { return r.deadline, r.visible }

func (r *request) Err() error {
	if r.visible && time.Now().After(r.deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// guard puts a shedder in front of a simulated service, at the time at which the
// simulation begins.
func guard(s *load.Shedder) simulate.Guard {
	begin := time.Now()
	classes := map[int]context.Context{}
	for i, class := range allClasses {
		classes[i] = of(class)
	}
	return simulate.GuardFunc(func(r simulate.Request) (func(bool), bool) {
		p, err := s.Allow(&request{classes[r.Class], begin.Add(r.Deadline), !r.Hidden})
		return func(late bool) {
			if late && !r.Hidden {
				p.Done(weir.Failure)
			} else {
				p.Done(weir.Success)
			}
		}, err == nil
	})
}

// upTo is a guard with a limit that does not change.
func upTo(limit int) simulate.Guard {
	inside := 0
	settle := func(bool) { inside-- }
	return simulate.GuardFunc(func(simulate.Request) (func(bool), bool) {
		if inside >= limit {
			return nil, false
		}
		inside++
		return settle, true
	})
}

// shed runs a scenario behind a shedder with default options, but for the CPU, which
// is that of the simulation.
func shed(t *testing.T, sc *simulate.Scenario) (r *simulate.Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := blind(load.Options{})
		now := time.Duration(0)
		r = simulate.Run(sc, guard(s), func(to time.Duration) {
			time.Sleep(to - now)
			now = to
		})
		require.Zero(t, s.Stats().InFlight)
	})
	return r
}

// A trial is a scenario, and what a shedder must reach in it, all seeds together.
type trial struct {
	simulate.Scenario
	from, to time.Duration // of the requests that count
	best     int           // the best of all fixed limits, found by a search
	goodput  float64       // at least, in percent of what that limit reaches
	late     float64       // at most, as a share of the admitted; 0 is not asked for
	refused  float64       // at most, as a share of the offered; 0 is not asked for
	seeds    int
}

// hold runs the trial and holds the shedder to its lines.
func (tr trial) hold(t *testing.T) {
	t.Helper()
	got, best := tr.run(t)
	percent := 100 * float64(got.Good) / float64(best.Good)
	t.Logf("%.1f %% of a limit of %d, which serves %.1f %%; %.2f %% late, %.2f %% refused",
		percent, tr.best, 100*best.Served(), 100*got.LateShare(), 100*got.RefusedShare())
	require.GreaterOrEqual(t, percent, tr.goodput, "goodput in percent of the best limit's")
	if tr.late > 0 {
		require.Less(t, got.LateShare(), tr.late)
	}
	if tr.refused > 0 {
		require.Less(t, got.RefusedShare(), tr.refused)
	}
}

func (tr trial) run(t *testing.T) (got, best simulate.Counts) {
	t.Helper()
	for seed := range tr.seeds {
		sc := tr.Scenario
		sc.Seed = uint64(seed) + 1
		plus(&got, shed(t, &sc).Between(tr.from, tr.to))
		plus(&best, simulate.Run(&sc, upTo(tr.best), func(time.Duration) {}).Between(tr.from, tr.to))
	}
	return got, best
}

func plus(sum *simulate.Counts, c simulate.Counts) {
	sum.Offered += c.Offered
	sum.Refused += c.Refused
	sum.Good += c.Good
	sum.Late += c.Late
}

// against says that the trial must reach so many percent of what the best fixed limit
// does.
func (tr trial) against(limit int, percent float64) trial {
	tr.best, tr.goodput = limit, percent
	return tr
}

func (tr trial) lateBelow(share float64) trial {
	tr.late = share
	return tr
}

func (tr trial) refusedBelow(share float64) trial {
	tr.refused = share
	return tr
}

// times says how many seeds are needed where chance makes them differ.
func (tr trial) times(seeds int) trial {
	tr.seeds = seeds
	return tr
}

// each holds all trials.
func each(t *testing.T, trials ...trial) {
	for _, tr := range trials {
		t.Run(tr.Name, func(t *testing.T) {
			t.Parallel()
			tr.hold(t)
		})
	}
}
