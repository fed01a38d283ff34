package collection_test

import (
	"fmt"
	"slices"

	"github.com/weirgo/weir/collection"
)

func ExampleSet() {
	wanted := collection.NewSet("a", "b", "c")
	var running collection.Set[string] // the zero Set is empty
	running.Add("b", "d")

	fmt.Println("start", slices.Sorted(wanted.Difference(running).All()))
	fmt.Println("stop", slices.Sorted(running.Difference(wanted).All()))
	fmt.Println("keep", slices.Sorted(running.Intersect(wanted).All()))
	// Output:
	// start [a c]
	// stop [d]
	// keep [b]
}
