// Package load protects a service from more work than it can do: an adaptive load
// shedder that finds out by itself how many calls fit.
//
//	shedder := load.New(load.Options{})
//	err := weir.Do(ctx, shedder, handle)
//	if errors.Is(err, weir.ErrRejected) {
//		// overloaded: say so at once, while there is time to ask somebody else
//	}
//
// A server that takes in more than it can do gets slower for everybody, until all its
// answers come too late: it works at full speed for nobody. A [Shedder] refuses what
// cannot be done in time, the least critical first ([weir.Criticality]), and keeps the
// workers busy with the rest. It needs no configured capacity, works for calls that
// burn CPU as well as for calls that wait for something slow, and follows when the
// capacity changes.
//
// Use one shedder for calls that need the same resource and take about equally long.
// Use package limit instead where the right number is known and stays as it is, and
// package breaker in front of what you call. What arrives in a fixed number of
// goroutines, such as a consumer that polls a queue, cannot be overloaded and needs no
// shedder. Streams and other calls that last for minutes do not belong behind one.
//
// A service with a few requests a second cannot be measured within seconds: after a
// change the limit needs some 20 calls to follow.
package load
