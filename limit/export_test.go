package limit

import (
	"unsafe"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/stripe"
)

// SlotSize is what a permit costs in memory, in bytes.
const SlotSize = unsafe.Sizeof(slot{})

// Search is one search for a free permit. Allow searches more than once before
// it refuses, and would hide it if a search failed to find what is there.
func (l *Concurrency) Search() (weir.Permit, bool) { return l.slots.take(stripe.Hint()) }
