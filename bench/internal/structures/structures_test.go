package structures_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/internal/structures"
)

// What the lines do is tested beside them, at a smaller scale.
func TestEveryLineHasANameOfItsOwnAndATarget(t *testing.T) {
	names := make(map[string]bool)
	for _, line := range structures.Suite().Lines {
		require.False(t, names[line.Name], line.Name)
		names[line.Name] = true
		require.NotEmpty(t, line.Targets, line.Name)
		require.Greater(t, len(line.Contenders), 1, line.Name)
	}
}
