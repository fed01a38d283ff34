package threading_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

// panicsDeepDown is what a stack must show.
func panicsDeepDown() { panic("lost") }

func background() context.Context { return context.Background() }

func doneContext() context.Context {
	ctx, cancel := context.WithCancel(background())
	cancel()
	return ctx
}

// collector keeps the panics that a hook is given.
type collector struct {
	mu  sync.Mutex
	got []*weir.Panic
}

func (c *collector) hook(p *weir.Panic) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, p)
}

func (c *collector) values() (values []any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.got {
		values = append(values, p.Value)
	}
	return values
}

// logged returns what is logged through slog.Default while fn runs. Nothing else
// in these tests logs.
func logged(t *testing.T, fn func()) string {
	t.Helper()
	var out lockedBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	fn()
	return out.String()
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// raised returns what fn panics with.
func raised(t *testing.T, fn func()) (p *weir.Panic) {
	t.Helper()
	defer func() {
		v := recover()
		require.IsType(t, p, v)
		p = v.(*weir.Panic)
	}()
	fn()
	return nil
}

// A haltingContext stops its caller between the look at what there is and the
// wait for more, where wake-ups get lost.
type haltingContext struct {
	context.Context
	arrived, proceed chan struct{}
}

func halting(ctx context.Context) haltingContext {
	return haltingContext{ctx, make(chan struct{}, 1), make(chan struct{})}
}

func (h haltingContext) Done() <-chan struct{} {
	select {
	case h.arrived <- struct{}{}: // the first time
		<-h.proceed
	default:
	}
	return h.Context.Done()
}

// start starts call and returns when it is about to wait.
func (h haltingContext) start(wg *sync.WaitGroup, call func(context.Context)) {
	wg.Go(func() { call(h) })
	synctest.Wait()
}
