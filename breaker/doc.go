// Package breaker stops calls to a dependency that does not work, and lets them
// through again as soon as it does.
//
//	b := breaker.New(breaker.Options{Name: "payments"})
//	err := b.Do(ctx, func(ctx context.Context) error {
//		return client.Charge(ctx, order)
//	})
//	if errors.Is(err, weir.ErrRejected) {
//		// payments was not called
//	}
//
// A [Breaker] throttles in proportion to what fails, as Google's clients do
// (Site Reliability Engineering, "Handling Overload", eq. 21.1), and opens at
// once when nothing works any more. It neither counts nor times anything while
// nobody calls, has no goroutine, and needs no Close. A [Group] keeps one breaker
// per key, such as one per host.
//
// A breaker protects the caller from waiting in vain and a struggling dependency
// from pointless load. It does not bound how much is in flight (see package
// limit), does not retry, and is of no use around work that cannot fail by itself.
package breaker
