package weirgrpc_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/metadata"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/weirgrpc"
)

func BenchmarkServer(b *testing.B) {
	all, _ := everything(open, nobody)
	shut := guardFunc(func(context.Context) (weir.Permit, error) { return weir.Permit{}, errFull })
	for _, c := range []struct {
		name string
		i    weirgrpc.ServerInterceptor
	}{
		{"Recover", weirgrpc.RecoverServer(quiet)},
		{"Admit", weirgrpc.AdmitServer(open, weirgrpc.AdmitOptions{})},
		{"Admit, breaker", weirgrpc.AdmitServer(breaker.New(breaker.Options{}), weirgrpc.AdmitOptions{})},
		{"Observe", weirgrpc.ObserveServer(nobody)},
		{"Propagate", weirgrpc.PropagateServer(weirgrpc.PropagateOptions{})},
		{"Timeout", weirgrpc.TimeoutServer(weirgrpc.TimeoutOptions{})},
		{"all", all},
		{"refusal", weirgrpc.AdmitServer(shut, weirgrpc.AdmitOptions{})},
	} {
		b.Run(c.name, func(b *testing.B) {
			ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs("user-agent", "x", ":authority", "y"))
			h := func(context.Context, any) (any, error) { return nil, nil }
			b.ReportAllocs()
			for b.Loop() {
				_, _ = c.i.Unary(ctx, nil, unaryInfo, h)
			}
		})
	}
}
