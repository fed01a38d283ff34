package executors_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/executors"
)

// size has items of so many bytes as their number says.
func size(v int) int { return v }

func TestChunksHaveAsManyBytesAsFit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		c := executors.NewChunk(executors.ChunkOptions[int]{Bytes: 10, Interval: time.Second, SizeOf: size, Handle: l.handle})
		addAll(t, c, 4, 6, 7, 4, 4, 1)
		synctest.Wait()
		require.Equal(t, []batch{{0, []int{4, 6}}, {0, []int{7}}}, l.batches(), "7 and 4 would be too many")
		time.Sleep(time.Minute)
		require.Equal(t, batch{time.Second, []int{4, 4, 1}}, l.batches()[2])
	})
}

func TestItemLargerThanAChunkIsOneOfItsOwn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		c := executors.NewChunk(executors.ChunkOptions[int]{Bytes: 10, MaxPendingBytes: 10, SizeOf: size, Handle: l.slowly(time.Second)})
		addAll(t, c, 3, 100, 5)
		require.Equal(t, 2*time.Second, time.Since(l.start), "larger than all that may be pending, it comes alone")
		require.NoError(t, c.Close(background()))
		require.Equal(t, []batch{{0, []int{3}}, {time.Second, []int{100}}, {2 * time.Second, []int{5}}}, l.batches())
	})
}

func TestAMebibyteIsAChunkByDefault(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		c := executors.NewChunk(executors.ChunkOptions[int]{SizeOf: size, Handle: l.handle})
		addAll(t, c, 1<<19, 1<<19-1, 1, 1<<20+1)
		synctest.Wait()
		require.Equal(t, []batch{{0, []int{1 << 19, 1<<19 - 1, 1}}, {0, []int{1<<20 + 1}}}, l.batches())
		require.NoError(t, c.Close(background()))
	})
}

func TestItemsWithoutBytesFillChunksAsWell(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		c := executors.NewChunk(executors.ChunkOptions[int]{Bytes: 3, Interval: -1, SizeOf: size, Handle: l.handle})
		addAll(t, c, 0, 0, 0, 0)
		synctest.Wait()
		require.Equal(t, []batch{{0, []int{0, 0, 0}}}, l.batches())
		require.NoError(t, c.Close(background()))
	})
}

func TestNegativeSizePanicsInAdd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		c := executors.NewChunk(executors.ChunkOptions[int]{Bytes: 3, SizeOf: size, Handle: l.handle})
		require.PanicsWithValue(t, "executors: SizeOf returned a negative size", func() { _ = c.Add(background(), -1) })
		addAll(t, c, 1)
		require.NoError(t, c.Flush(background()))
		require.NoError(t, c.Close(background()))
		require.Equal(t, []int{1}, l.items())
		requireSettled(t, c.Stats())
	})
}

func TestPanicOfSizeOfIsTheCallersAndNothingIsTaken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLog()
		c := executors.NewChunk(executors.ChunkOptions[int]{SizeOf: func(v int) int { return 1 / v }, Handle: l.handle})
		require.Panics(t, func() { _ = c.Add(background(), 0) })
		addAll(t, c, 1)
		require.NoError(t, c.Close(background()))
		require.Equal(t, []int{1}, l.items())
	})
}
