package load

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStatsReportTheWorkersThereAreWhileLateCallsLowerTheLimit(t *testing.T) {
	s := New(Options{CPUThreshold: -1})
	s.control.law = knows(40, 1)
	s.control.late.late = 0.55
	s.control.publish(s.control.law.verdict())
	require.InDelta(t, 0.5, s.control.late.factor(), 1e-9)
	require.InDelta(t, 20, s.rules.floor.Load(), 1e-9)
	require.Equal(t, 40.0, s.Stats().Workers)
}
