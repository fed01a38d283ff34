package filters

import (
	"github.com/bits-and-blooms/bloom/v3"
	"github.com/cespare/xxhash/v2"
	"github.com/greatroar/blobloom"

	weirbloom "github.com/weirgo/weir/bloom"
)

func newWeir(n int, rate float64) filter {
	f := weirbloom.New(n, rate)
	return filter{
		add:   func(key []byte) { f.Add(key) },
		has:   func(key []byte) bool { return f.Test(key) },
		clear: f.Clear,
		bits:  float64(f.Bits()),
	}
}

func newBlobloom(n int, rate float64) filter {
	f := blobloom.NewOptimized(blobloom.Config{Capacity: uint64(n), FPRate: rate})
	return filter{
		add:   func(key []byte) { f.Add(xxhash.Sum64(key)) },
		has:   func(key []byte) bool { return f.Has(xxhash.Sum64(key)) },
		clear: f.Clear,
		bits:  float64(f.NumBits()),
	}
}

// newSync has no Clear. It is made anew, while nobody uses it.
func newSync(n int, rate float64) filter {
	config := blobloom.Config{Capacity: uint64(n), FPRate: rate}
	f := blobloom.NewSyncOptimized(config)
	bits, _ := blobloom.Optimize(config)
	return filter{
		add:   func(key []byte) { f.Add(xxhash.Sum64(key)) },
		has:   func(key []byte) bool { return f.Has(xxhash.Sum64(key)) },
		clear: func() { f = blobloom.NewSyncOptimized(config) },
		bits:  float64(bits),
	}
}

func newBits(n int, rate float64) filter {
	f := bloom.NewWithEstimates(uint(n), rate)
	return filter{
		add:   func(key []byte) { f.Add(key) },
		has:   func(key []byte) bool { return f.Test(key) },
		clear: func() { f.ClearAll() },
		bits:  float64(f.Cap()),
	}
}
