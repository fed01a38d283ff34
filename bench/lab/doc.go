// Package lab is a laboratory in virtual time. It puts the adaptive shedder, and the
// real code of its peers, in front of the same simulated service under the same
// requests, and holds the shedder to lines that it must not fall below.
//
//	GOWORK=off go -C bench test ./lab
//	GOWORK=off go -C bench test ./lab -v -run TestTheShedder/200_x_10_ms
//	GOWORK=off go -C bench test ./lab -args -seed 1000
//	GOWORK=off go -C bench test ./lab -run TestReport -timeout 1h -args -report DIR
//
// The first asserts the lines. The second shows the figures of some of them. The third
// asserts them with other random numbers, on which nothing can have been tuned. The
// last one runs the peers as well, and writes tables and charts to DIR; it takes ten
// minutes.
//
// A run is one goroutine in a synctest bubble. It sleeps until the next event of
// package simulate and then asks the guard, so that whatever reads a clock reads the
// virtual one, and an event costs about a microsecond. Nothing is tuned: whoever is
// measured has its default options everywhere.
//
// What a guard reaches is compared with an oracle: the best of all fixed limits on
// the requests in flight, found with hindsight for that very scenario, those very
// requests and that very span of time. Goodput is what was answered within its
// deadline, by the time of arrival.
package lab
