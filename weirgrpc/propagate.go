package weirgrpc

import (
	"context"
	"errors"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/weirgo/weir"
)

const (
	// MetadataCriticality says how much it matters that the call is served:
	// "sheddable", "sheddable-plus", "critical" or "critical-plus".
	MetadataCriticality = "weir-criticality"
	// MetadataAttempt says the how manieth attempt the call is, as a decimal
	// integer. 1 is the first.
	MetadataAttempt = "weir-attempt"

	// metadataRetries is how many attempts gRPC's own retries have made before.
	metadataRetries = "grpc-previous-rpc-attempts"
)

// PropagateOptions configures [PropagateServer].
type PropagateOptions struct {
	// MaxCriticality is the highest class that a client may claim; a higher one is
	// cut to it. The default is Critical, so that strangers cannot put themselves
	// before all others. Set CriticalPlus where all clients are trusted.
	MaxCriticality weir.Criticality
	// DisableCriticality ignores MetadataCriticality.
	DisableCriticality bool
	// DisableAttempt ignores MetadataAttempt and gRPC's own count.
	DisableAttempt bool
}

var errMaxCriticality = errors.New("weirgrpc: PropagateOptions.MaxCriticality is unknown")

// Validate returns what is wrong with the options, nil if nothing is.
func (o PropagateOptions) Validate() error {
	if o.MaxCriticality > weir.CriticalPlus {
		return errMaxCriticality
	}
	return nil
}

// PropagateServer returns an interceptor that takes over from the client, into the
// context of the call, how critical the call is ([weir.CriticalityFrom]) and the how
// manieth attempt it is ([AttemptFrom]); the attempts of gRPC's own retries are added
// to those that [MetadataAttempt] tells. The deadline needs no help: gRPC carries it.
// It panics on impossible options.
//
// Metadata that are repeated, malformed, unknown, empty or absurdly long are ignored
// as if they were absent: a call never fails for them. They never lower the class of
// the context. A call without them costs a few lookups and nothing else.
func PropagateServer(o PropagateOptions) ServerInterceptor {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	if o.MaxCriticality == 0 {
		o.MaxCriticality = weir.Critical
	}
	p := &propagation{o}
	return ServerInterceptor{p.unary, p.stream}
}

type propagation struct{ opts PropagateOptions }

func (p *propagation) unary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	return next(p.take(ctx), req)
}

func (p *propagation) stream(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	outer := ss.Context()
	if ctx := p.take(outer); ctx != outer {
		ss = &contextStream{ss, ctx}
	}
	return next(srv, ss)
}

// take returns ctx with what its metadata say.
func (p *propagation) take(ctx context.Context) context.Context {
	inner := ctx
	if !p.opts.DisableCriticality {
		if c, err := weir.ParseCriticality(single(ctx, MetadataCriticality)); err == nil {
			inner = weir.WithCriticality(inner, min(c, p.opts.MaxCriticality))
		}
	}
	if !p.opts.DisableAttempt {
		n := max(1, count(single(ctx, MetadataAttempt))) + count(single(ctx, metadataRetries))
		if n > 1 {
			inner = WithAttempt(inner, n)
		}
	}
	return inner
}

// single returns the value of a key that occurs once, else "".
func single(ctx context.Context, key string) string {
	values := metadata.ValueFromIncomingContext(ctx, key)
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// maxAttempt is the highest attempt that is told apart: three digits.
const maxAttempt = 999

// count parses one to three decimal digits; anything else is 0.
func count(text string) (n int) {
	if len(text) > 3 {
		return 0
	}
	for i := range len(text) {
		c := text[i]
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

type attemptKey struct{}

// WithAttempt returns a context that says that calls made with it are the n-th
// attempt, for [PropagateClient] to tell. Whoever retries sets it: 1 is the first
// attempt, and beyond 999 nobody counts. It panics if n is less than 1.
func WithAttempt(ctx context.Context, n int) context.Context {
	if n < 1 {
		panic("weirgrpc: WithAttempt with less than 1")
	}
	return context.WithValue(ctx, attemptKey{}, min(n, maxAttempt))
}

// AttemptFrom returns the how manieth attempt ctx is for, 1 if it does not say. In a
// handler it is that of the call which is handled, and calls that the handler makes
// with its context carry it on: work for a retry is part of the retry.
func AttemptFrom(ctx context.Context) int {
	if n, ok := ctx.Value(attemptKey{}).(int); ok {
		return n
	}
	return 1
}

// PropagateClient returns an interceptor that tells the server, in the metadata, the
// criticality and the attempt of the context. Where they are Critical and 1, which is
// what a server assumes, it tells nothing and costs four lookups. What the outgoing
// metadata say already is replaced: a gateway that passes on all that came in must
// not claim more than its own server has believed.
func PropagateClient() ClientInterceptor {
	return ClientInterceptor{
		Unary: func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			return next(told(ctx), method, req, reply, cc, opts...)
		},
		Stream: func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			return next(told(ctx), desc, cc, method, opts...)
		},
	}
}

func told(ctx context.Context) context.Context {
	if c := weir.CriticalityFrom(ctx); c != weir.Critical || tells(ctx, MetadataCriticality) {
		ctx = tell(ctx, MetadataCriticality, c.String())
	}
	if n := AttemptFrom(ctx); n > 1 || tells(ctx, MetadataAttempt) {
		ctx = tell(ctx, MetadataAttempt, strconv.Itoa(n))
	}
	return ctx
}

func tells(ctx context.Context, key string) bool {
	return len(metadata.ValueFromOutgoingContext(ctx, key)) > 0
}

// tell sets a key. One that is there already, since somebody has passed on all that
// came in, must not be repeated, for then the server would believe neither.
func tell(ctx context.Context, key, value string) context.Context {
	if !tells(ctx, key) {
		return metadata.AppendToOutgoingContext(ctx, key, value)
	}
	md, _ := metadata.FromOutgoingContext(ctx) // a copy
	md.Set(key, value)
	return metadata.NewOutgoingContext(ctx, md)
}
