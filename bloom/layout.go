package bloom

import (
	"fmt"
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

const (
	blockWords = 8
	blockBits  = 64 * blockWords

	// The inverse of the plastic number and the square of that, in units of 2^-64: far
	// from all simple fractions, and odd, so that nothing of a hash is lost.
	mix1 = 0xc13fa9a902a6328f
	mix2 = 0x91e10da5c79e7b1d
)

// A Layout says which bits of a filter belong to a key, for those who keep the
// bits themselves: weirredis.Bloom has them in Redis. A [Filter] of the same
// capacity and rate uses the same ones.
//
// It is made by [NewLayout]; the zero value has no bits. It is a small value that
// does not change, equal to others with == if their bits are the same.
//
// A filter is blocks of 512 bits, each a line of the cache. The XXH64 of a key chooses
// one of them, in it two or four of its eight words, one of each half or quarter,
// and in each of these two to four bits. So a key costs one access to memory and two
// or four to words, at the price of a few per cent more bits than if it had all the
// filter to choose from ("Cache-, Hash- and Space-Efficient Bloom Filters", Putze,
// Sanders and Singler 2007; "Performance-Optimal Filtering", Lang et al. 2019). This
// will not change: a filter that was kept is good for ever.
type Layout struct {
	blocks        uint64
	wide          bool  // four words of a block, not two
	third, fourth uint8 // how far the third and fourth bit of a word are to be shifted
}

// Where in a hash the bits of a word are read from. Where a word has fewer than
// four bits, the rest repeat the second one: that costs less than a branch.
const first, second, third, fourth = 58, 52, 46, 40

// NewLayout returns the layout of a filter for n keys and so many false positives,
// a share of 0..1. It panics if they are impossible; see [Validate].
func NewLayout(n int, fpr float64) Layout {
	l, err := layoutOf(n, fpr)
	if err != nil {
		panic(err.Error())
	}
	return l
}

func layoutOf(n int, fpr float64) (Layout, error) {
	if err := validate(n, fpr); err != nil {
		return Layout{}, err
	}
	s := shapeFor(fpr)
	blocks := newSizer(s, n).blocks(fpr)
	if blocks > maxBlocks {
		return Layout{}, errSize
	}
	return s.layout(blocks), nil
}

// A shape is how many words of a block a key uses, and how many bits in each.
type shape struct{ words, each int }

func (s shape) valid() bool {
	return (s.words == 2 || s.words == 4) && s.each >= 2 && s.each <= 4
}

func (s shape) layout(blocks uint64) Layout {
	l := Layout{blocks: blocks, wide: s.words == 4, third: second, fourth: second}
	if s.each > 2 {
		l.third = third
	}
	if s.each > 3 {
		l.fourth = fourth
	}
	return l
}

func (l Layout) shape() shape {
	s := shape{2, 2}
	if l.wide {
		s.words = 4
	}
	if l.third != second {
		s.each++
	}
	if l.fourth != second {
		s.each++
	}
	return s
}

// Bits returns how many bits the filter has, a multiple of 512.
func (l Layout) Bits() uint64 { return l.blocks * blockBits }

// PerKey returns how many bits a key has at most: 4 to 16.
func (l Layout) PerKey() int {
	if l.blocks == 0 {
		return 0
	}
	s := l.shape()
	return s.words * s.each
}

// String returns the layout as "blocks*words*bits": those with the same text are equal.
func (l Layout) String() string {
	s := l.shape()
	return fmt.Sprintf("%d*%d*%d", l.blocks, s.words, s.each)
}

// AppendBits appends the numbers of a key's bits, below Bits and ascending, to dst.
// The key was added to a filter if all of them are set. It does not change the key.
func (l Layout) AppendBits(dst []uint64, key []byte) []uint64 {
	if l.blocks == 0 {
		panic(errZero)
	}
	h := xxhash.Sum64(key)
	base := l.block(h) * blockBits
	b := l.bits(h)
	for i, word := range b {
		for ; word != 0; word &= word - 1 {
			dst = append(dst, base+uint64(64*i+bits.TrailingZeros64(word)))
		}
	}
	return dst
}

// bits returns a block in which the bits of one key are set.
func (l *Layout) bits(h uint64) (b block) {
	x, y := h*mix1, h*mix2
	m1, m2 := l.masks(x)
	if !l.wide {
		i, j := halves(x)
		b[i], b[j] = m1, m2
		return b
	}
	m3, m4 := l.masks(y)
	i, j := quarters(x)
	b[i], b[j] = m1, m2
	i, j = quarters(y)
	b[4+i], b[4+j] = m3, m4
	return b
}

// block returns which block a hash chooses, by its high bits.
func (l *Layout) block(h uint64) uint64 {
	i, _ := bits.Mul64(h, l.blocks)
	return i
}

// masks returns the bits in each of two words, from the upper 48 bits of x.
func (l *Layout) masks(x uint64) (uint64, uint64) {
	return l.mask(x), l.mask(x << 24)
}

func (l *Layout) mask(x uint64) uint64 {
	return 1<<(x>>first) | 1<<(x>>second&63) | 1<<(x>>(l.third&63)&63) | 1<<(x>>(l.fourth&63)&63)
}

// halves returns a word of the first half of a block and one of the second, by
// bits of x that masks does not use.
func halves(x uint64) (uint64, uint64) { return x >> 12 & 3, 4 | x>>14&3 }

// quarters returns a word of the first and one of the second quarter of a block.
func quarters(x uint64) (uint64, uint64) { return x >> 12 & 1, 2 | x>>14&1 }
