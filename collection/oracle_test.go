package collection_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

// replay does what the bytes say, two to an operation, to a window and to the
// model, and demands that they agree whenever they are asked.
func replay[T collection.Number](t *testing.T, buckets int, interval time.Duration, ops []byte) {
	w := collection.NewRollingWindow[T](buckets, interval)
	m := newModel[T](buckets, interval)
	toEdge := func() time.Duration { return interval - m.now()%interval }
	for ; len(ops) >= 2; ops = ops[2:] {
		op, arg := ops[0]%12, ops[1]
		switch op {
		case 0, 1, 2, 3:
			v := valueOf[T](arg)
			w.Add(v)
			m.add(v)
		case 4: // a part of an interval
			time.Sleep(time.Duration(arg) * interval / 256)
		case 5: // whole intervals, up to three windows and one
			time.Sleep(time.Duration(int(arg)%(3*buckets+2)) * interval)
		case 6: // to the edge, or one nanosecond beside it
			time.Sleep(toEdge() + time.Duration(arg%3) - 1)
		case 7: // whole windows, or one nanosecond beside them
			time.Sleep(time.Duration(1+arg%3)*time.Duration(buckets)*interval + time.Duration(arg/3%3) - 1)
		case 8:
			require.Equal(t, m.total(0), w.Total())
		case 9:
			require.Equal(t, m.total(1), w.IgnoreCurrent().Total())
		case 10:
			require.Equal(t, m.list(), list(w))
		case 11:
			require.Equal(t, m.list()[:buckets-1], append([]collection.Bucket[T]{},
				slices.Collect(w.IgnoreCurrent().Buckets())...))
		}
	}
	require.Equal(t, m.total(0), w.Total())
	require.Equal(t, m.list(), list(w))
	require.True(t, w.AtRest())
}

// valueOf makes negatives, fractions and extremes where T has them. Whatever it
// makes can be summed up exactly, in any order.
func valueOf[T collection.Number](b byte) T {
	if half := T(1) / 2; half != 0 {
		return T(int8(b)) * half
	}
	if b > 250 {
		var zero T
		return zero - T(255-b) // the largest of the unsigned, or a small negative
	}
	return T(int8(b)) * T(int8(b))
}

func randomOps(r *rand.Rand, n int) []byte {
	ops := make([]byte, 0, 2*n+1)
	for len(ops) < 2*n {
		ops = binary.LittleEndian.AppendUint16(ops, uint16(r.Uint32()))
	}
	return ops
}

func TestRollingWindowAgreesWithAListOfAllValues(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(2, seed))
		buckets := 1 + r.IntN(1+r.IntN(12))
		interval := oracleIntervals[r.IntN(len(oracleIntervals))]
		ops := randomOps(r, 1500)
		synctest.Test(t, func(t *testing.T) { replay[int64](t, buckets, interval, ops) })
		synctest.Test(t, func(t *testing.T) { replay[uint8](t, buckets, interval, ops) })
		synctest.Test(t, func(t *testing.T) { replay[float64](t, buckets, interval, ops) })
		synctest.Test(t, func(t *testing.T) { replay[time.Duration](t, buckets, interval, ops) })
	}
}

var oracleIntervals = []time.Duration{
	time.Microsecond, 1009 * time.Nanosecond, time.Millisecond, 250 * time.Millisecond, time.Hour,
}

func FuzzRollingWindowAgreesWithAListOfAllValues(f *testing.F) {
	f.Add(uint8(1), uint8(0), []byte{0, 1, 6, 0, 8, 0, 6, 1, 8, 0})
	f.Add(uint8(4), uint8(2), []byte{0, 200, 7, 0, 8, 0, 0, 251, 7, 1, 10, 0, 7, 2, 11, 0})
	f.Add(uint8(6), uint8(4), []byte{3, 128, 8, 0, 5, 5, 9, 0, 2, 127, 5, 6, 9, 0, 8, 0})
	f.Add(uint8(40), uint8(3), randomOps(rand.New(rand.NewPCG(2, 2)), 200))
	f.Fuzz(func(t *testing.T, buckets, interval uint8, ops []byte) {
		n := 1 + int(buckets)%64
		d := oracleIntervals[int(interval)%len(oracleIntervals)]
		ops = ops[:min(len(ops), 1000)]
		synctest.Test(t, func(t *testing.T) { replay[int64](t, n, d, ops) })
		synctest.Test(t, func(t *testing.T) { replay[uint8](t, n, d, ops) })
		synctest.Test(t, func(t *testing.T) { replay[float64](t, n, d, ops) })
	})
}
