package balance_test

import (
	"testing"

	"google.golang.org/grpc/balancer"

	"github.com/weirgo/weir/weirgrpc/balance"
)

// What a balancer adds to each call: to pick one of ten servers, and to hear of
// the end.
func BenchmarkPickAndDone(b *testing.B) {
	for _, policy := range []struct {
		name    string
		builder balancer.Builder
	}{
		{"p2c_ewma", balance.NewP2C(balance.P2COptions{})},
		{"consistent_hash", balance.NewConsistentHash(balance.HashOptions{})},
		{"consistent_hash_unbounded", balance.NewConsistentHash(balance.HashOptions{Load: -1})},
		{"round_robin", balancer.Get(roundRobin)},
		{"least_request", balancer.Get(leastRequest)},
	} {
		c := connected(b, policy.builder, 10)
		p := c.state().Picker
		in := info(balance.WithHashKey(ctx, "k"))
		end := balancer.DoneInfo{BytesSent: true, BytesReceived: true}
		call := func() {
			if res, _ := p.Pick(in); res.Done != nil {
				res.Done(end)
			}
		}
		b.Run(policy.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
		b.Run(policy.name+"/parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					call()
				}
			})
		})
	}
}
