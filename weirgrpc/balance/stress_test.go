package balance_test

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/balancer"

	"github.com/weirgo/weir/weirgrpc/balance"
)

// Calls end, servers come, go, break and are forgotten at the same time. Nothing
// may be in flight at the end, and each call was counted once.
func TestCallsAndChangesAtOnceLeaveNothingInFlight(t *testing.T) {
	builders := map[string]*balance.Builder{
		balance.P2C:            balance.NewP2C(balance.P2COptions{Decay: time.Millisecond, SlowStart: time.Millisecond}),
		balance.ConsistentHash: balance.NewConsistentHash(balance.HashOptions{Slots: 64, Load: 1}),
	}
	for name, b := range builders {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { stress(t, b) })
		})
	}
}

func stress(t *testing.T, b *balance.Builder) {
	c := newChannel(t, b, "")
	require.NoError(t, c.resolve(endpoints("always", "s0", "s1", "s2")...))
	synctest.Wait()
	var picked atomic.Uint64
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 0))
			for range 3000 {
				in := balancer.PickInfo{Ctx: ctx}
				if rng.IntN(2) == 0 {
					in.Ctx = balance.WithHashKey(ctx, strconv.Itoa(rng.IntN(50)))
				}
				_, done, err := c.tryPick(in)
				if err != nil {
					continue // nobody is ready just now
				}
				picked.Add(1)
				if rng.IntN(3) == 0 {
					time.Sleep(time.Duration(rng.IntN(1000)))
				}
				var end error
				if rng.IntN(3) == 0 {
					end = errBroken
				}
				done(end)
			}
		})
	}
	wg.Go(func() {
		rng := rand.New(rand.NewPCG(9, 9))
		for range 300 {
			list := endpoints("always")
			for i := range 3 {
				addr := "s" + strconv.Itoa(i)
				if rng.IntN(2) == 0 {
					list = append(list, endpoint(addr))
				}
				c.set(addr, rng.IntN(3) == 0)
			}
			_ = c.resolve(list...)
			time.Sleep(time.Duration(rng.IntN(10_000)))
			metrics(b)
		}
	})
	wg.Wait()
	synctest.Wait()
	total := uint64(0)
	for st := range b.Nodes() {
		require.Zero(t, st.InFlight, st.Node)
		total += st.Picks
	}
	require.Equal(t, picked.Load(), total)
	if b.Name() == balance.ConsistentHash {
		for range 20 { // a permit that was lost would divert keys
			require.Equal(t, c.home("k"), c.home("k"))
		}
	}
}
