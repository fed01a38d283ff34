package bloom_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bloom"
)

const workers = 4

// together runs work in several goroutines that begin at once.
func together(work func(worker int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for w := range workers {
		wg.Go(func() {
			<-start
			work(w)
		})
	}
	close(start)
	wg.Wait()
}

// In few blocks, so that all of them change the same words.
func TestKeysAddedAtOnceAreAllFound(t *testing.T) {
	for _, fpr := range rates {
		f, one := bloom.New(4000, fpr), bloom.New(4000, fpr)
		together(func(w int) {
			var k keys
			for i := range 1000 {
				f.Add(k.key(w, i))
				if !f.Test(k.key(w, i)) {
					panic("what was added is not there")
				}
			}
		})
		var k keys
		for w := range workers {
			for i := range 1000 {
				one.Add(k.key(w, i))
			}
		}
		require.Equal(t, bytesOf(t, one), bytesOf(t, f), "as if added one after the other")
	}
}

func TestExactlyOneCallerIsFirst(t *testing.T) {
	for _, c := range []struct {
		n   int
		fpr float64
	}{{20_000, 0.01}, {2_000, 1e-7}} {
		f := bloom.New(c.n, c.fpr)
		first := make([]atomic.Int32, c.n)
		var arrived atomic.Int64
		together(func(int) {
			var k keys
			for i := range first {
				arrived.Add(1)
				for arrived.Load() < int64(workers*(i+1)) { // all at the same key, at once
					runtime.Gosched()
				}
				if !f.TestAndAdd(k.key(0, i)) {
					first[i].Add(1)
				}
			}
		})
		mistaken := 0
		for i := range first {
			require.LessOrEqual(t, first[i].Load(), int32(1), "several were told that they are first")
			if first[i].Load() == 0 {
				mistaken++
			}
		}
		require.LessOrEqual(t, float64(mistaken), c.fpr*float64(c.n))
	}
}

func TestFiltersMergeIntoEachOtherWhileKeysAreAdded(t *testing.T) {
	a, b := bloom.New(4000, 0.01), bloom.New(4000, 0.01)
	together(func(w int) {
		var k keys
		for i := range 1000 {
			switch {
			case w%2 == 0:
				a.Add(k.key(w, i))
			default:
				b.Add(k.key(w, i))
			}
			if i%100 == w {
				_ = a.Merge(b)
				_ = b.Merge(a)
			}
		}
	})
	require.NoError(t, a.Merge(b))
	require.NoError(t, b.Merge(a))
	require.Equal(t, bytesOf(t, a), bytesOf(t, b))
	var k keys
	for w := range workers {
		for i := range 1000 {
			require.True(t, a.Test(k.key(w, i)))
		}
	}
}

func TestCopiesHaveWhatWasAddedBefore(t *testing.T) {
	f := bloom.New(20_000, 0.001)
	together(func(w int) {
		var k keys
		for i := range 1000 {
			f.Add(k.key(w, i))
			if i%50 != w {
				continue
			}
			var back bloom.Filter
			data, err := f.MarshalBinary()
			if err != nil || back.UnmarshalBinary(data) != nil || f.EstimatedCount() < uint64(i)/2 {
				panic("a copy is damaged")
			}
			for _, c := range []*bloom.Filter{f.Clone(), &back} {
				for j := range i + 1 {
					if !c.Test(k.key(w, j)) {
						panic("a copy lacks what was added before")
					}
				}
			}
		}
	})
}
