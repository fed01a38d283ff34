package weirgrpc

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// clientStream waits for the end of a stream, in whichever way it comes, and tells
// of it once.
type clientStream struct {
	grpc.ClientStream
	ctx            context.Context // of the caller, as the stream was made with it
	oneResponse    bool
	sent, received atomic.Int64

	mu    sync.Mutex
	ended bool        // guarded by mu
	stop  func() bool // guarded by mu; ends the wait for ctx, nil if there is none
	end   func(s *clientStream, returned bool, err error)
}

// follow makes a stream and calls end when it has ended, from any goroutine, once:
// also if it cannot be made. Then returned is false if that panicked, or the
// stream did.
func follow(
	ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string,
	next grpc.Streamer, opts []grpc.CallOption, end func(s *clientStream, returned bool, err error),
) (grpc.ClientStream, error) {
	s := &clientStream{ctx: ctx, oneResponse: !desc.ServerStreams, end: end}
	returned := false
	defer s.unless(&returned)
	cs, err := next(ctx, desc, cc, method, append(opts[:len(opts):len(opts)], grpc.OnFinish(s.finished))...)
	returned = true
	if err != nil {
		s.over(true, err)
		return nil, err
	}
	s.ClientStream = cs
	s.await()
	return s, nil
}

// await has the stream end with its context, though nobody looks at it.
func (s *clientStream) await() {
	if s.ctx.Done() == nil {
		return
	}
	stop := context.AfterFunc(s.ctx, func() {
		s.over(true, status.FromContextError(s.ctx.Err()).Err())
	})
	s.mu.Lock()
	s.stop = stop
	ended := s.ended
	s.mu.Unlock()
	if ended {
		stop()
	}
}

// finished is called by gRPC when the stream is over, and again for each stream
// that an interceptor further in makes, to retry. So only one end is taken from
// here that nothing else tells: the connection was closed, which nobody survives.
func (s *clientStream) finished(err error) {
	if status.Code(err) == codes.Canceled {
		s.over(true, err)
	}
}

// over notes the end of the stream.
func (s *clientStream) over(returned bool, err error) {
	s.mu.Lock()
	first := !s.ended
	s.ended = true
	stop := s.stop
	s.mu.Unlock()
	if !first {
		return
	}
	if stop != nil {
		stop()
	}
	s.end(s, returned, err)
}

// unless is deferred: unless what was called has returned, it was the end.
func (s *clientStream) unless(returned *bool) {
	if !*returned {
		s.over(false, nil)
	}
}

func (s *clientStream) RecvMsg(m any) error {
	returned := false
	defer s.unless(&returned)
	err := s.ClientStream.RecvMsg(m)
	returned = true
	if err == nil {
		s.received.Add(1)
	}
	switch {
	case err == io.EOF, err == nil && s.oneResponse:
		s.over(true, nil)
	case err != nil:
		s.over(true, err)
	}
	return err
}

// SendMsg leaves it to RecvMsg to say why the stream is over, where it gets io.EOF.
func (s *clientStream) SendMsg(m any) error {
	returned := false
	defer s.unless(&returned)
	err := s.ClientStream.SendMsg(m)
	returned = true
	switch {
	case err == nil:
		s.sent.Add(1)
	case err != io.EOF:
		s.over(true, err)
	}
	return err
}

func (s *clientStream) Header() (metadata.MD, error) {
	returned := false
	defer s.unless(&returned)
	md, err := s.ClientStream.Header()
	returned = true
	if err != nil && err != io.EOF {
		s.over(true, err)
	}
	return md, err
}
