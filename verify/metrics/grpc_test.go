package metrics_test

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/weirgo/weir/weirgrpc"
	"github.com/weirgo/weir/weirprom"
)

// The same as on the page, as a whole.
func Example_grpc() {
	calls := weirprom.NewLatency(weirprom.LatencyOptions{
		Name:   "weir_grpc_server_duration_seconds",
		Help:   "How long calls took until their handlers ended.",
		Labels: []string{"method", "code"},
	})
	observe := weirgrpc.ObserveServer(func(_ context.Context, o weirgrpc.Observation) {
		calls.Observe(o.Duration, o.Method, o.Code.String())
	})
	registry := prometheus.NewRegistry()
	registry.MustRegister(calls)

	_, _ = observe.Unary(context.Background(), nil, &grpc.UnaryServerInfo{FullMethod: "/shop.Orders/Get"},
		func(context.Context, any) (any, error) { return nil, nil })
	families, err := registry.Gather()
	for _, l := range families[0].Metric[0].Label {
		fmt.Println(l.GetName(), l.GetValue(), err)
	}
	// Output:
	// code OK <nil>
	// method /shop.Orders/Get <nil>
}
