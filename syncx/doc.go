// Package syncx coordinates goroutines where package sync stops: with waits that
// end when a context does, no wake-up lost on the way, and order after a panic.
//
// [SingleFlight] lets many callers share one load:
//
//	var flights syncx.SingleFlight[string, *User]
//
//	user, err := flights.Do(ctx, id, func(ctx context.Context) (*User, error) {
//		return db.LoadUser(ctx, id) // once, however many ask for id meanwhile
//	})
//
// Use it in front of what is slow and the same for all who ask: a query, a
// remote call, a rendering. Do not use it for what each caller must do for
// itself, such as a write: for that there is [LockedCalls], which lets the calls of
// a key run one by one. It remembers nothing: a caller who comes after the
// load has ended starts another one. For that there is a cache.
//
// [Pool] lends what is costly to make to one caller at a time, and sees to its
// health and its age:
//
//	item, err := pool.Get(ctx)
//	if err != nil {
//		return err
//	}
//	defer pool.Put(item)
//	return use(item.Value)
//
// Do not use it for memory, nor around what is a pool itself, such as a
// database/sql.DB or an http.Client.
//
// For what all share there are [ImmutableResource], which is loaded when it is
// first asked for, [ManagedResource], which is replaced when somebody finds it
// broken, [RefResource], which its last user cleans, and [ResourceManager], which
// has one for each key. [Limit] is a semaphore; to guard a dependency, take
// limit.Concurrency. [Cond] is a [sync.Cond] whose waits can be left, [DoneChan] a
// channel that may be closed twice, and [Barrier] a lock that a panic opens.
// [OnceGuard], [SpinLock], [AtomicDuration] and [AtomicFloat64] are one word each.
//
// What the standard library has by now is not repeated here. Take
//
//   - [sync/atomic.Bool], [sync/atomic.Int64] and their like for shared flags
//     and counters;
//   - [sync.OnceFunc], [sync.OnceValue] and [sync.OnceValues] for what happens
//     once in the life of a process;
//   - [sync.Map] for a map that many goroutines read;
//   - [sync.Pool] for memory that may be dropped at any time;
//   - [sync.WaitGroup.Go] to start goroutines and wait for them;
//   - [context.AfterFunc] to act when a context ends, or to merge two, and
//     [context.WithoutCancel] to outlive one.
package syncx
