// Package weirgrpc puts Weir around gRPC servers and clients, as ordinary
// interceptors for unary calls and for streams.
//
//	srv := grpc.NewServer(weirgrpc.ChainServer(
//		weirgrpc.ObserveServer(record),                                // once per call, whatever happens
//		weirgrpc.RecoverServer(weirgrpc.RecoverOptions{}),             // a panic becomes Internal
//		weirgrpc.PropagateServer(weirgrpc.PropagateOptions{}),         // criticality and attempt from metadata
//		weirgrpc.TimeoutServer(weirgrpc.TimeoutOptions{}),             // a deadline for all, DeadlineExceeded
//		weirgrpc.RateLimitServer(users.Allow, key, weirgrpc.RateLimitOptions{}), // ResourceExhausted
//		weirgrpc.AdmitServer(guard, weirgrpc.AdmitOptions{}),          // breaker, limit, shedder
//	).Options()...)
//
//	conn, err := grpc.NewClient(target, append(weirgrpc.ChainClient(
//		weirgrpc.ObserveClient(record),
//		weirgrpc.PropagateClient(),                                    // writes what PropagateServer reads
//		weirgrpc.TimeoutClient(weirgrpc.TimeoutOptions{}),             // where the context has no deadline
//		weirgrpc.AdmitClient(guard, weirgrpc.AdmitOptions{}),
//	).DialOptions(), creds)...)
//
// The first interceptor is the outermost. The order above is the one to keep:
// whoever guards calls must know their deadline, and whoever observes must see
// what the others do.
//
// What an interceptor further in knows, an outer one learns from the error: that a
// guard refused, or that the handler panicked. An interceptor of somebody else's
// that stands between two of Weir's should wrap errors, with %w, and not replace
// them; from one that does, an outer interceptor learns no more than the code.
//
// There is no Recover for clients: a panic beneath a call is on the goroutine of
// the caller, and belongs to it.
//
// # Streams
//
// A stream is one call: it takes one permit, holds it to its end, and counts once.
// On a server the end is when the handler returns. On a client it is what gRPC
// documents as the end of a stream ([grpc.ClientConn.NewStream]): an error of
// RecvMsg, io.EOF included; an error of Header, or one of SendMsg other than
// io.EOF; the one response where the server does not stream; the end of the
// context, also if the caller never looks at the stream again; or the end of the
// connection. A client that does none of this leaks the stream, with its permit.
//
// Streams that last for minutes do not belong behind a shedder or a breaker. Use
// [AdmitServerBy] and [AdmitClientBy] to leave them out.
package weirgrpc
