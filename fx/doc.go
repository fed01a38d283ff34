// Package fx has streams, and calls that go on in spite of trouble.
//
//	total := fx.Reduce(
//		fx.Map(fx.Just(orders...).Filter(Order.Paid), Order.Amount),
//		0, func(sum, amount int) int { return sum + amount })
//
// A [Stream] is an [iter.Seq] with methods. What changes the type of the items is a
// func, since a method cannot: [Map], [FlatMap], [Group], [Split]. Stages are lazy,
// run in the goroutine that ranges, and stop with it, so that streams may be endless.
// [ParallelMap], [ParallelFilter] and [ParallelForEach] work on several items at the
// same time, [Stream.Buffer] and [Merge] run their sources apart; nothing else has
// goroutines.
//
//	err := fx.Retry(ctx, func(ctx context.Context) error {
//		return client.Send(ctx, event)
//	}, fx.RetryOptions{TryTimeout: time.Second, Budget: budget})
//
// [Retry] tries again, within a [RetryBudget]; [Timeout] does not wait for what
// ignores its context; [Hedge] asks a second time when the first takes long;
// [Parallel] does several things at the same time. All of them return early when
// their context is done, and raise the panics of what they wait for in the caller.
//
// Do not use a stream where a loop says the same: a loop can return errors. For
// slices there is package [slices], to cut cheap work on many items into pieces there
// is package mr, and in front of a dependency that is down stands a breaker, which
// spares it the retries.
package fx
