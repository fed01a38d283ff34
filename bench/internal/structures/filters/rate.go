package filters

import (
	"errors"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	falseShare = "% false"
	bitsPerKey = "bits/key"
)

// rateLine is the same in each round: neither keys nor filters have anything random.
func rateLine(s Scale, name string, n int, rate float64) suite.Line {
	line := suite.Line{
		Name:    "bloom, " + name,
		Work:    "ask full filters for keys that are not there",
		Metrics: []string{falseShare, bitsPerKey},
		Contenders: contenders(func(k kind) suite.Subject {
			return suite.Metered(func(suite.Setting) (map[string]float64, error) { return measureRate(k, n, rate, s.Probes) })
		}),
		Targets: []suite.Target{suite.Metric(weirName, falseShare, 100*rate)},
		Rounds:  1,
		CPUs:    []int{1},
	}
	if rate == 0.01 {
		line.Targets = append(line.Targets, suite.Metric(weirName, bitsPerKey, 11))
	}
	return line
}

var errForgot = errors.New("a key that was added is not there")

// measureRate fills several filters if one is so small that it says little about
// those of its size.
func measureRate(k kind, n int, rate float64, probes int) (map[string]float64, error) {
	filters := max(1, probes/20/n)
	each, found, bits := probes/filters, 0, 0.0
	for i := range filters {
		f, first := k(n, rate), i*n
		fill(f, first, n)
		var k key
		for j := range n {
			if !f.has(k.set(first + j)) {
				return nil, errForgot
			}
		}
		for j := range each {
			if f.has(k.set(strangers + i*each + j)) {
				found++
			}
		}
		bits = f.bits
	}
	return map[string]float64{
		falseShare: 100 * float64(found) / float64(each*filters),
		bitsPerKey: bits / float64(n),
	}, nil
}
