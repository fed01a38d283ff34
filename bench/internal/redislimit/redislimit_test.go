package redislimit

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/suite"
)

func needServer(t *testing.T) {
	t.Helper()
	if binary() == "" {
		require.Empty(t, os.Getenv("CI"), "CI needs redis-server on PATH")
		t.Skip("no redis-server on PATH")
	}
}

// A benchmark that does not do what its line says is worthless: each contender
// is measured twice for a moment, and complains if the server did not admit.
func TestEveryContenderDoesTheWorkOfItsLine(t *testing.T) {
	needServer(t)
	s := Suite()
	t.Cleanup(s.Close)
	for _, line := range s.Lines {
		require.NotEmpty(t, line.Targets, line.Name)
		for _, c := range line.Contenders {
			t.Run(line.Name+"/"+c.Name, func(t *testing.T) {
				subject := c.New()
				for range 2 {
					sample, err := subject.Measure(suite.Setting{CPUs: 2, Time: 5 * time.Millisecond})
					require.NoError(t, err)
					require.Positive(t, sample.P50Ns)
					if c.Name != leaseName {
						require.GreaterOrEqual(t, sample.TripsPerOp, 1.0)
					}
				}
			})
		}
	}
}

func TestNobodyAllowsWithoutItsServer(t *testing.T) {
	needServer(t)
	s := &server{path: binary()}
	require.NoError(t, s.start())
	t.Cleanup(s.stop)
	asks := []ask{newBare(s), newEmpty(s), newWeir(s), newLease(s), newThreeRates(s), newRedisRate(s), newThrottled(s)}
	require.NoError(t, s.cmd.Process.Kill())
	for i, ask := range asks {
		require.False(t, ask(context.Background()), i)
	}
}

func TestWithoutAServerTheSuiteSaysSoAndMeasuresNothing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	s := Suite()
	require.Empty(t, s.Lines)
	require.Equal(t, "redis-server", s.Withdrawn[0].Module)
}
