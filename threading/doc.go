// Package threading runs goroutines that are safe to forget about, and bounded
// numbers of them that are not.
//
//	threading.GoSafe(func() { refresh(cache) }) // a panic is reported, not fatal
//
//	tasks := threading.NewTaskRunner(threading.TaskOptions{Workers: 16})
//	defer tasks.Close(ctx)
//	err := tasks.Schedule(ctx, func() { resize(image) }) // waits while all is full
//
// Take
//
//   - [RunSafe], [GoSafe] or a [Runner] to keep a panic from ending the process;
//   - a [RoutineGroup] to start some goroutines and wait for them, and learn of
//     their panics;
//   - a [TaskRunner] for many short tasks, a few at a time;
//   - a [StableRunner] for the same where results are needed, in the order of
//     what went in;
//   - a [WorkerGroup] for jobs that run as long as the service does, and are
//     started again when they fail.
//
// Goroutines that cannot panic and have no bound need none of this: take
// [sync.WaitGroup.Go]. Where the first error shall end all the others, take
// golang.org/x/sync/errgroup.
//
// # Panics
//
// A panic is never lost. Where somebody waits for a result, it is raised again
// there, or is the error in the result's place, as a [*weir.Panic] with the stack
// of where it was. Where nobody does, it is counted (see [Recovered]) and
// reported: to the OnPanic hook, else through [log/slog.Default]. A hook that
// panics itself is caught, and both are logged.
//
// [runtime.Goexit] is not a panic: it ends the goroutine that calls it, and
// whatever counts on that goroutine takes note.
package threading
