//go:build !race

package balance_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/balancer"

	"github.com/weirgo/weir/weirgrpc/balance"
)

func TestPickAndDoneAllocateNothing(t *testing.T) {
	for name, builder := range map[string]balancer.Builder{
		"p2c":       balance.NewP2C(balance.P2COptions{}),
		"hash":      balance.NewConsistentHash(balance.HashOptions{}),
		"unbounded": balance.NewConsistentHash(balance.HashOptions{Load: -1}),
	} {
		for _, servers := range []int{1, 10} {
			c := connected(t, builder, servers)
			p := c.state().Picker
			in := info(balance.WithHashKey(ctx, "k"))
			end := balancer.DoneInfo{BytesSent: true, BytesReceived: true}
			require.Zero(t, testing.AllocsPerRun(1000, func() {
				res, _ := p.Pick(in)
				res.Done(end)
			}), "%s, %d servers", name, servers)
		}
	}
}
