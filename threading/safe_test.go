package threading_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/threading"
)

type ctxKey struct{}

func TestRunSafeLogsAPanicOnceWithItsStackAndCountsIt(t *testing.T) {
	before := threading.Recovered()
	out := logged(t, func() { threading.RunSafe(panicsDeepDown) })
	require.Equal(t, 1, strings.Count(out, "level=ERROR"))
	require.Contains(t, out, "panic=lost")
	require.Contains(t, out, "panicsDeepDown")
	require.Equal(t, before+1, threading.Recovered())
}

func TestRunSafeReturnsAfterTheFunction(t *testing.T) {
	ran := false
	threading.RunSafe(func() { ran = true })
	require.True(t, ran)
	before := threading.Recovered()
	threading.RunSafe(func() {})
	require.Equal(t, before, threading.Recovered())
}

// everyForm calls fn through each function of the package that isolates, and
// waits for it. hook is what is to be told of a panic.
func everyForm(t *testing.T, hook func(*weir.Panic), fn func()) {
	t.Helper()
	ctx := threading.WithPanicHandler(background(), hook)
	withCtx := func(context.Context) { fn() }
	r := threading.Runner{OnPanic: hook}
	for name, form := range map[string]func(){
		"Runner.Run":    func() { r.Run(fn) },
		"Runner.Go":     func() { r.Go(fn) },
		"Runner.RunCtx": func() { r.RunCtx(background(), withCtx) },
		"Runner.GoCtx":  func() { r.GoCtx(background(), withCtx) },
		"RunSafeCtx":    func() { threading.RunSafeCtx(ctx, withCtx) },
		"GoSafeCtx":     func() { threading.GoSafeCtx(ctx, withCtx) },
	} {
		t.Run(name, func(t *testing.T) { form() })
	}
}

func TestEveryFormTellsItsHandlerOfThePanic(t *testing.T) {
	told := make(chan *weir.Panic, 6)
	everyForm(t, func(p *weir.Panic) { told <- p }, panicsDeepDown)
	for range cap(told) {
		p := <-told
		require.Equal(t, "lost", p.Value)
		require.Contains(t, string(p.Stack), "panicsDeepDown")
	}
}

func TestPanicWithNilIsAPanic(t *testing.T) {
	told := make(chan *weir.Panic, 6)
	everyForm(t, func(p *weir.Panic) { told <- p }, func() { panic(nil) })
	for range cap(told) {
		var isNil *runtime.PanicNilError
		require.ErrorAs(t, <-told, &isNil)
	}
}

func TestGoexitPassesThroughAndIsNoPanic(t *testing.T) {
	before := threading.Recovered()
	var c collector
	for name, form := range map[string]func(fn func()){
		"RunSafe":       threading.RunSafe,
		"Runner.Run":    threading.Runner{OnPanic: c.hook}.Run,
		"RunSafeCtx":    func(fn func()) { threading.RunSafeCtx(background(), func(context.Context) { fn() }) },
		"Runner.RunCtx": func(fn func()) { threading.Runner{}.RunCtx(background(), func(context.Context) { fn() }) },
	} {
		var wg sync.WaitGroup
		returned := false
		wg.Go(func() {
			form(runtime.Goexit)
			returned = true
		})
		wg.Wait()
		require.False(t, returned, name)
	}
	require.Empty(t, c.values())
	require.Equal(t, before, threading.Recovered())
}

func TestGoSafeLogsAPanicOnceWithItsStackAndCountsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := threading.Recovered()
		out := logged(t, func() {
			threading.GoSafe(panicsDeepDown)
			synctest.Wait()
		})
		require.Equal(t, 1, strings.Count(out, "panic=lost"))
		require.Contains(t, out, "panicsDeepDown")
		require.Equal(t, before+1, threading.Recovered())
	})
}

func TestHandlerOfTheContextGoesBeforeThatOfTheRunner(t *testing.T) {
	var near, far collector
	r := threading.Runner{OnPanic: far.hook}
	ctx := threading.WithPanicHandler(background(), near.hook)
	r.RunCtx(ctx, func(context.Context) { panic("near") })
	r.RunCtx(background(), func(context.Context) { panic("far") })
	inner := threading.WithPanicHandler(ctx, far.hook)
	r.RunCtx(inner, func(context.Context) { panic("inner") })
	require.Equal(t, []any{"near"}, near.values())
	require.Equal(t, []any{"far", "inner"}, far.values())
}

