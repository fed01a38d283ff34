package bloom

import (
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
)

var (
	// ErrFormat is returned by [Filter.UnmarshalBinary] for what is not a filter, or
	// damaged, or of a version that this one does not know.
	ErrFormat = errors.New("bloom: not a filter")

	errNothing = errors.New(errZero)
)

var (
	_ encoding.BinaryMarshaler   = (*Filter)(nil)
	_ encoding.BinaryUnmarshaler = (*Filter)(nil)
)

// The format, all numbers little-endian:
//
//	 0  "wbf", and the version, 1
//	 4  words per key, bits per word, 0, 0
//	 8  capacity, 64 bits
//	16  rate of false positives, IEEE 754, 64 bits
//	24  blocks, 64 bits
//	32  the blocks, 8 words of 64 bits each
//	    XXH64 of all that
const (
	version    = 1
	magic      = "wbf"
	headBytes  = 32
	blockBytes = blockBits / 8
	sumBytes   = 8
)

// MarshalBinary returns the filter as bytes, as many as it takes in memory and 40 more. They
// are the same on every machine. What is added meanwhile may be in them or not.
func (f *Filter) MarshalBinary() ([]byte, error) {
	if len(f.blocks) == 0 {
		return nil, errNothing
	}
	s := f.layout.shape()
	data := make([]byte, 0, headBytes+len(f.blocks)*blockBytes+sumBytes)
	data = append(data, magic...)
	data = append(data, version, byte(s.words), byte(s.each), 0, 0)
	data = binary.LittleEndian.AppendUint64(data, uint64(f.capacity))
	data = binary.LittleEndian.AppendUint64(data, math.Float64bits(f.fpr))
	data = binary.LittleEndian.AppendUint64(data, f.layout.blocks)
	for i := range f.blocks {
		for j := range f.blocks[i] {
			data = binary.LittleEndian.AppendUint64(data, atomic.LoadUint64(&f.blocks[i][j]))
		}
	}
	return binary.LittleEndian.AppendUint64(data, xxhash.Sum64(data)), nil
}

// UnmarshalBinary makes the filter what MarshalBinary has returned, in place of what it
// was. It must not be used by others meanwhile. Where data is not that, the error is an
// [ErrFormat], and the filter stays as it was. It takes no more memory than data.
//
// The checksum finds accidents. It does not keep anybody from forging a filter.
func (f *Filter) UnmarshalBinary(data []byte) error {
	h, err := parse(data)
	if err != nil {
		return err
	}
	blocks := make([]block, h.layout.blocks)
	words := data[headBytes:]
	for i := range blocks {
		for j := range blocks[i] {
			blocks[i][j] = binary.LittleEndian.Uint64(words)
			words = words[8:]
		}
	}
	f.layout, f.capacity, f.fpr, f.blocks = h.layout, h.capacity, h.fpr, blocks
	return nil
}

type head struct {
	layout   Layout
	capacity int
	fpr      float64
}

var (
	errShort    = fmt.Errorf("%w: too short, or something else", ErrFormat)
	errVersion  = fmt.Errorf("%w: of another version", ErrFormat)
	errHead     = fmt.Errorf("%w: impossible numbers", ErrFormat)
	errLength   = fmt.Errorf("%w: not as long as it says", ErrFormat)
	errChecksum = fmt.Errorf("%w: wrong checksum", ErrFormat)
)

// parse checks all there is to check before anything is allocated.
func parse(data []byte) (head, error) {
	if len(data) < headBytes+blockBytes+sumBytes || string(data[:3]) != magic {
		return head{}, errShort
	}
	if data[3] != version {
		return head{}, errVersion
	}
	s := shape{int(data[4]), int(data[5])}
	capacity := binary.LittleEndian.Uint64(data[8:])
	fpr := math.Float64frombits(binary.LittleEndian.Uint64(data[16:]))
	blocks := binary.LittleEndian.Uint64(data[24:])
	if !s.valid() || data[6]|data[7] != 0 || capacity > math.MaxInt || validate(int(capacity), fpr) != nil {
		return head{}, errHead
	}
	body := len(data) - headBytes - sumBytes
	if body%blockBytes != 0 || blocks != uint64(body/blockBytes) {
		return head{}, errLength
	}
	if xxhash.Sum64(data[:len(data)-sumBytes]) != binary.LittleEndian.Uint64(data[len(data)-sumBytes:]) {
		return head{}, errChecksum
	}
	return head{s.layout(blocks), int(capacity), fpr}, nil
}
