package suite

import (
	"fmt"
	"runtime"
	"slices"
	"time"
)

// Options says how a suite is measured. All fields must be set.
type Options struct {
	Rounds int           // how often each contender is measured; at least 1
	Time   time.Duration // how long one measurement takes
	CPUs   []int         // settings of GOMAXPROCS; each target is judged on all
}

// Run measures the lines of s in order, and calls progress with the result of
// each line at each setting as soon as it is there. It changes GOMAXPROCS while
// it runs. It fails where a contender did not do the work of its line.
func Run(s Suite, o Options, progress func(Block)) (Result, error) {
	if err := s.validate(); err != nil {
		return Result{}, err
	}
	if s.Close != nil {
		defer s.Close()
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	result := Result{Suite: s.Name, Withdrawn: s.Withdrawn}
	for _, line := range s.Lines {
		cpus := line.CPUs
		if cpus == nil {
			cpus = o.CPUs
		}
		for _, n := range cpus {
			runtime.GOMAXPROCS(n)
			block, err := measure(line, Setting{CPUs: n, Time: o.Time}, o.Rounds)
			if err != nil {
				return Result{}, fmt.Errorf("%s, -cpu %d: %w", line.Name, n, err)
			}
			progress(block)
			result.Blocks = append(result.Blocks, block)
		}
	}
	result.conclude(s.Lines)
	return result, nil
}

// measure runs all rounds of one line at one setting.
func measure(line Line, s Setting, rounds int) (Block, error) {
	n := len(line.Contenders)
	subjects := make([]Subject, n)
	samples := make([][]Sample, n) // by contender, then by round
	for i, c := range line.Contenders {
		subjects[i] = c.New()
		if c, ok := subjects[i].(interface{ Close() }); ok {
			defer c.Close()
		}
	}
	if line.Rounds > 0 {
		rounds = min(rounds, line.Rounds)
	}
	for round := range rounds {
		for i := range n {
			at := (round + i) % n
			sample, err := subjects[at].Measure(s)
			if err != nil {
				return Block{}, fmt.Errorf("%s: %w", line.Contenders[at].Name, err)
			}
			for _, name := range line.Metrics {
				if _, ok := sample.Metrics[name]; !ok {
					return Block{}, fmt.Errorf("%s: did not find out %q", line.Contenders[at].Name, name)
				}
			}
			samples[at] = append(samples[at], sample)
		}
	}
	return newBlock(line, s.CPUs, samples), nil
}

// validate finds targets that speak of contenders that are not there: such a
// target would never be judged.
func (s Suite) validate() error {
	for _, line := range s.Lines {
		names := make(map[string]bool)
		for _, c := range line.Contenders {
			if names[c.Name] {
				return fmt.Errorf("%s: two contenders are called %q", line.Name, c.Name)
			}
			names[c.Name] = true
		}
		for _, t := range line.Targets {
			if !names[t.Subject] || t.Peer != "" && !names[t.Peer] {
				return fmt.Errorf("%s: the target %q names nobody who is measured", line.Name, t)
			}
			if t.metric != "" && !slices.Contains(line.Metrics, t.metric) {
				return fmt.Errorf("%s: the target %q names nothing that is found out", line.Name, t)
			}
		}
	}
	return nil
}
