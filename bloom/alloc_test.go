package bloom_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bloom"
)

func TestOperationsAllocateNothing(t *testing.T) {
	for _, fpr := range rates {
		f, other, long := bloom.New(1000, fpr), filled(1000, fpr), strings.Repeat("x", 1000)
		var k keys
		i := 0
		bits := make([]uint64, 0, 16)
		for what, op := range map[string]func(){
			"Add":              func() { i++; f.Add(k.key(0, i)) },
			"AddString":        func() { i++; f.AddString(long[:i%1000]) },
			"Test":             func() { i++; f.Test(k.key(0, i)) },
			"TestString":       func() { i++; f.TestString(long[:i%1000]) },
			"TestAndAdd":       func() { i++; f.TestAndAdd(k.key(1, i)) },
			"TestAndAddString": func() { i++; f.TestAndAddString(long[:i%1000]) },
			"AppendBits":       func() { i++; bits = f.Layout().AppendBits(bits[:0], k.key(0, i)) },
			"EstimatedCount":   func() { f.EstimatedCount() },
			"Merge":            func() { _ = f.Merge(other) },
			"Clear":            func() { f.Clear() },
		} {
			require.Zero(t, testing.AllocsPerRun(100, op), "%s at %v", what, fpr)
		}
	}
}
