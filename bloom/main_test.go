package bloom_test

import (
	"encoding/binary"
	"testing"

	"go.uber.org/goleak"

	"github.com/weirgo/weir/bloom"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keys makes keys that are the same in every run, and differ between sets.
type keys struct{ buf [16]byte }

func (k *keys) key(set, i int) []byte {
	binary.LittleEndian.PutUint64(k.buf[:], uint64(set))
	binary.LittleEndian.PutUint64(k.buf[8:], uint64(i))
	return k.buf[:]
}

// measure fills filters and returns the share of so many other keys that they mistake.
func measure(n int, fpr float64, filters, probes int) float64 {
	var k keys
	wrong := 0
	for set := range filters {
		f := bloom.New(n, fpr)
		for i := range n {
			f.Add(k.key(set, i))
		}
		for i := range probes {
			if f.Test(k.key(^set, i)) {
				wrong++
			}
		}
	}
	return float64(wrong) / float64(filters*probes)
}
