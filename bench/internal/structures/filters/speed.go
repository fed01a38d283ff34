package filters

import (
	"sync"
	"sync/atomic"

	"github.com/weirgo/weir/bench/internal/suite"
)

// wrong is the rate, 0..1, that filters are made for whose speed is measured.
const wrong = 0.01

func addLine(s Scale) suite.Line {
	return suite.Line{
		Name:       "bloom, add",
		Work:       "add a new key to a filter for a million at 1 %",
		Contenders: contenders(adding(s)),
		Targets:    targets(blobloomName),
		CPUs:       []int{1}, // two at a time would break two of them
	}
}

func addTogetherLine(s Scale) suite.Line {
	return suite.Line{
		Name:       "bloom, add, two at a time",
		Work:       "add a new key to a filter for a million at 1 %",
		Contenders: safeContenders(adding(s)),
		Targets:    targets(syncName),
		CPUs:       []int{2},
	}
}

func hitLine(s Scale) suite.Line {
	return suite.Line{
		Name:       "bloom, hit",
		Work:       "ask a filter with a million keys for one of them",
		Contenders: contenders(asking(s, 0, true)),
		Targets:    targets(blobloomName),
	}
}

func missLine(s Scale) suite.Line {
	return suite.Line{
		Name:       "bloom, miss",
		Work:       "ask a filter with a million keys for another one",
		Contenders: contenders(asking(s, strangers, false)),
		Targets:    targets(blobloomName),
	}
}

func targets(peer string) []suite.Target {
	return []suite.Target{suite.Ratio(weirName, 1.1, peer), suite.Allocs(weirName, 0)}
}

// buffers are where keys are made: what is given to a function value is on the heap,
// and would count as an allocation of the filter's.
var buffers = sync.Pool{New: func() any { return new(key) }}

// adding begins again with an empty filter where one is full.
func adding(s Scale) func(kind) suite.Subject {
	return func(k kind) suite.Subject {
		f := k(s.Keys, wrong)
		var next atomic.Int64
		return &suite.Timed{
			Loop: func(n int) int {
				k := buffers.Get().(*key)
				defer buffers.Put(k)
				to := int(next.Add(int64(n)))
				for i := to - n; i < to; i++ {
					f.add(k.set(i))
				}
				if !f.has(k.set(to - 1)) {
					return n
				}
				return 0
			},
			Undo: func() {
				if next.Load() > int64(s.Keys) {
					f.clear()
					next.Store(0)
				}
			},
		}
	}
}

// asking asks for keys from first on, which are in the filter or not.
func asking(s Scale, first int, are bool) func(kind) suite.Subject {
	return func(k kind) suite.Subject {
		f := k(s.Keys, wrong)
		fill(f, 0, s.Keys)
		var next atomic.Int64
		subject := &suite.Timed{Loop: func(n int) (odd int) {
			k := buffers.Get().(*key)
			defer buffers.Put(k)
			to := int(next.Add(int64(n)))
			for i := to - n; i < to; i++ {
				if f.has(k.set(first+i&(s.Keys-1))) != are {
					odd++
				}
			}
			return odd
		}}
		if !are {
			subject.MayBeOdd = 2 * wrong
		}
		return subject
	}
}

func fill(f filter, first, n int) {
	var k key
	for i := range n {
		f.add(k.set(first + i))
	}
}
