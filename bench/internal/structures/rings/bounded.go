package rings

import (
	"fmt"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/hash"

	"github.com/weirgo/weir/bench/internal/suite"
)

// bound is how much more than its share a node may have in flight. lafikl has no
// other.
const bound = 1.25

// A bounded ring counts calls in flight.
type bounded interface {
	// acquire counts a call until done is called.
	acquire(key string) (node string, ok bool)
	// pass is acquire and the end of that call.
	pass(key string) (ok bool)
}

type weirBounded struct{ *hash.Ring[string] }

func newWeirBounded(nodes []string) bounded {
	return weirBounded{weirOf(nodes, hash.RingOptions[string]{Load: bound})}
}

func (r weirBounded) acquire(key string) (string, bool) {
	node, _, ok := r.Acquire(key)
	return node, ok
}

func (r weirBounded) pass(key string) bool {
	_, permit, ok := r.Acquire(key)
	permit.Done(weir.Success)
	return ok
}

type lafiklBounded struct{ lafiklRing }

func newLafiklBounded(nodes []string) bounded { return lafiklBounded{newLafikl(nodes).(lafiklRing)} }

func (r lafiklBounded) acquire(key string) (string, bool) {
	node, err := r.GetLeast(key)
	r.Inc(node)
	return node, err == nil
}

func (r lafiklBounded) pass(key string) bool {
	node, ok := r.acquire(key)
	r.Done(node)
	return ok
}

func boundedContenders(subject func(func([]string) bounded) suite.Subject) []suite.Contender {
	return []suite.Contender{
		{Name: weirName, Module: weirModule, New: func() suite.Subject { return subject(newWeirBounded) }},
		{Name: lafiklName, Module: lafiklModule, New: func() suite.Subject { return subject(newLafiklBounded) }},
	}
}

func acquireLine(s Scale) suite.Line {
	keys := names("user:", s.Asked)
	return suite.Line{
		Name: "consistent hash, bounded loads",
		Work: "begin and end a call about the next of 65,536 keys; 10 nodes have a thousand in flight, 1.25 times their share at most",
		Contenders: boundedContenders(func(k func([]string) bounded) suite.Subject {
			r := k(nodes(10))
			for _, key := range keys[:s.Calls] {
				r.acquire(key)
			}
			return loop(keys, r.pass)
		}),
		Targets: []suite.Target{suite.Ratio(weirName, 1, lafiklName), suite.Allocs(weirName, 0)},
	}
}

// boundLine has every second call about the same key.
func boundLine(s Scale) suite.Line {
	return suite.Line{
		Name:    "consistent hash, a popular key",
		Work:    "a thousand calls in flight, half of them about one key",
		Metrics: []string{maxToMean},
		Contenders: boundedContenders(func(k func([]string) bounded) suite.Subject {
			return suite.Metered(func(suite.Setting) (map[string]float64, error) { return measureBound(k(nodes(10)), s.Calls) })
		}),
		Targets: []suite.Target{suite.Metric(weirName, maxToMean, bound)},
		Rounds:  1,
		CPUs:    []int{1},
	}
}

func measureBound(r bounded, calls int) (map[string]float64, error) {
	loads, most := make(map[string]int), 0
	for i, key := range names("user:", calls) {
		if i%2 == 0 {
			key = "everybody"
		}
		node, ok := r.acquire(key)
		if !ok {
			return nil, fmt.Errorf("no node for call %d", i)
		}
		loads[node]++
		most = max(most, loads[node])
	}
	return map[string]float64{maxToMean: float64(most) / (float64(calls) / 10)}, nil
}
