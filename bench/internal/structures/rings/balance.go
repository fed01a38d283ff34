package rings

import (
	"errors"
	"fmt"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	maxToMean = "max/mean"
	onAdd     = "% needless on add"
	onRemoval = "% needless on removal"
)

// balanceLine is the same in each round: neither keys nor nodes have anything random.
func balanceLine(s Scale, n int, uneven float64) suite.Line {
	return suite.Line{
		Name:    fmt.Sprintf("consistent hash, %d nodes", n),
		Work:    "assign a million keys; add a node, remove another, and see which keys move between other nodes",
		Metrics: []string{maxToMean, onAdd, onRemoval},
		Contenders: contenders(func(k kind) suite.Subject {
			return suite.Metered(func(suite.Setting) (map[string]float64, error) { return measureBalance(k, n, s.Keys) })
		}),
		Targets: []suite.Target{
			suite.Metric(weirName, maxToMean, uneven),
			suite.Metric(weirName, onAdd, 0),
			suite.Metric(weirName, onRemoval, 0),
		},
		Rounds: 1,
		CPUs:   []int{1},
	}
}

func measureBalance(k kind, n, keys int) (map[string]float64, error) {
	all := nodes(n)
	r, asked := k(all), names("user:", keys)
	before := owners(r, asked)
	r.add("another")
	added := owners(r, asked)
	r.remove("another")
	gone := all[n/2]
	r.remove(gone)
	removed := owners(r, asked)

	loads, most := make(map[string]int), 0
	var toOthers, fromOthers int
	for i, node := range before {
		loads[node]++
		most = max(most, loads[node])
		if added[i] != node && added[i] != "another" {
			toOthers++
		}
		if removed[i] != node && node != gone {
			fromOthers++
		}
		if node == "" || removed[i] == gone {
			return nil, errors.New("a key has no node, or one that is gone")
		}
	}
	share := func(n int) float64 { return 100 * float64(n) / float64(keys) }
	return map[string]float64{
		maxToMean: float64(most) / (float64(keys) / float64(n)),
		onAdd:     share(toOthers),
		onRemoval: share(fromOthers),
	}, nil
}

func owners(r ring, keys []string) []string {
	nodes := make([]string, len(keys))
	for i, key := range keys {
		nodes[i] = r.get(key)
	}
	return nodes
}
