package suite

import (
	"fmt"
	"strings"
)

// A Result is the outcome of a run.
type Result struct {
	Suite     string      `json:"suite"`
	Blocks    []Block     `json:"lines"`
	Withdrawn []Withdrawn `json:"withdrawn"`
	Met       int         `json:"met"`
	Total     int         `json:"total"`
	Missed    []string    `json:"missed"` // names of the targets that were missed
}

// A Block is one line measured at one setting of GOMAXPROCS.
type Block struct {
	Line       string    `json:"name"`
	Work       string    `json:"work"`
	CPUs       int       `json:"cpu"`
	Metrics    []string  `json:"metrics,omitempty"` // in the order of printing
	Contenders []Figures `json:"contenders"`
	Verdicts   []Verdict `json:"targets"`
}

// Figures are the medians of one contender.
type Figures struct {
	Name   string `json:"name"`
	Module string `json:"module"`
	Sample
}

// A Verdict is a target, and what became of it at one setting.
type Verdict struct {
	Target string  `json:"target"`
	Value  float64 `json:"value"` // median over the rounds
	Limit  float64 `json:"limit"`
	Met    bool    `json:"met"`
}

func newBlock(line Line, cpus int, samples [][]Sample) Block {
	b := Block{Line: line.Name, Work: line.Work, CPUs: cpus, Metrics: line.Metrics}
	byName := make(map[string][]Sample)
	for i, c := range line.Contenders {
		byName[c.Name] = samples[i]
		b.Contenders = append(b.Contenders, Figures{c.Name, c.Module, medianSample(samples[i])})
	}
	for _, t := range line.Targets {
		b.Verdicts = append(b.Verdicts, judge(t, byName[t.Subject], byName[t.Peer]))
	}
	return b
}

// judge compares round by round: the two samples of a round were taken next to
// each other, those of different rounds perhaps on a machine half as fast.
func judge(t Target, subject, peer []Sample) Verdict {
	values := make([]float64, len(subject))
	for round := range subject {
		var p Sample
		if t.Peer != "" {
			p = peer[round]
		}
		values[round] = t.value(subject[round], p)
	}
	v := median(values)
	return Verdict{Target: t.String(), Value: v, Limit: t.Limit, Met: v <= t.Limit} // false for NaN, too
}

// conclude counts the targets. One counts once, however many settings it was
// judged at, and is met if it is met at each of them.
func (r *Result) conclude(lines []Line) {
	r.Missed = []string{}
	for _, line := range lines {
		for i, t := range line.Targets {
			r.Total++
			if at := r.missedAt(line.Name, i); at != nil {
				r.Missed = append(r.Missed, fmt.Sprintf("%s: %s (-cpu %s)", line.Name, t, strings.Join(at, ",")))
			} else {
				r.Met++
			}
		}
	}
}

// missedAt returns the settings at which the i-th target of a line was missed.
func (r *Result) missedAt(line string, i int) (cpus []string) {
	for _, b := range r.Blocks {
		if b.Line == line && !b.Verdicts[i].Met {
			cpus = append(cpus, fmt.Sprint(b.CPUs))
		}
	}
	return cpus
}

// LastLine is the verdict on the whole run in one line without its newline:
// "met M of N: " and the names of what was missed, or "none missed".
func (r Result) LastLine() string {
	missed := "none missed"
	if len(r.Missed) > 0 {
		missed = strings.Join(r.Missed, "; ")
	}
	return fmt.Sprintf("met %d of %d: %s", r.Met, r.Total, missed)
}
