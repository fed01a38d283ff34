// Package executors puts things together that are done better together: rows into one
// INSERT, messages into one request, a flurry of changes into one write.
//
//	logs := executors.NewBulk(executors.BulkOptions[Event]{
//		Size:    500,
//		Handle:  func(ctx context.Context, batch []Event) error { return store.Insert(ctx, batch) },
//		OnError: func(batch []Event, err error) { spool(batch, err) },
//	})
//	defer logs.Close(ctx)         // handles what is left, or says what is lost
//	err := logs.Add(ctx, event) // waits while too much is pending
//
// Take
//
//   - a [Bulk] to have items handled by so many at a time, or after so long;
//   - a [Chunk] for the same where bytes count;
//   - a [Periodical] where items gather in something else than a slice;
//   - a [Delay] to do something once, some time after it was asked for, however often;
//   - a [Less] to do something now, but not more often than so.
//
// Do not take them for what the caller needs a result of, nor for what must survive the
// process: items are in memory until they are handled. For single tasks there is
// package threading, and to cut a slice that is there already there is [slices.Chunk].
//
// # Promises
//
// An item whose Add returned nil is settled exactly once: Handle returned nil for a batch
// with it, or OnError has got it, whatever fails, panics, calls [runtime.Goexit] or closes
// at that moment. (With Retry, Handle may see it more than once.) No item waits longer
// than Interval for its batch to fill. Flush and Close cover every item whose Add has
// returned, wherever it is: in a batch that fills, on its way to a worker, or between two
// tries. What may be pending is bounded, and so is what Add waits: by its context.
//
// There is no goroutine while there is nothing to do, and nothing that knows of an
// executor which its users have forgotten.
package executors
