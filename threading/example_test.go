package threading_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/threading"
)

func ExampleRunSafe() {
	ctx := threading.WithPanicHandler(context.Background(), func(p *weir.Panic) {
		fmt.Println("reported:", p.Value)
	})
	threading.RunSafeCtx(ctx, func(context.Context) { panic("lost") })
	fmt.Println("and the show goes on")
	// Output:
	// reported: lost
	// and the show goes on
}

func ExampleRunner() {
	plugins := threading.Runner{OnPanic: func(p *weir.Panic) { fmt.Println("a plugin panicked:", p.Value) }}
	plugins.Run(func() { panic("no such table") })
	plugins.Run(func() { fmt.Println("the next one runs") })
	// Output:
	// a plugin panicked: no such table
	// the next one runs
}

func ExampleRoutineGroup() {
	var group threading.RoutineGroup
	var sum atomic.Int64
	for i := range 5 {
		group.Run(func() { sum.Add(int64(i)) })
	}
	group.Wait()
	fmt.Println(sum.Load())

	group.Run(func() { panic("lost") })
	func() {
		defer func() { fmt.Println("recovered:", recover().(*weir.Panic).Value) }()
		group.Wait()
	}()
	// Output:
	// 10
	// recovered: lost
}

func ExampleTaskRunner() {
	ctx := context.Background()
	tasks := threading.NewTaskRunner(threading.TaskOptions{Workers: 4})
	var sum atomic.Int64
	for i := range 100 {
		if err := tasks.Schedule(ctx, func() { sum.Add(int64(i)) }); err != nil {
			fmt.Println(err)
		}
	}
	_ = tasks.Wait(ctx)
	fmt.Println(sum.Load())

	_ = tasks.Close(ctx)
	fmt.Println(tasks.Schedule(ctx, func() {}))
	// Output:
	// 4950
	// threading: closed
}

func ExampleTaskOptions() {
	// No queue: a task is accepted only while a worker is free for it.
	tasks := threading.NewTaskRunner(threading.TaskOptions{Workers: 1, Queue: -1})
	release := make(chan struct{})
	fmt.Println(tasks.TrySchedule(func() { <-release }))
	fmt.Println(tasks.TrySchedule(func() {}))
	close(release)
	_ = tasks.Wait(context.Background())
	// Output:
	// true
	// false
}

func ExampleTaskStats() {
	tasks := threading.NewTaskRunner(threading.TaskOptions{Workers: 2, OnPanic: func(*weir.Panic) {}})
	_ = tasks.Schedule(context.Background(), func() {})
	_ = tasks.Schedule(context.Background(), func() { panic("lost") })
	_ = tasks.Wait(context.Background())
	st := tasks.Stats()
	fmt.Println(st.Done, "done,", st.Panicked, "panicked")
	// Output: 2 done, 1 panicked
}

func ExampleStableRunner() {
	ctx := context.Background()
	squares := threading.NewStableRunner(threading.StableOptions{Workers: 4, Buffer: 8}, func(i int) string {
		if i == 3 {
			panic("I do not like 3")
		}
		return fmt.Sprint(i * i)
	})
	go func() {
		for i := range 6 {
			_ = squares.Push(ctx, i)
		}
		_ = squares.Close(ctx)
	}()
	for square, err := range squares.All(ctx) {
		var p *weir.Panic
		if errors.As(err, &p) {
			square = fmt.Sprint("panic: ", p.Value)
		}
		fmt.Println(square)
	}
	// Output:
	// 0
	// 1
	// 4
	// panic: I do not like 3
	// 16
	// 25
}

func ExampleStableOptions() {
	err := threading.StableOptions{Buffer: -1}.Validate()
	fmt.Println(err)
	// Output: threading: StableOptions.Buffer must be 0 to 1,073,741,824
}

func ExampleWorkerGroup() {
	var polls atomic.Int64
	ready := make(chan struct{})
	pollers := threading.NewWorkerGroup(threading.WorkerOptions{
		Workers: 2,
		Job: func(ctx context.Context) error {
			if polls.Add(1) == 2 {
				close(ready)
			}
			<-ctx.Done()
			return ctx.Err()
		},
	})
	_ = pollers.Start(context.Background())
	<-ready
	err := pollers.Close(context.Background())
	fmt.Println(polls.Load(), err)
	// Output: 2 <nil>
}

func ExampleWorkerOptions() {
	runs := 0
	group := threading.NewWorkerGroup(threading.WorkerOptions{
		Workers: 1,
		Restart: threading.RestartOnPanic,
		Backoff: time.Millisecond,
		OnPanic: func(p *weir.Panic) { fmt.Println("panic:", p.Value) },
		Job: func(context.Context) error {
			if runs++; runs < 3 {
				panic(fmt.Sprint("in run ", runs))
			}
			return nil
		},
	})
	_ = group.Start(context.Background())
	fmt.Println(group.Wait(context.Background()))
	// Output:
	// panic: in run 1
	// panic: in run 2
	// <nil>
}

func ExampleRestart() {
	err := threading.WorkerOptions{
		Job:     func(context.Context) error { return nil },
		Restart: threading.RestartAlways + 1,
	}.Validate()
	fmt.Println(err)
	// Output: threading: WorkerOptions.Restart is unknown
}

func ExampleWorkerStats() {
	group := threading.NewWorkerGroup(threading.WorkerOptions{
		Workers: 3,
		Job:     func(context.Context) error { return nil },
	})
	_ = group.Start(context.Background())
	_ = group.Wait(context.Background())
	st := group.Stats()
	fmt.Println(st.Started, "started,", st.Live, "live")
	// Output: 3 started, 0 live
}
