package bloom_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weirgo/weir/bloom"
)

const million = 1_000_000

// names makes twice a million keys, of which the first are added.
var names = sync.OnceValue(func() []string {
	all := make([]string, 2*million)
	for i := range all {
		all[i] = "user:" + strconv.Itoa(i*7_919)
	}
	return all
})

// A map is what one would use if memory did not matter.
type mapSet struct {
	mu   sync.RWMutex
	keys map[string]struct{}
}

func (s *mapSet) AddString(key string) {
	s.mu.Lock()
	s.keys[key] = struct{}{}
	s.mu.Unlock()
}

func (s *mapSet) TestString(key string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ok := s.keys[key]
	return ok
}

type set interface {
	AddString(string)
	TestString(string) bool
}

func BenchmarkMillionKeys(b *testing.B) {
	for name, empty := range map[string]func() set{
		"bloom 1%":       func() set { return bloom.New(million, 0.01) },
		"bloom 0.01%":    func() set { return bloom.New(million, 1e-4) },
		"map with mutex": func() set { return &mapSet{keys: make(map[string]struct{}, million)} },
	} {
		all := names()
		b.Run(name+"/add", func(b *testing.B) { benchmarkAdd(b, empty, all) })
		full := empty()
		for _, key := range all[:million] {
			full.AddString(key)
		}
		b.Run(name+"/hit", func(b *testing.B) { benchmarkTest(b, full, all[:million]) })
		b.Run(name+"/miss", func(b *testing.B) { benchmarkTest(b, full, all[million:]) })
		b.Run(name+"/add at once", func(b *testing.B) { benchmarkParallelAdd(b, empty(), all) })
	}
}

// benchmarkAdd never adds a key twice, nor more than a million.
func benchmarkAdd(b *testing.B, empty func() set, all []string) {
	b.ReportAllocs()
	s, i := empty(), 0
	for b.Loop() {
		if i == million {
			b.StopTimer()
			s, i = empty(), 0
			b.StartTimer()
		}
		s.AddString(all[i])
		i++
	}
}

func benchmarkTest(b *testing.B, s set, all []string) {
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		s.TestString(all[i])
		if i++; i == len(all) {
			i = 0
		}
	}
}

func benchmarkParallelAdd(b *testing.B, s set, all []string) {
	b.ReportAllocs()
	var next atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		i := int(next.Add(1)) * len(all) / 4
		for pb.Next() {
			s.AddString(all[i%len(all)])
			i++
		}
	})
}

func BenchmarkTestAndAddOfNewKeys(b *testing.B) {
	b.ReportAllocs()
	f, i := bloom.New(million, 0.01), 0
	var k keys
	for b.Loop() {
		if i++; i == million {
			b.StopTimer()
			f.Clear()
			i = 0
			b.StartTimer()
		}
		f.TestAndAdd(k.key(0, i))
	}
}

// The rate of mistakes for more keys than tests have time for: -benchtime 1x.
func BenchmarkRateOfMistakes(b *testing.B) {
	for _, n := range []int{10 * million, 100 * million} {
		for _, fpr := range []float64{0.01, 1e-4} {
			b.Run(name(n, fpr), func(b *testing.B) {
				for b.Loop() {
					b.ReportMetric(measure(n, fpr, 1, 10*million)/fpr, "of-the-rate")
				}
				b.ReportMetric(float64(bloom.NewLayout(n, fpr).Bits())/float64(n), "bits/key")
			})
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for _, n := range []int{10, million} {
		b.Run(name(n, 0.01), func(b *testing.B) {
			for b.Loop() {
				bloom.NewLayout(n, 0.01)
			}
		})
	}
}
