package hash_test

import (
	"fmt"
	"maps"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/hash"
)

func ExampleRing() {
	ring := hash.NewRing(hash.RingOptions[string]{})
	_ = ring.SetNodes(maps.All(map[string]int{
		"cache-1:6379": 100,
		"cache-2:6379": 100,
		"cache-3:6379": 200, // twice the memory, twice the keys
	}))

	before, _ := ring.Get("user:42")
	fmt.Println(before)

	_ = ring.Add("cache-4:6379", 100)
	after, _ := ring.Get("user:42")
	fmt.Println(after)
	// Output:
	// cache-3:6379
	// cache-3:6379
}

func ExampleRing_GetN() {
	ring := hash.NewRing(hash.RingOptions[string]{})
	for i := range 5 {
		_ = ring.Add(fmt.Sprint("shard-", i), 1)
	}
	// One to write to and two for copies.
	fmt.Println(ring.GetN("user:42", 3))
	// Output: [shard-2 shard-0 shard-1]
}

func ExampleRing_Acquire() {
	ring := hash.NewRing(hash.RingOptions[string]{Load: 1.25})
	for i := range 4 {
		_ = ring.Add(fmt.Sprint("backend-", i), 1)
	}
	for range 8 { // all about one popular key
		_, permit, _ := ring.Acquire("video:1")
		defer permit.Done(weir.Success)
	}
	for node, inFlight := range ring.Loads() {
		fmt.Println(node, inFlight)
	}
	// Output:
	// backend-0 3
	// backend-1 2
	// backend-2 0
	// backend-3 3
}

func ExampleRingOptions() {
	type server struct {
		address string
		rack    int
	}
	ring := hash.NewRing(hash.RingOptions[server]{
		Name: func(s server) string { return s.address },
	})
	_ = ring.Add(server{"10.0.0.1:80", 7}, 1)
	node, ok := ring.Get("user:42")
	fmt.Println(node.rack, ok)
	// Output: 7 true
}

func ExampleRingStats() {
	ring := hash.NewRing(hash.RingOptions[string]{})
	_ = ring.Add("a", 10)
	_ = ring.Add("b", 30)
	st := ring.Stats()
	fmt.Println(st.Nodes, "nodes of weight", st.Weight, "share", st.Slots, "slots")
	// Output: 2 nodes of weight 40 share 262144 slots
}
