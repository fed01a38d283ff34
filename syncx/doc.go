// Package syncx coordinates goroutines where package sync stops. Today that is
// one type: [SingleFlight], which lets many callers share one load.
//
//	var flights syncx.SingleFlight[string, *User]
//
//	user, err := flights.Do(ctx, id, func(ctx context.Context) (*User, error) {
//		return db.LoadUser(ctx, id) // once, however many ask for id meanwhile
//	})
//
// Use it in front of what is slow and the same for all who ask: a query, a
// remote call, a rendering. Do not use it for what each caller must do for
// itself, such as a write. It remembers nothing: a caller who comes after the
// load has ended starts another one. For that there is a cache.
//
// What the standard library has by now is not repeated here. Take
//
//   - [sync/atomic.Bool], [sync/atomic.Int64] and their like for shared flags
//     and counters;
//   - [sync.OnceFunc], [sync.OnceValue] and [sync.OnceValues] for what happens
//     once in the life of a process;
//   - [sync.Map] for a map that many goroutines read;
//   - [sync.WaitGroup.Go] to start goroutines and wait for them;
//   - [context.AfterFunc] to act when a context ends, or to merge two, and
//     [context.WithoutCancel] to outlive one.
package syncx
