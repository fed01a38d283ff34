// Package static resolves lists of addresses that need no name service:
//
//	conn, err := grpc.NewClient("static:///10.0.0.1:443,10.0.0.2:443",
//		grpc.WithResolvers(static.NewBuilder()), ...)
//
// The list can be replaced while calls are under way, see [Builder.Update]: for
// tests, and for who hears of servers in some way of his own.
//
// Use gRPC's dns where a name has an address for each server, and passthrough for
// a single address. With TLS, each server is expected to have a certificate for its
// own host, unless grpc.WithAuthority says for which. Nothing is registered by
// importing the package.
package static
