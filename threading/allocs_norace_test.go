//go:build !race

// The race detector allocates, too.

package threading_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/threading"
)

func TestRunSafeAllocatesNothing(t *testing.T) {
	ctx := background()
	fn, withCtx := func() {}, func(context.Context) {}
	r := threading.Runner{OnPanic: new(collector).hook}
	for name, call := range map[string]func(){
		"RunSafe":       func() { threading.RunSafe(fn) },
		"RunSafeCtx":    func() { threading.RunSafeCtx(ctx, withCtx) },
		"Runner.Run":    func() { r.Run(fn) },
		"Runner.RunCtx": func() { r.RunCtx(ctx, withCtx) },
	} {
		require.Zero(t, testing.AllocsPerRun(1000, call), name)
	}
}

func TestGoSafeAllocatesOnlyWhatItsGoroutineIsGiven(t *testing.T) {
	done := make(chan struct{})
	fn := func() { done <- struct{}{} }
	require.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		threading.GoSafe(fn)
		<-done
	}), 1.0)
}

func TestSchedulingATaskAllocatesNothing(t *testing.T) {
	r := threading.NewTaskRunner(threading.TaskOptions{Workers: 1})
	done := make(chan struct{}, 200)
	task := func() { done <- struct{}{} }
	burst := func() {
		for range cap(done) {
			_ = r.Schedule(background(), task)
		}
		for range cap(done) {
			<-done
		}
	}
	burst()
	require.Less(t, testing.AllocsPerRun(100, burst)/200, 0.5, "per task; workers that come and go")
}

func TestStableRunnerAllocatesNothingPerInput(t *testing.T) {
	s := threading.NewStableRunner(threading.StableOptions{Workers: 1, Buffer: 200}, func(i int) int { return i })
	burst := func() {
		for i := range 200 {
			_ = s.Push(background(), i)
		}
		for range 200 {
			_, _ = s.Get(background())
		}
	}
	burst()
	require.Less(t, testing.AllocsPerRun(100, burst)/200, 0.5, "per input; workers that come and go")
}