func TestFunctionGetsTheContextEvenIfItIsDone(t *testing.T) {
	ctx := context.WithValue(doneContext(), ctxKey{}, "value")
	called := 0
	fn := func(got context.Context) {
		require.Equal(t, "value", got.Value(ctxKey{}))
		require.Error(t, got.Err())
		called++
	}
	threading.RunSafeCtx(ctx, fn)
	threading.Runner{}.RunCtx(ctx, fn)
	require.Equal(t, 2, called)
}

func TestHandlerThatPanicsIsCaughtAndBothAreLogged(t *testing.T) {
	before := threading.Recovered()
	out := logged(t, func() {
		threading.Runner{OnPanic: func(*weir.Panic) { panic("handler") }}.Run(panicsDeepDown)
	})
	require.Contains(t, out, "panic=lost")
	require.Contains(t, out, "panicsDeepDown")
	require.Contains(t, out, "panic=handler")
	require.Equal(t, 2, strings.Count(out, "level=ERROR"))
	require.Equal(t, before+1, threading.Recovered())
}

type brokenLogger struct{ slog.Handler }

func (brokenLogger) Enabled(context.Context, slog.Level) bool { panic("no log either") }

func TestPanicGoesToStandardErrorWhereTheLoggerPanicsToo(t *testing.T) {
	before, count, stderr := slog.Default(), threading.Recovered(), os.Stderr
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	defer file.Close()
	defer func() {
		slog.SetDefault(before)
		os.Stderr = stderr
	}()
	slog.SetDefault(slog.New(brokenLogger{}))
	os.Stderr = file
	require.NotPanics(t, func() { threading.RunSafe(panicsDeepDown) })
	text, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	require.Contains(t, string(text), "threading: panic in a safe function: panic: lost")
	require.Contains(t, string(text), "panicsDeepDown")
	require.Equal(t, count+1, threading.Recovered())
}

func TestPanicRaisedAgainIsReportedAsItFirstWas(t *testing.T) {
	var c collector
	r := threading.Runner{OnPanic: c.hook}
	r.Run(panicsDeepDown)
	first := c.got[0]
	r.Run(func() { panic(first) })
	require.Same(t, first, c.got[1])
}

func TestNilFunctionPanicsAtTheCall(t *testing.T) {
	var g threading.RoutineGroup
	for name, call := range map[string]func(){
		"RunSafe":         func() { threading.RunSafe(nil) },
		"GoSafe":          func() { threading.GoSafe(nil) },
		"RunSafeCtx":      func() { threading.RunSafeCtx(background(), nil) },
		"GoSafeCtx":       func() { threading.GoSafeCtx(background(), nil) },
		"Runner.Run":      func() { threading.Runner{}.Run(nil) },
		"Runner.Go":       func() { threading.Runner{}.Go(nil) },
		"Runner.RunCtx":   func() { threading.Runner{}.RunCtx(background(), nil) },
		"Runner.GoCtx":    func() { threading.Runner{}.GoCtx(background(), nil) },
		"Group.Run":       func() { g.Run(nil) },
		"Group.RunSafe":   func() { g.RunSafe(nil) },
		"Schedule":        func() { _ = threading.NewTaskRunner(threading.TaskOptions{}).Schedule(background(), nil) },
		"TrySchedule":     func() { threading.NewTaskRunner(threading.TaskOptions{}).TrySchedule(nil) },
		"NewStableRunner": func() { threading.NewStableRunner[int, int](threading.StableOptions{}, nil) },
	} {
		require.PanicsWithValue(t, "threading: there is no nil function to call", call, name)
	}
	require.PanicsWithValue(t, "threading: WithPanicHandler has no nil handler to call", func() {
		threading.WithPanicHandler(background(), nil)
	})
	g.Wait()
}

func TestErrorThatWasRaisedCanBeFound(t *testing.T) {
	var c collector
	threading.Runner{OnPanic: c.hook}.Run(func() { panic(errors.ErrUnsupported) })
	require.ErrorIs(t, c.got[0], errors.ErrUnsupported)
}
