package load

import (
	"errors"
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A process is one whose CPU time and quota are made up.
type process struct {
	used  time.Duration
	err   error
	quota float64
	asked int // how often for the quota
}

func (p *process) signal(threshold float64) *cpuUse {
	return &cpuUse{
		threshold: threshold,
		used:      func() (time.Duration, error) { return p.used, p.err },
		quota: func() float64 {
			p.asked++
			return p.quota
		},
	}
}

// run keeps so many CPUs busy for d. It needs a bubble.
func (p *process) run(d time.Duration, cpus float64) {
	time.Sleep(d)
	p.used += time.Duration(cpus * float64(d))
}

func readLevel(t *testing.T, u *cpuUse) float64 {
	t.Helper()
	level, err := u.read()
	require.NoError(t, err)
	return level
}

// average is what the signal makes of a constant use that lasts for d.
func average(level float64, d time.Duration) float64 { return level * (1 - math.Exp(-d.Seconds())) }

func TestCPUIsAShareOfTheQuota(t *testing.T) {
	for _, c := range []struct{ quota, cpus, threshold, want float64 }{
		{0.5, 0.5, 1, 1},
		{0.5, 0.5, 0.9, 1 / 0.9},
		{0.5, 0.25, 1, 0.5},
		{0.001, 0.001, 0.5, 2},
		{0.5, 0.75, 1, 1.5}, // a group may burst
		{0.5, 0, 1, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := &process{used: time.Hour, quota: c.quota}
			u := p.signal(c.threshold)
			require.Zero(t, readLevel(t, u), "there is no interval yet")
			for range 200 {
				p.run(250*time.Millisecond, c.cpus)
				readLevel(t, u)
			}
			require.InDelta(t, c.want, readLevel(t, u), 1e-9)
		})
	}
}

func TestCPUIsAShareOfGOMAXPROCSIfTheQuotaIsMore(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for _, quota := range []float64{2, 2.5, 64, math.Inf(1)} {
		synctest.Test(t, func(t *testing.T) {
			p := &process{quota: quota}
			u := p.signal(1)
			readLevel(t, u)
			p.run(time.Hour, 1)
			require.InDelta(t, 0.5, readLevel(t, u), 1e-9)

			runtime.GOMAXPROCS(1)
			defer runtime.GOMAXPROCS(2)
			p.run(time.Hour, 1)
			require.InDelta(t, 1, readLevel(t, u), 1e-9, "GOMAXPROCS changed")
		})
	}
}

func TestCPUFollowsAChangeWithATimeConstantOfASecond(t *testing.T) {
	for _, step := range []time.Duration{10 * time.Millisecond, 250 * time.Millisecond, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			p := &process{quota: 0.5}
			u := p.signal(1)
			readLevel(t, u)
			for at := step; at <= 5*time.Second; at += step {
				p.run(step, 0.5)
				require.InDelta(t, average(1, at), readLevel(t, u), 1e-6, "busy for %v", at)
			}
			busy := readLevel(t, u)
			for at := step; at <= 5*time.Second; at += step {
				p.run(step, 0)
				require.InDelta(t, busy-average(busy, at), readLevel(t, u), 1e-6, "idle for %v", at)
			}
		})
	}
}

func TestCPUShowsAllThatThereIsAsOverloadWithinTenReadings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &process{quota: 0.5}
		u := p.signal(0.9)
		readings := 0
		for readLevel(t, u) < 1 {
			readings++
			p.run(250*time.Millisecond, 0.5)
		}
		require.Equal(t, 10, readings)
	})
}

func TestCPUReadTwiceInTenMillisecondsIsReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &process{quota: 0.5}
		u := p.signal(1)
		readLevel(t, u)
		p.run(time.Second, 0.5)
		want := readLevel(t, u)
		for range 9 {
			p.run(time.Millisecond, 0.5)
			require.Equal(t, want, readLevel(t, u))
		}
		p.run(time.Millisecond, 0.5)
		require.InDelta(t, average(1, time.Second+10*time.Millisecond), readLevel(t, u), 1e-9,
			"the time in between is not lost")
	})
}

func TestQuotaIsReadEveryTenSecondsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &process{quota: 0.5}
		u := p.signal(1)
		readLevel(t, u)
		require.Zero(t, p.asked, "nothing to divide by it yet")
		for range 40 {
			p.run(250*time.Millisecond, 0.25)
			readLevel(t, u)
			require.Equal(t, 1, p.asked)
		}
		p.quota = 0.25
		p.run(250*time.Millisecond, 0.25)
		readLevel(t, u)
		require.Equal(t, 2, p.asked)
		p.run(time.Hour, 0.25)
		require.InDelta(t, 1, readLevel(t, u), 1e-9, "a quota may change")
		require.Equal(t, 3, p.asked)
	})
}

func TestCPUThatCannotBeReadIsAnErrorAndNoLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		p := &process{quota: 0.5, err: broken}
		u := p.signal(1)
		_, err := u.read()
		require.Equal(t, broken, err)

		p.err = nil
		p.run(time.Second, 0.5)
		require.Zero(t, readLevel(t, u), "the first reading that worked")
		p.run(time.Second, 0.5)
		p.err = broken
		_, err = u.read()
		require.Equal(t, broken, err)
		p.err = nil
		p.run(time.Second, 0.5)
		require.InDelta(t, average(1, 2*time.Second), readLevel(t, u), 1e-9)
	})
}

func TestCPUTimeThatGoesBackCountsAsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &process{quota: 0.5, used: time.Hour}
		u := p.signal(1)
		readLevel(t, u)
		p.run(time.Second, 0)
		p.used = 0
		require.Zero(t, readLevel(t, u))
		p.run(time.Second, 0.5)
		require.InDelta(t, average(1, time.Second), readLevel(t, u), 1e-9)
	})
}

// It would not end if the CPU time did not grow.
func TestProcessCPUGrowsWithWork(t *testing.T) {
	before, err := processCPU()
	require.NoError(t, err)
	require.Positive(t, before)
	for now := before; now < before+50*time.Millisecond; {
		now, err = processCPU()
		require.NoError(t, err)
		require.GreaterOrEqual(t, now, before)
	}
}

func TestReadingTheCPUAllocatesNothing(t *testing.T) {
	s := &cpuUse{threshold: 0.9, used: processCPU, quota: systemQuota}
	read := func() {
		s.at = s.at.Add(-time.Second) // so that it is worth another look
		if _, err := s.read(); err != nil {
			panic(err)
		}
	}
	read()
	require.Zero(t, testing.AllocsPerRun(1000, read))
}

func BenchmarkCPU(b *testing.B) {
	u := &cpuUse{threshold: 0.9, used: processCPU, quota: systemQuota}
	read := func(b *testing.B) {
		u.at = u.at.Add(-time.Second)
		if _, err := u.read(); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			read(b)
		}
	})
	b.Run("read with quota", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			u.quotaAt = time.Time{}
			read(b)
		}
	})
}
