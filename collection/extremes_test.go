package collection

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestARingOfABillionCounts(t *testing.T) {
	const n = 1 << 30
	r := &Ring[struct{}]{max: n + 1, values: make([]struct{}, n)}
	require.NotPanics(t, func() { r.Add(struct{}{}) })
	r = &Ring[struct{}]{max: n + 5, values: make([]struct{}, n+5), oldest: n + 4}
	require.NotPanics(t, func() { r.Last() })
}

func TestAnIndexOfABillionKeysDoesNotShrinkToNothing(t *testing.T) {
	var x keyIndex[int, int]
	p := &pending[keyed[int, int]]{}
	x.insert(p)
	for range 1000 {
		x.grow()
	}
	before := x.buckets
	x.count = 1<<29 + 1 // as if there were so many
	x.remove(p)
	require.Equal(t, before, x.buckets)
}
