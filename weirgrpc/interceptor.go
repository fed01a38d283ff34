package weirgrpc

import (
	"context"

	"google.golang.org/grpc"
)

// A ServerInterceptor is what this package makes for servers: one interceptor for
// unary calls and one for streams. Either may be nil, which changes nothing. Those
// that the package makes are safe for concurrent use.
type ServerInterceptor struct {
	Unary  grpc.UnaryServerInterceptor
	Stream grpc.StreamServerInterceptor
}

// Options returns what [grpc.NewServer] needs. Interceptors of several such options
// are chained by gRPC, the first outermost.
func (i ServerInterceptor) Options() []grpc.ServerOption {
	var all []grpc.ServerOption
	if i.Unary != nil {
		all = append(all, grpc.ChainUnaryInterceptor(i.Unary))
	}
	if i.Stream != nil {
		all = append(all, grpc.ChainStreamInterceptor(i.Stream))
	}
	return all
}

// A ClientInterceptor is what this package makes for clients: one interceptor for
// unary calls and one for streams. Either may be nil, which changes nothing. Those
// that the package makes are safe for concurrent use.
type ClientInterceptor struct {
	Unary  grpc.UnaryClientInterceptor
	Stream grpc.StreamClientInterceptor
}

// DialOptions returns what [grpc.NewClient] needs. Interceptors of several such
// options are chained by gRPC, the first outermost.
func (i ClientInterceptor) DialOptions() []grpc.DialOption {
	var all []grpc.DialOption
	if i.Unary != nil {
		all = append(all, grpc.WithChainUnaryInterceptor(i.Unary))
	}
	if i.Stream != nil {
		all = append(all, grpc.WithChainStreamInterceptor(i.Stream))
	}
	return all
}

// ChainServer makes one interceptor of several. The first is the outermost: it sees
// the call first and its result last. ChainServer() changes nothing. Each
// interceptor but the first costs a small allocation per call, as it does where
// gRPC chains them.
func ChainServer(all ...ServerInterceptor) ServerInterceptor {
	var unary []grpc.UnaryServerInterceptor
	var stream []grpc.StreamServerInterceptor
	for _, i := range all {
		if i.Unary != nil {
			unary = append(unary, i.Unary)
		}
		if i.Stream != nil {
			stream = append(stream, i.Stream)
		}
	}
	return ServerInterceptor{chainUnaryServer(unary), chainStreamServer(stream)}
}

// ChainClient makes one interceptor of several, as [ChainServer] does.
func ChainClient(all ...ClientInterceptor) ClientInterceptor {
	var unary []grpc.UnaryClientInterceptor
	var stream []grpc.StreamClientInterceptor
	for _, i := range all {
		if i.Unary != nil {
			unary = append(unary, i.Unary)
		}
		if i.Stream != nil {
			stream = append(stream, i.Stream)
		}
	}
	return ClientInterceptor{chainUnaryClient(unary), chainStreamClient(stream)}
}

func chainUnaryServer(all []grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	if len(all) < 2 {
		return only(all)
	}
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
		return all[0](ctx, req, info, restUnaryServer(all[1:], info, h))
	}
}

func restUnaryServer(all []grpc.UnaryServerInterceptor, info *grpc.UnaryServerInfo, h grpc.UnaryHandler) grpc.UnaryHandler {
	if len(all) == 0 {
		return h
	}
	return func(ctx context.Context, req any) (any, error) {
		return all[0](ctx, req, info, restUnaryServer(all[1:], info, h))
	}
}

func chainStreamServer(all []grpc.StreamServerInterceptor) grpc.StreamServerInterceptor {
	if len(all) < 2 {
		return only(all)
	}
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, h grpc.StreamHandler) error {
		return all[0](srv, ss, info, restStreamServer(all[1:], info, h))
	}
}

func restStreamServer(all []grpc.StreamServerInterceptor, info *grpc.StreamServerInfo, h grpc.StreamHandler) grpc.StreamHandler {
	if len(all) == 0 {
		return h
	}
	return func(srv any, ss grpc.ServerStream) error {
		return all[0](srv, ss, info, restStreamServer(all[1:], info, h))
	}
}

func chainUnaryClient(all []grpc.UnaryClientInterceptor) grpc.UnaryClientInterceptor {
	if len(all) < 2 {
		return only(all)
	}
	rest := chainUnaryClient(all[1:])
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		inner := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, opts ...grpc.CallOption) error {
			return rest(ctx, method, req, reply, cc, next, opts...)
		}
		return all[0](ctx, method, req, reply, cc, inner, opts...)
	}
}

func chainStreamClient(all []grpc.StreamClientInterceptor) grpc.StreamClientInterceptor {
	if len(all) < 2 {
		return only(all)
	}
	rest := chainStreamClient(all[1:])
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		inner := func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			return rest(ctx, desc, cc, method, next, opts...)
		}
		return all[0](ctx, desc, cc, method, inner, opts...)
	}
}

// only returns the one interceptor there is, or nil.
func only[I any](all []I) (i I) {
	if len(all) > 0 {
		i = all[0]
	}
	return i
}
