package suite_test

import (
	"errors"
	"time"

	"github.com/weirgo/weir/bench/internal/suite"
)

var errBroken = errors.New("broken")

// script is a subject that answers with one sample after another, and fails when
// there are none left.
type script struct {
	samples []suite.Sample
	measure func(suite.Setting) // told of each measurement, may be nil
}

func (s *script) Measure(at suite.Setting) (suite.Sample, error) {
	if s.measure != nil {
		s.measure(at)
	}
	if len(s.samples) == 0 {
		return suite.Sample{}, errBroken
	}
	first := s.samples[0]
	s.samples = s.samples[1:]
	return first, nil
}

// timings returns a contender whose operations take so many nanoseconds, round
// by round, at each setting of GOMAXPROCS.
func timings(name string, ns ...float64) suite.Contender {
	return suite.Contender{Name: name, New: func() suite.Subject {
		s := &script{}
		for _, v := range ns {
			s.samples = append(s.samples, suite.Sample{NsPerOp: v})
		}
		return s
	}}
}

// always returns a contender that is measured once with that result.
func always(name string, s suite.Sample) suite.Contender {
	return suite.Contender{Name: name, New: func() suite.Subject {
		return &script{samples: []suite.Sample{s}}
	}}
}

func oneLine(contenders []suite.Contender, targets ...suite.Target) suite.Suite {
	return suite.Suite{Name: "s", Lines: []suite.Line{{Name: "line", Contenders: contenders, Targets: targets}}}
}

func rounds(n int) suite.Options {
	return suite.Options{Rounds: n, Time: time.Millisecond, CPUs: []int{1}}
}

func ignore(suite.Block) {}
