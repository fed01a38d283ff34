package caches

import (
	"math/rand/v2"
	"sync"

	"github.com/weirgo/weir/bench/internal/suite"
)

func hitLine(s Scale) suite.Line {
	all := trafficOf(s)
	line := suite.Line{
		Name: "cache, hit ratio",
		Work: "a million requests, room for ten thousand entries; what is missed is set",
		Contenders: contenders(func(k kind) suite.Subject {
			return suite.Metered(func(suite.Setting) (map[string]float64, error) {
				ratios := make(map[string]float64)
				for _, t := range all {
					ratios[t.name] = hitRatio(k, s, t.keys())
				}
				return ratios, nil
			})
		}),
		Rounds: 1,
		CPUs:   []int{2},
	}
	for _, t := range all {
		line.Metrics = append(line.Metrics, t.name)
		line.Targets = append(line.Targets, suite.MetricBelow(weirName, t.name, t.spread, otterName))
	}
	return line
}

// hitRatio returns the share of requests, in per cent, that found a value. A wrong
// one is none.
func hitRatio(k kind, s Scale, requests []int32) float64 {
	c, hits := k(s.Traced), 0
	defer c.close()
	names := names(universe(s) + s.Requests/4)
	for _, key := range requests {
		if v, ok := c.get(names[key]); ok && v == int(key) {
			hits++
		} else {
			c.set(names[key], int(key))
		}
	}
	return 100 * float64(hits) / float64(len(requests))
}

// universe is how many keys are asked for that are not part of a scan.
func universe(s Scale) int { return 100 * s.Traced }

// traffic is a sequence of requests, the same for all.
type traffic struct {
	name   string
	spread float64 // points of hit ratio between two caches that decide alike, for they also draw lots
	keys   func() []int32
}

func trafficOf(s Scale) []traffic {
	t := func(name string, spread float64, next func(*rand.Rand) func(i int) int) traffic {
		return traffic{name, spread, sync.OnceValue(func() []int32 {
			of := next(rand.New(rand.NewPCG(7, 8)))
			keys := make([]int32, s.Requests)
			for i := range keys {
				keys[i] = int32(of(i))
			}
			return keys
		})}
	}
	popular := func(r *rand.Rand) *rand.Zipf { return rand.NewZipf(r, 1.01, 1, uint64(universe(s)-1)) }
	return []traffic{
		t("% zipf 1.01", 0.5, func(r *rand.Rand) func(int) int {
			z := popular(r)
			return func(int) int { return int(z.Uint64()) }
		}),
		// Every fourth request, on average, is for a key that nobody asks for again.
		t("% with scan", 0.5, func(r *rand.Rand) func(int) int {
			z, scanned := popular(r), universe(s)-1
			return func(int) int {
				if r.IntN(4) == 0 && scanned < universe(s)+s.Requests/4-1 {
					scanned++
					return scanned
				}
				return int(z.Uint64())
			}
		}),
		// Half as many keys again as there is room for, round and round.
		t("% loop", 3, func(*rand.Rand) func(int) int {
			return func(i int) int { return i % (s.Traced * 3 / 2) }
		}),
		// What is popular changes ten times: others take over.
		t("% shifting", 0.5, func(r *rand.Rand) func(int) int {
			z := popular(r)
			return func(i int) int { return (int(z.Uint64()) + i*10/s.Requests*s.Traced) % universe(s) }
		}),
	}
}
