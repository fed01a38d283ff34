package weirgrpc

import (
	"context"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

// An Observation is what became of one call.
type Observation struct {
	Call
	// Code is what the call ended with, as gRPC has it: Internal where the handler
	// did not return.
	Code codes.Code
	// Err is the error behind it, nil where there is none.
	Err error
	// Duration is from when the interceptor got the call until its end.
	Duration time.Duration
	// Sent and Received are the messages that this side sent and received. They may
	// be on their way still.
	Sent, Received int64
	// Refused tells that a guard of this process did not admit the call, or one that
	// the handler made and whose error it returned.
	Refused bool
	// Panicked tells that the call panicked, or ended its goroutine; also where
	// RecoverServer, inside or outside, makes an Internal of it.
	Panicked bool
}

// ObserveServer returns an interceptor that calls fn exactly once for each call, when
// its handler has ended, however it ended. Outermost it sees all that the others do.
// A panic goes on afterwards. It panics if fn is nil.
//
// fn is called on the goroutine of the call, before the last of the response is sent,
// so it should be quick. It costs two readings of the clock, and for a stream one
// small allocation.
func ObserveServer(fn func(ctx context.Context, o Observation)) ServerInterceptor {
	if fn == nil {
		panic("weirgrpc: ObserveServer with a nil func")
	}
	o := observer(fn)
	return ServerInterceptor{o.unaryServer, o.streamServer}
}

// ObserveClient returns an interceptor that calls fn exactly once for each call, when
// it has ended; see the package comment for the end of a stream. It panics if fn is
// nil.
//
// fn is called on the goroutine on which the call ended: that of the caller, or, where
// a context or a connection ended a stream, another. It costs two readings of the
// clock; a stream costs four small allocations, and where its context can end, one
// more and what [context.AfterFunc] costs.
func ObserveClient(fn func(ctx context.Context, o Observation)) ClientInterceptor {
	if fn == nil {
		panic("weirgrpc: ObserveClient with a nil func")
	}
	o := observer(fn)
	return ClientInterceptor{o.unaryClient, o.streamClient}
}

type observer func(context.Context, Observation)

// tell completes an observation that has its call and numbers of messages.
func (fn observer) tell(ctx context.Context, o Observation, start time.Time, returned bool, err error) {
	o.Duration = time.Since(start)
	o.Err = err
	o.Code = codeOf(err)
	o.Refused = refused(err)
	o.Panicked = !returned || caught(err)
	if !returned {
		o.Code = codes.Internal
	}
	fn(ctx, o)
}

func (fn observer) unaryServer(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
	start := time.Now()
	returned := false
	defer func() {
		o := Observation{Call: unaryCall(info), Received: 1}
		if returned && err == nil {
			o.Sent = 1
		}
		fn.tell(ctx, o, start, returned, err)
	}()
	resp, err = next(ctx, req)
	returned = true
	return resp, err
}

func (fn observer) streamServer(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	start := time.Now()
	counted := &countingStream{ServerStream: ss}
	returned := false
	defer func() {
		o := Observation{Call: streamCall(info), Sent: counted.sent.Load(), Received: counted.received.Load()}
		fn.tell(ss.Context(), o, start, returned, err)
	}()
	err = next(srv, counted)
	returned = true
	return err
}

// countingStream counts messages: sending and receiving may be on two goroutines.
type countingStream struct {
	grpc.ServerStream
	sent, received atomic.Int64
}

func (s *countingStream) SendMsg(m any) error {
	err := s.ServerStream.SendMsg(m)
	if err == nil {
		s.sent.Add(1)
	}
	return err
}

func (s *countingStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == nil {
		s.received.Add(1)
	}
	return err
}

func (fn observer) unaryClient(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) (err error) {
	start := time.Now()
	returned := false
	defer func() {
		o := Observation{Call: clientCall(cc, method, nil)}
		if !refused(err) {
			o.Sent = 1
		}
		if returned && err == nil {
			o.Received = 1
		}
		fn.tell(ctx, o, start, returned, err)
	}()
	err = next(ctx, method, req, reply, cc, opts...)
	returned = true
	return err
}

func (fn observer) streamClient(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	start := time.Now()
	return follow(ctx, desc, cc, method, next, opts, func(s *clientStream, returned bool, err error) {
		o := Observation{Call: clientCall(cc, method, desc), Sent: s.sent.Load(), Received: s.received.Load()}
		fn.tell(ctx, o, start, returned, err)
	})
}
