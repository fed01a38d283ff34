package weirgrpc_test

import (
	"context"
	"io"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirgrpc"
)

// fakeClientStream is the client's side of a stream, whose methods return what they
// are told to.
type fakeClientStream struct {
	grpc.ClientStream
	ctx                context.Context
	opts               []grpc.CallOption
	recv, send, header func() error
	creation           error
}

func (s *fakeClientStream) make(ctx context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, _ string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s.ctx, s.opts = ctx, opts
	if s.creation != nil {
		return nil, s.creation
	}
	return s, nil
}

func (s *fakeClientStream) RecvMsg(any) error {
	if s.recv != nil {
		return s.recv()
	}
	return io.EOF
}

func (s *fakeClientStream) SendMsg(any) error {
	if s.send != nil {
		return s.send()
	}
	return nil
}

func (s *fakeClientStream) Header() (metadata.MD, error) {
	if s.header != nil {
		return nil, s.header()
	}
	return nil, nil
}

// finished does what gRPC does when the stream is over.
func (s *fakeClientStream) finished(err error) {
	for _, o := range s.opts {
		if o, ok := o.(grpc.OnFinishCallOption); ok {
			o.OnFinish(err)
		}
	}
}

// finish receives the end of a stream.
func finish(t *testing.T, s grpc.ClientStream) {
	t.Helper()
	require.Equal(t, io.EOF, s.RecvMsg(nil))
}

var (
	bidi      = &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	uploading = &grpc.StreamDesc{ClientStreams: true}
)

func TestAStreamOfAClientEndsInEachDocumentedWay(t *testing.T) {
	fails := func() error { return errBroken }
	for name, c := range map[string]struct {
		desc *grpc.StreamDesc
		made fakeClientStream
		end  func(s grpc.ClientStream, made *fakeClientStream, cancel func())
		want weir.Outcome
	}{
		"EOF": {bidi, fakeClientStream{}, func(s grpc.ClientStream, _ *fakeClientStream, _ func()) {
			_ = s.RecvMsg(nil)
		}, weir.Success},
		"error of RecvMsg": {bidi, fakeClientStream{recv: fails}, func(s grpc.ClientStream, _ *fakeClientStream, _ func()) {
			_ = s.RecvMsg(nil)
		}, weir.Failure},
		"the one response": {uploading, fakeClientStream{recv: func() error { return nil }}, func(s grpc.ClientStream, _ *fakeClientStream, _ func()) {
			_ = s.RecvMsg(nil)
		}, weir.Success},
		"error of SendMsg": {bidi, fakeClientStream{send: fails}, func(s grpc.ClientStream, _ *fakeClientStream, _ func()) {
			_ = s.SendMsg(nil)
		}, weir.Failure},
		"error of Header": {bidi, fakeClientStream{header: fails}, func(s grpc.ClientStream, _ *fakeClientStream, _ func()) {
			_, _ = s.Header()
		}, weir.Failure},
		"cancelled, and nobody looks": {bidi, fakeClientStream{}, func(_ grpc.ClientStream, _ *fakeClientStream, cancel func()) {
			cancel()
		}, weir.Ignored},
		"deadline, and nobody looks": {bidi, fakeClientStream{}, func(grpc.ClientStream, *fakeClientStream, func()) {
			time.Sleep(time.Hour)
		}, weir.Failure},
		"the connection is closed": {bidi, fakeClientStream{}, func(_ grpc.ClientStream, made *fakeClientStream, _ func()) {
			made.finished(status.Error(codes.Canceled, "closing"))
		}, weir.Ignored},
		"it cannot be made": {bidi, fakeClientStream{creation: errBroken}, func(_ grpc.ClientStream, made *fakeClientStream, _ func()) {
			made.finished(errBroken)
		}, weir.Failure},
		"it cannot be made, too many": {bidi, fakeClientStream{creation: status.Error(codes.ResourceExhausted, "")},
			func(grpc.ClientStream, *fakeClientStream, func()) {}, weir.Overloaded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGuard(t)
				ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
				defer cancel()
				s, err := weirgrpc.AdmitClient(g, weirgrpc.AdmitOptions{}).Stream(ctx, c.desc, nil, method, c.made.make)
				require.Equal(t, c.made.creation, err)
				if err == nil {
					synctest.Wait()
					require.Equal(t, 1, g.inFlight.Stats().InFlight)
				}
				c.end(s, &c.made, cancel)
				require.Equal(t, c.want, g.next())
				// It ends once, whatever else there is to see.
				if err == nil {
					_ = s.RecvMsg(nil)
					_ = s.SendMsg(nil)
				}
				c.made.finished(status.Error(codes.Canceled, ""))
				cancel()
				synctest.Wait()
			})
		})
	}
}

func TestWhatIsNotTheEndOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t)
		made := &fakeClientStream{recv: func() error { return nil }}
		s, err := weirgrpc.AdmitClient(g, weirgrpc.AdmitOptions{}).Stream(context.Background(), bidi, nil, method, made.make)
		require.NoError(t, err)
		require.NoError(t, s.RecvMsg(nil)) // a message
		require.NoError(t, s.SendMsg(nil))
		_, err = s.Header()
		require.NoError(t, err)
		made.send = func() error { return io.EOF } // RecvMsg knows why
		require.Equal(t, io.EOF, s.SendMsg(nil))
		// An interceptor further in may have retried, so gRPC's word is about one of
		// several streams.
		made.finished(nil)
		made.finished(errBroken)
		require.Equal(t, 1, g.inFlight.Stats().InFlight)
		made.recv = func() error { return errBroken }
		require.Equal(t, errBroken, s.RecvMsg(nil))
		require.Equal(t, weir.Failure, g.next())
	})
}

func TestAPanicBeneathAStreamEndsIt(t *testing.T) {
	boom := func() error { panic("boom") }
	exit := func() error { runtime.Goexit(); return nil }
	for name, c := range map[string]struct {
		made fakeClientStream
		call func(s grpc.ClientStream)
	}{
		"RecvMsg": {fakeClientStream{recv: boom}, func(s grpc.ClientStream) { _ = s.RecvMsg(nil) }},
		"SendMsg": {fakeClientStream{send: boom}, func(s grpc.ClientStream) { _ = s.SendMsg(nil) }},
		"Header":  {fakeClientStream{header: boom}, func(s grpc.ClientStream) { _, _ = s.Header() }},
	} {
		g := newGuard(t)
		s, err := weirgrpc.AdmitClient(g, weirgrpc.AdmitOptions{}).Stream(context.Background(), bidi, nil, method, c.made.make)
		require.NoError(t, err)
		require.PanicsWithValue(t, "boom", func() { c.call(s) }, name)
		require.Equal(t, weir.Failure, g.next(), name)
	}
	g := newGuard(t)
	s, err := weirgrpc.AdmitClient(g, weirgrpc.AdmitOptions{}).Stream(context.Background(), bidi, nil, method, (&fakeClientStream{recv: exit}).make)
	require.NoError(t, err)
	inGoroutine(func() { _ = s.RecvMsg(nil) })
	require.Equal(t, weir.Failure, g.next())

	require.PanicsWithValue(t, "boom", func() {
		_, _ = weirgrpc.AdmitClient(g, weirgrpc.AdmitOptions{}).Stream(context.Background(), bidi, nil, method,
			func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
				panic("boom")
			})
	})
	require.Equal(t, weir.Failure, g.next())
}

// watched is a context that never ends, and counts who waits for that.
type watched struct {
	context.Context
	done    chan struct{}
	waiting int
}

func watch() *watched { return &watched{Context: context.Background(), done: make(chan struct{})} }

func (w *watched) Done() <-chan struct{} { return w.done }

func (w *watched) AfterFunc(func()) (stop func() bool) {
	w.waiting++
	return func() bool { w.waiting--; return true }
}

func TestAStreamThatHasEndedDoesNotWaitForItsContext(t *testing.T) {
	ctx := watch()
	for range 10 {
		s, err := weirgrpc.AdmitClient(open, weirgrpc.AdmitOptions{}).Stream(ctx, bidi, nil, method, (&fakeClientStream{}).make)
		require.NoError(t, err)
		require.Equal(t, 1, ctx.waiting)
		finish(t, s)
		require.Zero(t, ctx.waiting)
	}
	_, err := weirgrpc.AdmitClient(open, weirgrpc.AdmitOptions{}).Stream(ctx, bidi, nil, method, (&fakeClientStream{creation: errBroken}).make)
	require.Error(t, err)
	require.Zero(t, ctx.waiting)
}

// A stream that gRPC has finished before the interceptor has seen it.
func TestAStreamThatIsOverBeforeItIsSeenDoesNotWaitEither(t *testing.T) {
	ctx := watch()
	g := newGuard(t)
	made := &fakeClientStream{}
	_, err := weirgrpc.AdmitClient(g, weirgrpc.AdmitOptions{}).Stream(ctx, bidi, nil, method,
		func(ctx context.Context, d *grpc.StreamDesc, cc *grpc.ClientConn, m string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			s, err := made.make(ctx, d, cc, m, opts...)
			made.finished(status.Error(codes.Canceled, ""))
			return s, err
		})
	require.NoError(t, err)
	require.Equal(t, weir.Ignored, g.next())
	require.Zero(t, ctx.waiting)
}

func TestTheOptionsOfACallerAreNotOverwritten(t *testing.T) {
	opts := make([]grpc.CallOption, 1, 4)
	opts[0] = grpc.WaitForReady(true)
	spare := opts[:2]
	made := &fakeClientStream{}
	s, err := weirgrpc.AdmitClient(open, weirgrpc.AdmitOptions{}).Stream(context.Background(), bidi, nil, method, made.make, opts...)
	require.NoError(t, err)
	require.Nil(t, spare[1])
	require.Len(t, made.opts, 2)
	finish(t, s)
}
