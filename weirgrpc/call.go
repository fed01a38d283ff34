package weirgrpc

import (
	"strings"

	"google.golang.org/grpc"
)

// MaxMethod is how many bytes of a method's name a [Call] has.
const MaxMethod = 256

// A Call says which call it is, to funcs that choose by it and to hooks. It is
// valid for as long as anybody keeps it.
type Call struct {
	// Method is the full name, "/package.Service/Method". A client may ask a server
	// with an [grpc.UnknownServiceHandler] for any name, so one that is longer than
	// MaxMethod bytes is cut.
	Method string
	// Target is what the client's connection was made for, as
	// [grpc.ClientConn.Target] has it. It is empty on servers.
	Target string
	// ClientStreams and ServerStreams tell who may send several messages. Both are
	// false for unary calls.
	ClientStreams, ServerStreams bool
}

// Unary tells that each side sends one message.
func (c Call) Unary() bool { return !c.ClientStreams && !c.ServerStreams }

func bounded(method string) string {
	if len(method) <= MaxMethod {
		return method
	}
	return strings.Clone(method[:MaxMethod]) // not to keep a large name alive for a part
}

func unaryCall(info *grpc.UnaryServerInfo) Call { return Call{Method: bounded(info.FullMethod)} }

func streamCall(info *grpc.StreamServerInfo) Call {
	return Call{
		Method:        bounded(info.FullMethod),
		ClientStreams: info.IsClientStream,
		ServerStreams: info.IsServerStream,
	}
}

func clientCall(cc *grpc.ClientConn, method string, desc *grpc.StreamDesc) Call {
	c := Call{Method: bounded(method)}
	if cc != nil {
		c.Target = cc.Target()
	}
	if desc != nil {
		c.ClientStreams, c.ServerStreams = desc.ClientStreams, desc.ServerStreams
	}
	return c
}
