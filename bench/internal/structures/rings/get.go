package rings

import (
	"sync/atomic"

	"github.com/weirgo/weir/bench/internal/suite"
)

func getLine(s Scale) suite.Line {
	keys := names("user:", s.Asked)
	return suite.Line{
		Name: "consistent hash, Get",
		Work: "find the node of the next of 65,536 keys, among 10",
		Contenders: contenders(func(k kind) suite.Subject {
			r := k(nodes(10))
			return loop(keys, func(key string) bool { return r.get(key) != "" })
		}),
		Targets: []suite.Target{suite.Ratio(weirName, 1.3, maglevName), suite.Allocs(weirName, 0)},
	}
}

// loop does something about one key after the other. Several goroutines are at
// different keys.
func loop(keys []string, do func(key string) (ok bool)) suite.Subject {
	var next atomic.Int64
	return &suite.Timed{Loop: func(n int) (odd int) {
		at := int(next.Add(int64(n))) % len(keys)
		for range n {
			if at++; at >= len(keys) {
				at = 0
			}
			if !do(keys[at]) {
				odd++
			}
		}
		return odd
	}}
}
