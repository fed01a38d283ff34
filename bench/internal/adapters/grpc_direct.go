package adapters

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/weirgo/weir/bench/internal/suite"
)

const method = "/adapters.Bench/Echo"

var (
	unaryInfo  = &grpc.UnaryServerInfo{FullMethod: method}
	streamInfo = &grpc.StreamServerInfo{FullMethod: method, IsClientStream: true, IsServerStream: true}
)

// A call is what a server knows of one, used again and again.
type call struct {
	grpc.ServerStream // nil: nothing else may be called
	ctx               context.Context
	cancel            context.CancelFunc
}

func (c *call) Context() context.Context { return c.ctx }

// newCall returns one whose context can be cancelled, and has the metadata that any
// client sends. Nobody ever cancels it.
func newCall() *call {
	ctx, cancel := context.WithCancel(context.Background())
	return &call{ctx: metadata.NewIncomingContext(ctx, metadata.Pairs(":authority", "localhost", "user-agent", "bench")), cancel: cancel}
}

// each returns a loop of calls. Those are odd that are not answered.
func each(answered func(*call) bool) suite.Loop {
	idle := newShelf(newCall)
	return func(n int) (odd int) {
		c := idle.take()
		defer idle.putBack(c)
		for range n {
			if !answered(c) {
				odd++
			}
		}
		return odd
	}
}

var reply any = "ok"

func echo(context.Context, any) (any, error) { return reply, nil }

// unary returns what makes a loop of calls of a handler behind an interceptor.
func unary(make func() grpc.UnaryServerInterceptor) func() suite.Loop {
	return func() suite.Loop {
		i := make()
		return each(func(c *call) bool {
			got, err := i(c.ctx, nil, unaryInfo, echo)
			return err == nil && got == reply
		})
	}
}

func bareUnary() suite.Loop {
	handler := grpc.UnaryHandler(echo)
	return each(func(c *call) bool {
		got, err := handler(c.ctx, nil)
		return err == nil && got == reply
	})
}

// stream is unary for streams.
func stream(make func() grpc.StreamServerInterceptor) func() suite.Loop {
	return func() suite.Loop {
		i := make()
		return each(func(c *call) bool { return i(nil, c, streamInfo, end) == nil })
	}
}

func end(any, grpc.ServerStream) error { return nil }

// invoked is unary for clients.
func invoked(make func() grpc.UnaryClientInterceptor) func() suite.Loop {
	return func() suite.Loop {
		i := make()
		return each(func(c *call) bool { return i(c.ctx, method, nil, reply, nil, invoke) == nil })
	}
}

func invoke(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
	return nil
}
