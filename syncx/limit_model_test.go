package syncx_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/syncx"
)

// A borrower is a call of Borrow that may wait, and whether it does, by the words
// of the contract.
type borrower struct {
	cancel  context.CancelFunc
	waiting bool
	err     error // what is expected

	returned bool
	got      error
}

// replayLimit does random things to a Limit, and to a count and a queue.
func replayLimit(t *testing.T, ops []byte) {
	n := 1 + int(ops[0]%3)
	l := syncx.NewLimit(n)
	inUse := 0
	var queue, all []*borrower
	pass := func() {
		if len(queue) == 0 {
			inUse--
			return
		}
		queue[0].waiting = false
		queue = queue[1:]
	}
	for _, op := range ops[1:] {
		switch op % 8 {
		case 0, 1, 2:
			ctx, cancel := context.WithCancel(t.Context())
			b := &borrower{cancel: cancel, waiting: inUse == n}
			all = append(all, b)
			if b.waiting {
				queue = append(queue, b)
			} else {
				inUse++
			}
			go func() {
				b.got = l.Borrow(ctx)
				b.returned = true
			}()
		case 3:
			require.Equal(t, inUse < n, l.TryBorrow())
			inUse = min(n, inUse+1)
		case 4, 5, 6:
			if inUse == 0 {
				require.Equal(t, syncx.ErrLimitReturn, l.Return())
				continue
			}
			require.NoError(t, l.Return())
			pass()
		case 7:
			if len(queue) == 0 {
				continue
			}
			i := int(op/8) % len(queue)
			b := queue[i]
			queue = slices.Delete(queue, i, i+1)
			b.waiting, b.err = false, context.Canceled
			b.cancel()
		}
		synctest.Wait()
		require.Equal(t, inUse, l.InUse())
		for _, b := range all {
			require.Equal(t, b.waiting, !b.returned)
			require.Equal(t, b.err, b.got)
		}
	}
	for inUse > 0 {
		require.NoError(t, l.Return())
		pass()
	}
	synctest.Wait()
	require.Zero(t, l.InUse())
	for _, b := range all {
		require.True(t, b.returned)
		b.cancel()
	}
}

func TestLimitAgreesWithItsModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 * stress {
		ops := make([]byte, 1+rng.IntN(80))
		for i := range ops {
			ops[i] = byte(rng.Uint32())
		}
		synctest.Test(t, func(t *testing.T) { replayLimit(t, ops) })
	}
}

func FuzzLimitAgreesWithItsModel(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 7, 4, 4, 4})
	f.Add([]byte{1, 3, 3, 3, 0, 4, 15, 4, 0, 6})
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) > 0 {
			synctest.Test(t, func(t *testing.T) { replayLimit(t, ops[:min(len(ops), 300)]) })
		}
	})
}
