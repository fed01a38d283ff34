package caches_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/structures/caches"
	"github.com/weirgo/weir/bench/internal/suite"
)

var small = caches.Scale{Room: 2000, Traced: 200, Requests: 10_000}

// A benchmark that does not do what its line says is worthless: each contender
// complains if it does not find what it should hold.
func TestEveryContenderDoesTheWorkOfItsLine(t *testing.T) {
	for _, line := range caches.Lines(small) {
		require.NotEmpty(t, line.Targets, line.Name)
		for _, c := range line.Contenders {
			t.Run(line.Name+"/"+c.Name, func(t *testing.T) {
				subject := c.New()
				for _, n := range []int{1, 2} {
					s, err := subject.Measure(suite.Setting{CPUs: n, Time: time.Millisecond})
					require.NoError(t, err)
					for _, name := range line.Metrics {
						require.Contains(t, s.Metrics, name)
					}
				}
			})
		}
	}
}

// Traffic of which nothing is found twice would say nothing.
func TestTrafficTellsCachesApart(t *testing.T) {
	lines := caches.Lines(small)
	line := lines[len(lines)-1]
	for _, c := range line.Contenders {
		s, err := c.New().Measure(suite.Setting{CPUs: 1})
		require.NoError(t, err)
		require.Positive(t, s.Metrics["% zipf 1.01"], c.Name)
		require.Less(t, s.Metrics["% zipf 1.01"], 100.0, c.Name)
		require.Less(t, s.Metrics["% with scan"], s.Metrics["% zipf 1.01"], c.Name)
	}
}
