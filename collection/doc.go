// Package collection holds the containers that the rest of the toolkit stands
// on, each usable alone.
//
// [RollingWindow] sums up the values of the last while:
//
//	w := collection.NewRollingWindow[time.Duration](10, time.Second)
//	w.Add(latency)
//	last := w.Total() // of the last ten seconds
//
// Use it to decide on what happened recently: refuse, shed, choose a backend.
// Do not use it to keep every value, or for percentiles: a bucket holds a sum,
// a count and the two extremes, nothing else.
//
// [Queue] is a channel that grows: it gives memory back, its Put and Take end with
// a context, and closing it drains it. [Ring] keeps the last n values, to show or
// to dump. [Set] is a map with the algebra of sets; it alone is, like a map, not
// for several goroutines at once unless all only read. Do not take a Queue where a
// buffered channel does, nor a Ring for statistics: that is RollingWindow.
//
// [TimingWheel] calls a function for each key when its delay has passed, and
// [Timers] are [time.AfterFunc] for a million timers at a time: both never early,
// at most one tick late, without a goroutine while nothing is due. For a few
// timers, or to the microsecond, package time does better.
//
// The standard library has counters that only grow (package expvar) and nothing
// that forgets. Where it does have a container, it is not repeated here: for a
// map shared by goroutines take [sync.Map].
package collection
