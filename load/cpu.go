package load

import (
	"math"
	"os"
	"runtime"
	"sync"
	"time"
)

const (
	// cpuMemory is the time constant of the average. From idle to all that the
	// process may have, the average passes 0.9 of it after 2.3 s.
	cpuMemory = time.Second
	// cpuShortest is the shortest interval worth measuring: some systems count CPU
	// time in ticks of several milliseconds.
	cpuShortest = 10 * time.Millisecond
	// quotaLife is how long a quota is taken for granted. It seldom changes, and
	// takes several files to read.
	quotaLife = 10 * time.Second
)

// CPU is the signal of how much CPU time this process uses, averaged over about a
// second, of what it may use: GOMAXPROCS, or the quota of its control group if
// that is less (Linux, v1 and v2; a limit of 0.5 CPUs counts as 0.5). At threshold,
// 0 to 1, of that it is overloaded; 0 means 0.9. It panics on any other threshold.
//
// What other processes use does not count, even under the same quota. The first
// reading is 0. On plan9, js and wasip1 there is no CPU time to read: reading is
// an error.
//
// Signals share nothing. Two shedders may have the same one.
func CPU(threshold float64) Signal {
	if threshold == 0 {
		threshold = 0.9
	}
	if !(threshold > 0 && threshold <= 1) { // written so that NaN fails
		panic("load: CPU needs a threshold above 0, and 1 at most")
	}
	u := &cpuUse{threshold: threshold, used: processCPU, quota: systemQuota}
	return Signal{Name: "cpu", Read: u.read}
}

// systemQuota returns how many CPUs the system lets this process use, infinitely
// many if it sets no limit.
func systemQuota() float64 {
	if runtime.GOOS != "linux" && runtime.GOOS != "android" {
		return math.Inf(1)
	}
	return cgroupQuota(os.DirFS("/"))
}

type cpuUse struct {
	threshold float64
	used      func() (time.Duration, error) // CPU time of the process so far
	quota     func() float64                // in CPUs, never 0

	mu      sync.Mutex // guards what follows
	level   float64
	at      time.Time // of the last reading; zero before the first
	usedAt  time.Duration
	cpus    float64 // the quota
	quotaAt time.Time
}

func (u *cpuUse) read() (float64, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := time.Now()
	elapsed := now.Sub(u.at)
	if !u.at.IsZero() && elapsed < cpuShortest {
		return u.level, nil
	}
	used, err := u.used()
	if err != nil {
		return 0, err
	}
	if !u.at.IsZero() {
		u.average(used-u.usedAt, elapsed, u.available(now))
	}
	u.at, u.usedAt = now, used
	return u.level, nil
}

// average takes an interval into the average. Before the first interval it is 0,
// as if the process had been idle: starting up is no overload.
func (u *cpuUse) average(used, elapsed time.Duration, available float64) {
	share := max(0, used.Seconds()) / elapsed.Seconds() / available
	weight := -math.Expm1(-float64(elapsed) / float64(cpuMemory))
	u.level += weight * (share/u.threshold - u.level)
}

// available returns how many CPUs the process may use now.
func (u *cpuUse) available(now time.Time) float64 {
	if u.quotaAt.IsZero() || now.Sub(u.quotaAt) >= quotaLife {
		u.cpus, u.quotaAt = u.quota(), now
	}
	return min(u.cpus, float64(runtime.GOMAXPROCS(0)))
}
