package ratelimit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/suite"
)

// A benchmark that does not do what its line says is worthless: each contender
// is measured twice for a moment, and complains if it did not admit where it
// should, or refuse where it should.
func TestEveryContenderDoesTheWorkOfItsLine(t *testing.T) {
	for _, line := range Suite().Lines {
		for _, c := range line.Contenders {
			t.Run(line.Name+"/"+c.Name, func(t *testing.T) {
				subject := c.New()
				for _, cpus := range []int{1, 2} {
					s, err := subject.Measure(suite.Setting{CPUs: cpus, Time: time.Millisecond})
					require.NoError(t, err)
					require.Positive(t, s.NsPerOp)
				}
			})
		}
	}
}

// Whoever counts tells keys apart and stops at the quota.
func TestLimitersWithKeysCountEachOfThem(t *testing.T) {
	few := quota{events: 3, refusing: true}
	for name, make := range map[string]func(quota) decide{
		"weir": newWeir, "weir of three": newWeirOfThree, "go-limiter": newGolimit, "throttled": newThrottled,
		"in turn": func(q quota) decide { return inTurn(newGolimit, q) },
	} {
		ask := make(few)
		for _, key := range keys(3) {
			for i := range 5 {
				allowed, wrong := ask(key)
				require.False(t, wrong, name)
				require.Equal(t, i < 3, allowed, name)
			}
		}
	}
}

func TestEveryLineHasATarget(t *testing.T) {
	for _, line := range Suite().Lines {
		require.NotEmpty(t, line.Targets, line.Name)
	}
}
