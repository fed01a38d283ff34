package main

import (
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/weirgo/weir/load"
	"github.com/weirgo/weir/weirgrpc"
)

const (
	workers   = 5
	workTime  = 100 * time.Millisecond              // that a worker needs for a request, give or take a quarter
	perSecond = workers * int(time.Second/workTime) // what a backend can do
	slowness  = 8                                   // how many times as long a slow one takes
)

// A backend is a gRPC server whose requests each need a worker for a while. They wait
// for one first come, first served.
type backend struct {
	addr    string
	server  *grpc.Server
	serving sync.WaitGroup

	mu     sync.Mutex  // guards all below; never held while waiting
	freeAt []time.Time // per worker: when it will have done what it was given
	slow   bool
}

// startBackend starts a backend at addr.
func startBackend(addr string) (*backend, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	b := &backend{addr: l.Addr().String(), freeAt: make([]time.Time, workers)}
	b.server = grpc.NewServer(append(guards().Options(), grpc.WaitForHandlers(true))...)
	b.server.RegisterService(&pricesDesc, b)
	b.serving.Go(func() { _ = b.server.Serve(l) }) // ends when it is killed
	return b, nil
}

// guards are those of the service itself, for it cannot rely on its clients.
func guards() weirgrpc.ServerInterceptor {
	return weirgrpc.ChainServer(
		weirgrpc.RecoverServer(weirgrpc.RecoverOptions{}),
		weirgrpc.PropagateServer(weirgrpc.PropagateOptions{}),
		weirgrpc.TimeoutServer(weirgrpc.TimeoutOptions{Unary: deadline}),
		weirgrpc.AdmitServer(load.New(load.Options{Name: "prices"}), weirgrpc.AdmitOptions{}),
	)
}

// Price implements the service: it takes time.
func (b *backend) Price(ctx context.Context, thing *wrapperspb.StringValue) (*wrapperspb.Int64Value, error) {
	done := time.NewTimer(time.Until(b.book(time.Now())))
	defer done.Stop()
	select {
	case <-done.C:
		return wrapperspb.Int64(int64(len(thing.GetValue()))), nil
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

// book gives a request to the worker who is free first, and returns when that one
// will be done. The next booking starts where the last one ends, so that the capacity
// does not depend on how late the machine's timers are.
func (b *backend) book(now time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	first := 0
	for i, t := range b.freeAt {
		if t.Before(b.freeAt[first]) {
			first = i
		}
	}
	takes := time.Duration((0.75 + rand.Float64()/2) * float64(workTime))
	if b.slow {
		takes *= slowness
	}
	b.freeAt[first] = later(b.freeAt[first], now).Add(takes)
	return b.freeAt[first]
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (b *backend) setSlow(slow bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.slow = slow
}

// kill ends the server, its connections and all calls at once.
func (b *backend) kill() {
	b.server.Stop()
	b.serving.Wait()
}
