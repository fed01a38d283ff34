package load_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/simulate"
)

// in10ms returns a service whose calls take 10 ms on average, and are of use for 100.
func in10ms(workers, seeds int, d simulate.Distribution) trial {
	const mean = 10 * time.Millisecond
	return trial{
		Scenario: simulate.Scenario{Workers: workers, Mean: mean, Service: d, Deadline: 10 * mean},
		seeds:    seeds,
	}
}

// during makes calls from the beginning, and counts them in a span.
func (tr trial) during(from, to time.Duration, format string, args ...any) trial {
	if tr.Workers > 100 { // many calls: less time is needed to see enough of them
		to = from + (to-from)/5
	}
	tr.from, tr.to, tr.Length = from, to, to
	tr.Name = fmt.Sprintf(format, args...)
	return tr
}

func (tr trial) steady(load float64) trial {
	tr.Load = simulate.Always(load)
	return tr.during(5*time.Second, 15*time.Second, "%gx", load)
}

// slow is a service that takes three times as long from the tenth second on.
func (tr trial) slow(load float64) trial {
	tr.Load = simulate.Always(load)
	tr.Slowness = []simulate.Step{{Value: 1}, {At: 10 * time.Second, Value: 3}}
	return tr.during(10*time.Second, 40*time.Second, "3x slower at %gx", load)
}

// halved loses half of its workers, or half of its speed if it has only one.
func (tr trial) halved() trial {
	tr.Load = simulate.Always(0.8)
	tr.Pool = []simulate.Step{{Value: 1}, {At: 10 * time.Second, Value: 0.5}}
	if tr.Workers == 1 {
		tr.Pool, tr.Slowness = nil, []simulate.Step{{Value: 1}, {At: 10 * time.Second, Value: 2}}
	}
	return tr.during(10*time.Second, 40*time.Second, "halved at 0.8x")
}

// bursts of a second come every ten seconds.
func (tr trial) bursts() trial {
	tr.Load = simulate.Bursts(time.Minute, 10*time.Second, time.Second, 0.5, 10)
	to := 40 * time.Second
	if tr.Workers > 100 {
		to = 60 * time.Second // of which a fifth remains: a burst
	}
	return tr.during(10*time.Second, to, "bursts of 10x on 0.5x")
}

func (tr trial) cold() trial {
	tr.Load = simulate.Always(3)
	return tr.during(0, 10*time.Second, "cold start at 3x")
}

func (tr trial) sharing() trial {
	tr.Sharing = true
	return tr
}

func TestTenWorkersAreKeptBusy(t *testing.T) {
	s := in10ms(10, 2, simulate.Light)
	each(t,
		s.steady(0.8).against(75, 98).refusedBelow(0.005),
		s.steady(1.5).against(37, 98).lateBelow(0.005),
		s.steady(3).against(16, 98).lateBelow(0.005),
		s.steady(10).against(28, 98).lateBelow(0.005),
		s.slow(0.8).against(14, 97),
		s.slow(1.5).against(12, 97),
		s.halved().against(32, 98),
		s.bursts().against(75, 98),
		s.cold().against(49, 97),
	)
}

func TestTenWorkersWithAHeavyTailAreKeptBusy(t *testing.T) {
	s := in10ms(10, 4, simulate.Pareto)
	each(t,
		s.steady(0.8).against(75, 95).refusedBelow(0.03),
		s.steady(1.5).against(24, 95).lateBelow(0.01),
		s.steady(3).against(37, 95).lateBelow(0.01),
		s.steady(10).against(21, 95).lateBelow(0.01),
		s.slow(0.8).against(14, 92),
		s.slow(1.5).against(11, 92),
		s.halved().against(16, 94),
		s.bursts().against(57, 90),
		s.cold().against(37, 88),
	)
}

func TestTwoHundredWorkersAreKeptBusy(t *testing.T) {
	s := in10ms(200, 1, simulate.Exponential)
	each(t,
		s.steady(0.8).against(1497, 98).refusedBelow(0.005),
		s.steady(1.5).against(426, 98).lateBelow(0.005),
		s.steady(3).against(563, 98).lateBelow(0.005),
		s.steady(10).against(280, 98).lateBelow(0.005),
		s.slow(0.8).against(212, 95),
		s.slow(1.5).against(212, 95),
		s.halved().against(426, 98),
		s.bursts().against(1302, 98),
		s.cold().against(984, 85),
	)
}

// With one worker the best fixed limit, too, has one of a hundred answers late.
func TestOneWorkerIsKeptBusy(t *testing.T) {
	s := in10ms(1, 12, simulate.Exponential)
	each(t,
		s.steady(0.8).against(7, 94).refusedBelow(0.12),
		s.steady(1.5).against(6, 95).lateBelow(0.03),
		s.steady(3).against(4, 95).lateBelow(0.03),
		s.steady(10).against(3, 95).lateBelow(0.03),
		s.slow(0.8).against(2, 85),
		s.slow(1.5).against(2, 85),
		s.halved().against(3, 92),
		s.bursts().against(6, 96),
		s.cold().against(4, 94),
	)
}

func TestWorkersWhoShareAllCallsAreKeptBusy(t *testing.T) {
	s := in10ms(10, 3, simulate.Light).sharing()
	each(t, s.steady(1.5).against(24, 95), s.steady(3).against(19, 95))
}

func TestManyWorkersWhoShareAllCallsAreKeptBusy(t *testing.T) {
	s := in10ms(200, 2, simulate.Exponential).sharing()
	each(t, s.steady(1.5).against(243, 95), s.steady(3).against(243, 95))
}

func TestFewCallsASecondAreEnoughToLearnFrom(t *testing.T) {
	const mean = 600 * time.Millisecond
	s := trial{
		Scenario: simulate.Scenario{Workers: 3, Mean: mean, Service: simulate.Exponential, Deadline: 10 * mean},
		from:     12 * time.Second, to: 2 * time.Minute, seeds: 24,
	}
	s.Length = s.to
	at := func(load float64) trial {
		s := s
		s.Name, s.Load = fmt.Sprintf("%gx", load), simulate.Always(load)
		return s
	}
	each(t,
		at(0.8).against(26, 95),
		at(1.5).against(15, 89).lateBelow(0.02),
		at(3).against(10, 90).lateBelow(0.02),
		at(10).against(13, 93).lateBelow(0.02),
	)
}

// Of three times the capacity the two upper classes are half, and the third gets a
// third. Of one and a half the second gets two thirds.
func TestClassesThatFitAreServedAndTheOthersAreNot(t *testing.T) {
	for _, load := range []float64{1.5, 3} {
		t.Run(fmt.Sprintf("%gx", load), func(t *testing.T) {
			t.Parallel()
			tr := in10ms(10, 1, simulate.Light).steady(load)
			tr.Classes = [simulate.NumClasses]float64{1, 1, 1, 1}
			tr.Seed = 1
			r := shed(t, &tr.Scenario)
			served := func(class int) float64 { return r.Class(class, tr.from, tr.to).Served() }
			t.Logf("%.4f %.4f %.4f %.4f", served(0), served(1), served(2), served(3))
			require.Greater(t, served(3), 0.99)
			require.Less(t, served(0), 0.03)
			if load == 3 {
				require.Less(t, served(1), 0.03)
			} else {
				require.Greater(t, served(2), 0.98)
			}
			good := float64(r.Between(tr.from, tr.to).Good)
			require.Greater(t, good, 0.97*tr.Capacity()*(tr.to-tr.from).Seconds())
		})
	}
}
