// Package structures compares data structures: timers, Bloom filters, consistent
// hashing and caches. Rolling windows are in the suite window.
//
// Each kind of structure has a package of its own below, which says what its
// contenders do and how it finds out who does not.
package structures

import (
	"slices"

	"github.com/weirgo/weir/bench/internal/structures/caches"
	"github.com/weirgo/weir/bench/internal/structures/filters"
	"github.com/weirgo/weir/bench/internal/structures/rings"
	"github.com/weirgo/weir/bench/internal/structures/timers"
	"github.com/weirgo/weir/bench/internal/suite"
)

// Suite returns the suite. Nothing is made before a line is measured.
func Suite() suite.Suite {
	return suite.Suite{
		Name:  "structures",
		About: "timers, Bloom filters, consistent hashing, caches",
		Lines: slices.Concat(
			timers.Lines(timers.Full),
			filters.Lines(filters.Full),
			rings.Lines(rings.Full),
			caches.Lines(caches.Full),
		),
	}
}
