package rings

import (
	"errors"
	"time"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	addMs    = "add ms"
	removeMs = "remove ms"

	longest = 10 // milliseconds that a change may take
)

func changeLine(s Scale) suite.Line {
	return suite.Line{
		Name:    "consistent hash, change",
		Work:    "add one node to a thousand, remove another",
		Metrics: []string{addMs, removeMs},
		Contenders: quickContenders(func(k kind) suite.Subject {
			all := nodes(s.Many)
			c := &changed{ring: k(all), nodes: all, key: "user:1"}
			return suite.Metered(func(suite.Setting) (map[string]float64, error) { return c.measure() })
		}),
		Targets: []suite.Target{suite.Metric(weirName, addMs, longest), suite.Metric(weirName, removeMs, longest)},
		CPUs:    []int{1},
	}
}

// A changed ring gets one node more, then one less, each time.
type changed struct {
	ring
	nodes []string
	key   string
	next  int
}

// measure takes the best of three: a change takes longer than programs are left
// alone on a busy machine.
func (c *changed) measure() (map[string]float64, error) {
	add, remove := time.Hour, time.Hour
	for range 3 {
		node := c.nodes[c.next%len(c.nodes)]
		c.next++
		start := time.Now()
		c.remove(node)
		remove = min(remove, time.Since(start))
		start = time.Now()
		c.add(node)
		add = min(add, time.Since(start))
		if c.get(c.key) == "" {
			return nil, errors.New("a key has no node")
		}
	}
	return map[string]float64{addMs: add.Seconds() * 1000, removeMs: remove.Seconds() * 1000}, nil
}
