// Package verify has no code, only tests: that the concurrent parts of Weir are
// linearizable. Several goroutines do random things to one object at a time; then
// porcupine looks for an order of their calls that agrees with the clock and with
// a sequential model of the object, a few lines long. If there is none, the test
// prints the history and its seed.
//
//	go test ./verify                                # a few seconds
//	WEIR_VERIFY=long go test -timeout 1h ./verify   # a hundred times as many histories
//	WEIR_VERIFY_SEED=42 go test ./verify            # begin with that seed
//
// A seed settles who calls what, in which order, with which patience. The schedule
// is up to the runtime: a rare failure may take many runs to come back.
//
// What never returns is no part of any order. So a history also fails if a call
// is still waiting after a minute, long after whatever it could wait for.
//
// See Herlihy and Wing, "Linearizability: A Correctness Condition for Concurrent
// Objects", 1990, and https://github.com/anishathalye/porcupine.
package verify
