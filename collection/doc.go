// Package collection holds the containers that the rest of the toolkit stands
// on, each safe for concurrent use and each usable alone. Today that is one:
// [RollingWindow], which sums up the values of the last while.
//
//	w := collection.NewRollingWindow[time.Duration](10, time.Second)
//	w.Add(latency)
//	last := w.Total() // of the last ten seconds
//
// Use it to decide on what happened recently: refuse, shed, choose a backend.
// Do not use it to keep every value, or for percentiles: a bucket holds a sum,
// a count and the two extremes, nothing else.
//
// The standard library has counters that only grow (package expvar) and nothing
// that forgets. Where it does have a container, it is not repeated here: for a
// map shared by goroutines take [sync.Map].
package collection
