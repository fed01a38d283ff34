package weirgrpc

import (
	"context"

	"google.golang.org/grpc/tap"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

// Tap returns a handle for [google.golang.org/grpc.InTapHandle] that asks the guards,
// in the order given, before a call has a goroutine and before its messages are read.
// Nothing refuses more cheaply. A call that a guard refuses ends with the status that
// [AdmitServer] describes, but without a trailer. It panics on a nil guard.
//
// It can only check. A tap does not hear of the end of a call, so each permit is
// settled at once, as [weir.Ignored]: no guard learns anything here, and none limits
// what is in flight. So use [AdmitServer] as well, with the same guard or another one.
// What makes sense here:
//
//	a rate limit (limit.Token.For)        decides as anywhere, by whatever key it was made for
//	a [breaker.Breaker] of AdmitServer    refuses while it is open; its probes are left to AdmitServer
//	a shedder, a limit.Concurrency        refuses while all is full; AdmitServer decides again
//
// All calls of a connection wait for the tap, which holds the lock of the transport: a
// guard that queues has no place here. Calls have no class yet, so a shedder takes all
// of them for Critical.
//
// gRPC calls taps experimental.
func Tap(guards ...weir.Guard) tap.ServerInHandle {
	checks := make([]weir.Guard, len(guards))
	for i, g := range guards {
		if g == nil {
			panic("weirgrpc: Tap with a nil Guard")
		}
		if b, ok := g.(*breaker.Breaker); ok {
			g = openBreaker{b}
		}
		checks[i] = g
	}
	all := weir.Join(checks...)
	return func(ctx context.Context, _ *tap.Info) (context.Context, error) {
		permit, err := all.Allow(ctx)
		if err != nil {
			return ctx, refusedWith(err, 0, weir.RetryAfter(all, err))
		}
		permit.Done(weir.Ignored)
		return ctx, nil
	}
}

// openBreaker refuses while the breaker is open and no probe is due. To ask the
// breaker itself would use up its probes, and it would stay open for ever.
type openBreaker struct{ *breaker.Breaker }

func (b openBreaker) Allow(context.Context) (weir.Permit, error) {
	if b.RetryAfter() > 0 {
		return weir.Permit{}, breaker.ErrOpen
	}
	return weir.Permit{}, nil
}
