// Package suite measures contenders that do the same work side by side, and
// holds one of them against targets that speak of the others.
//
// A [Suite] is a list of [Line] values; each line is one kind of work, the
// contenders that can do it, and the targets. [Run] measures a line in rounds.
// Every round measures each contender once, in an order that rotates from round
// to round, so that no contender always runs after the same other one. A target
// is judged on the median over the rounds of what it compares within one round:
// a machine that slows down for a second slows both sides of a pair.
//
// Absolute figures of two runs, let alone of two machines, cannot be compared.
// Ratios can, roughly: that is why nearly all targets are ratios.
//
// The package has a loop of its own instead of testing.Benchmark because a round
// has to be cut into measurements of equal length, because a measurement must say
// whether the work it timed was the work it was asked to do, and because it has to
// be of use on a machine that does other things as well (see [Timed]).
package suite
