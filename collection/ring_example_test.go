package collection_test

import (
	"fmt"

	"github.com/weirgo/weir/collection"
)

func ExampleRing() {
	recent := collection.NewRing[string](3)
	for _, call := range []string{"login", "search", "buy", "logout"} {
		recent.Add(call)
	}
	for call := range recent.All() {
		fmt.Println(call)
	}
	// Output:
	// search
	// buy
	// logout
}
