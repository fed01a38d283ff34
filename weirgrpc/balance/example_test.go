package balance_test

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirgrpc/balance"
)

func ExampleP2COptions() {
	balance.RegisterP2C(balance.P2COptions{SlowStart: 10 * time.Second})

	conn, err := grpc.NewClient("dns:///search.internal:443",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"p2c_ewma": {"decay": "5s"}}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	fmt.Println(conn.Target())
	// Output: dns:///search.internal:443
}

func ExampleHashOptions() {
	balance.RegisterConsistentHash(balance.HashOptions{Load: 1.25})

	conn, err := grpc.NewClient("dns:///cache.internal:443",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"consistent_hash": {}}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()

	ctx := balance.WithHashKey(context.Background(), "user 42")
	// client.Get(ctx, req) goes to the server that has what user 42 asked for before.
	fmt.Println(balance.HashKey(ctx))
	// Output: user 42
}

func ExampleNodeStats() {
	b := balance.RegisterP2C(balance.P2COptions{})
	for n := range b.Nodes() { // of all connections that use p2c_ewma
		fmt.Printf("%s: %d in flight, %v a call, %.0f %% succeed\n", n.Node, n.InFlight, n.Latency, n.Success*100)
	}
	// Output:
}

func ExampleBuilder() {
	b := balance.RegisterP2C(balance.P2COptions{})
	fmt.Println(b.Name())
	b.Metrics(func(m weir.Metric) bool { // as weirprom polls it
		fmt.Println(m.Name, m.Labels, m.Value)
		return true
	})
	// Output: p2c_ewma
}
