package weiretcd_test

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/weirgo/weir/weiretcd"
)

// The client is of an etcd that is built in here; use clientv3.New for a real one.
func ExampleResolver() {
	etcd, client := newFake()
	etcd.set("services/orders/1", "10.0.0.7:8080")

	instances := weiretcd.NewResolver(client, weiretcd.ResolverOptions{})
	conn, err := grpc.NewClient("etcd:///services/orders",
		grpc.WithResolvers(instances),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`))
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	conn.Connect()
	for instances.Stats().Endpoints == 0 {
		time.Sleep(time.Millisecond) // calls would wait for themselves
	}
	fmt.Println(instances.Stats().Endpoints, "instance")
	// Output: 1 instance
}

// Where addresses are soon given to other services, it is better to believe that
// there is no instance.
func ExampleResolverOptions() {
	_, client := newFake()
	options := weiretcd.ResolverOptions{KeepLast: -1}
	fmt.Println(options.Validate(), weiretcd.NewResolver(client, options).Scheme())
	// Output: <nil> etcd
}

func ExampleResolverStats() {
	_, client := newFake()
	stats := weiretcd.NewResolver(client, weiretcd.ResolverOptions{}).Stats()
	fmt.Println(stats.Targets, "targets,", stats.Stale, "of them stale")
	// Output: 0 targets, 0 of them stale
}

// Alert if a list has been stale for long.
func ExampleTargetStats() {
	alert := func(target string, st weiretcd.TargetStats, now time.Time) {
		if st.Stale && now.Sub(st.StaleSince) > time.Minute {
			fmt.Println(target, "is stale:", st.LastError)
		}
	}
	_, client := newFake()
	instances := weiretcd.NewResolver(client, weiretcd.ResolverOptions{})
	for target, st := range instances.Targets() {
		alert(target, st, time.Now())
	}

	now := time.Now()
	alert("services/orders", weiretcd.TargetStats{Stale: true, StaleSince: now.Add(-time.Hour), LastError: context.DeadlineExceeded}, now)
	// Output: services/orders is stale: context deadline exceeded
}

func ExampleRegistrar() {
	ctx := context.Background()
	etcd, client := newFake()
	registrar := weiretcd.NewRegistrar(client, weiretcd.RegistrarOptions{
		Prefix:   "services/orders",
		Endpoint: weiretcd.Endpoint{Addr: "10.0.0.7:8080"},
	})
	if err := registrar.Register(ctx); err != nil {
		panic(err)
	}
	fmt.Println(registrar.Key(), etcd.value(registrar.Key()))

	// Before the server stops, so that nobody calls it any more:
	if err := registrar.Close(ctx); err != nil {
		panic(err)
	}
	fmt.Printf("%q\n", etcd.value(registrar.Key()))
	// Output:
	// services/orders/10.0.0.7:8080 {"Op":0,"Addr":"10.0.0.7:8080"}
	// ""
}

func ExampleRegistrarOptions() {
	options := weiretcd.RegistrarOptions{
		Prefix:   "services/orders",
		Endpoint: weiretcd.Endpoint{Addr: "0.0.0.0:8080"},
	}
	fmt.Println(options.Validate())
	// Output: weiretcd: address 0.0.0.0:8080 is where to listen, not where to be reached
}

func ExampleRegistrarStats() {
	_, client := newFake()
	registrar := weiretcd.NewRegistrar(client, weiretcd.RegistrarOptions{
		Prefix:   "services/orders",
		Endpoint: weiretcd.Endpoint{Addr: "10.0.0.7:8080"},
		OnChange: func(st weiretcd.RegistrarStats) { fmt.Println("registered:", st.Registered) },
	})
	if err := registrar.Register(context.Background()); err != nil {
		panic(err)
	}
	_ = registrar.Close(context.Background())
	// Output:
	// registered: true
	// registered: false
}

func ExampleEndpoint() {
	e := weiretcd.Endpoint{Addr: "10.0.0.7:8080", Weight: 2, Metadata: `{"zone": "b"}`}
	fmt.Println(e)
	e, err := weiretcd.ParseEndpoint([]byte("10.0.0.8:8080"))
	fmt.Println(e.Addr, err)
	_, err = weiretcd.ParseEndpoint([]byte("10.0.0.8"))
	fmt.Println(err)
	// Output:
	// {"Op":0,"Addr":"10.0.0.7:8080","Weight":2,"Metadata":{"zone":"b"}}
	// 10.0.0.8:8080 <nil>
	// weiretcd: address "10.0.0.8" is not host:port
}
