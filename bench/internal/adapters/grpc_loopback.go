package adapters

import (
	"context"
	"net"
	"sync"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/zeromicro/go-zero/zrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/weirgo/weir/weirgrpc"

	"github.com/weirgo/weir/bench/internal/suite"
)

// grpcLoopback is where go-zero's interceptors can be had, too: they are internal,
// but a server and a client that are told to have them are not.
func grpcLoopback() suite.Line {
	return suite.Line{
		Name: "gRPC call over loopback",
		Work: "call a server of this process, whose side has recover, timeout, shedder and breaker, and the client's timeout and breaker",
		Contenders: []suite.Contender{
			loopback(weirName, weirgrpcModule, weirWire),
			loopback(bothName, failsafeModule, failsafeWire),
			loopback(gozeroName, gozeroModule, gozeroWire),
			loopback(bareInTimeName, grpcModule, bareInTimeWire),
			loopback(bareName, grpcModule, bareWire),
		},
		Targets: asCheapAs(gozeroName, bothName),
	}
}

const bothName = "failsafe and go-grpc-middleware"

// A wire is a connection to a server, and how to end both.
type wire struct {
	conn *grpc.ClientConn
	stop func()
	err  error
}

func loopback(name, module string, make func() wire) suite.Contender {
	return suite.Contender{Name: name, Module: module, New: func() suite.Subject {
		w := make()
		return &connected{Timed: suite.Timed{Loop: w.loop()}, wire: w}
	}}
}

// connected is timed, and closed in the end.
type connected struct {
	suite.Timed
	wire wire
}

func (c *connected) Measure(s suite.Setting) (suite.Sample, error) {
	if c.wire.err != nil {
		return suite.Sample{}, c.wire.err
	}
	return c.Timed.Measure(s)
}

func (c *connected) Close() {
	if c.wire.err == nil {
		c.wire.stop()
	}
}

func (w wire) loop() suite.Loop {
	ctx := context.Background()
	return func(n int) (odd int) {
		in, out := wrapperspb.String("ok"), &wrapperspb.StringValue{}
		for range n {
			if w.conn.Invoke(ctx, method, in, out) != nil || out.Value != in.Value {
				odd++
			}
		}
		return odd
	}
}

// service echoes a string.
var service = grpc.ServiceDesc{
	ServiceName: "adapters.Bench",
	Methods: []grpc.MethodDesc{{
		MethodName: "Echo",
		Handler: func(srv any, ctx context.Context, decode func(any) error, i grpc.UnaryServerInterceptor) (any, error) {
			in := &wrapperspb.StringValue{}
			if err := decode(in); err != nil {
				return nil, err
			}
			handler := func(_ context.Context, in any) (any, error) { return in, nil }
			if i == nil {
				return handler(ctx, in)
			}
			return i(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: method}, handler)
		},
	}},
}

func newWire(server []grpc.ServerOption, client []grpc.DialOption) wire {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return wire{err: err}
	}
	s := grpc.NewServer(server...)
	s.RegisterService(&service, nil)
	var serving sync.WaitGroup
	serving.Go(func() { _ = s.Serve(l) }) // ends as it is stopped
	conn, err := grpc.NewClient(l.Addr().String(), append(client, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	return wire{conn: conn, err: err, stop: func() {
		_ = conn.Close()
		s.Stop()
		serving.Wait()
	}}
}

func bareWire() wire { return newWire(nil, nil) }

// bareInTimeWire has what gRPC itself does about a deadline, on both sides.
func bareInTimeWire() wire {
	return newWire(nil, []grpc.DialOption{grpc.WithUnaryInterceptor(func(
		ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return next(ctx, method, req, reply, cc, opts...)
	})})
}

func weirWire() wire {
	server := weirgrpc.ChainServer(
		weirgrpc.RecoverServer(weirgrpc.RecoverOptions{}),
		weirTimeout(),
		weirgrpc.AdmitServer(newShedder(), weirgrpc.AdmitOptions{}),
		weirgrpc.AdmitServer(newBreaker(), weirgrpc.AdmitOptions{}),
	)
	return newWire(server.Options(), weirClient().DialOptions())
}

func failsafeWire() wire {
	return newWire(
		[]grpc.ServerOption{grpc.ChainUnaryInterceptor(recovery.UnaryServerInterceptor(), failsafeInner())},
		[]grpc.DialOption{grpc.WithUnaryInterceptor(failsafeClient())})
}

// gozeroWire keeps the server that it has once started: go-zero ends one only with
// the process.
func gozeroWire() wire {
	addr, err := gozeroServer()
	if err != nil {
		return wire{err: err}
	}
	client, err := zrpc.NewClient(zrpc.RpcClientConf{
		Target: addr, NonBlock: true, Timeout: patience.Milliseconds(), BalancerName: "pick_first",
		Middlewares: zrpc.ClientMiddlewaresConf{Breaker: true, Timeout: true},
	})
	if err != nil {
		return wire{err: err}
	}
	return wire{conn: client.Conn(), stop: func() { _ = client.Conn().Close() }}
}

var gozeroServer = sync.OnceValues(func() (addr string, err error) {
	quietGozero()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	addr = l.Addr().String()
	if err := l.Close(); err != nil {
		return "", err
	}
	s, err := zrpc.NewServer(zrpc.RpcServerConf{
		ListenOn: addr, Timeout: patience.Milliseconds(), CpuThreshold: 1_000_000,
		Middlewares: zrpc.ServerMiddlewaresConf{Recover: true, Breaker: true},
	}, func(s *grpc.Server) { s.RegisterService(&service, nil) })
	if err != nil {
		return "", err
	}
	go s.Start()
	return addr, nil
})
