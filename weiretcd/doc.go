// Package weiretcd finds the instances of a service through etcd v3, for gRPC:
// a [Registrar] announces an instance for as long as it lives, a [Resolver] tells
// gRPC's clients who is there.
//
//	client, err := clientv3.New(clientv3.Config{Endpoints: []string{"etcd:2379"}})
//	...
//	registrar := weiretcd.NewRegistrar(client, weiretcd.RegistrarOptions{
//		Prefix:   "services/orders",
//		Endpoint: weiretcd.Endpoint{Addr: "10.0.0.7:8080"},
//	})
//	err = registrar.Register(ctx)
//	defer registrar.Close(ctx)
//
// and in those who call it:
//
//	etcd := weiretcd.NewResolver(client, weiretcd.ResolverOptions{})
//	conn, err := grpc.NewClient("etcd:///services/orders", grpc.WithResolvers(etcd), ...)
//
// Both are made for the day on which etcd is gone. A resolver leaves the last list
// of instances as it was, and says in its Stats that it is stale; a registrar
// registers anew as soon as it can, however long that takes. Neither is in the way
// of a call: gRPC goes on with the connections that it has.
//
// Nothing is registered with gRPC globally. The client is the user's: it may serve
// any number of resolvers and registrars, and is closed after them.
//
// Where the platform names its instances by DNS, as Kubernetes does with headless
// services, gRPC's own dns resolver does without an etcd.
package weiretcd
