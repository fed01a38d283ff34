package bloom_test

import (
	"fmt"

	"github.com/weirgo/weir/bloom"
)

// Most asked for names do not exist: the filter spares the database those.
func ExampleFilter() {
	names := bloom.New(1_000_000, 0.01)
	names.AddString("alice")
	names.AddString("bob")

	for _, name := range []string{"alice", "mallory"} {
		if !names.TestString(name) {
			fmt.Println(name, "does not exist")
			continue
		}
		fmt.Println(name, "probably exists: ask the database")
	}
	fmt.Printf("%.1f bits per key\n", float64(names.Bits())/float64(names.Capacity()))
	// Output:
	// alice probably exists: ask the database
	// mallory does not exist
	// 10.3 bits per key
}

// Events that arrive twice are handled once.
func ExampleFilter_TestAndAdd() {
	seen := bloom.New(10_000, 0.001)
	for _, event := range []string{"order 1", "order 2", "order 1"} {
		if seen.TestAndAdd([]byte(event)) {
			fmt.Println("again:", event)
		}
	}
	// Output: again: order 1
}

// Each worker has a filter of its own; in the end there is one.
func ExampleFilter_Merge() {
	total := bloom.New(1000, 0.01)
	for _, worker := range []string{"a", "b"} {
		own := bloom.New(1000, 0.01)
		own.AddString("from worker " + worker)

		data, err := own.MarshalBinary() // over the network
		if err != nil {
			panic(err)
		}
		var received bloom.Filter
		if err := received.UnmarshalBinary(data); err != nil {
			panic(err)
		}
		if err := total.Merge(&received); err != nil {
			panic(err)
		}
	}
	fmt.Println(total.TestString("from worker a"), total.TestString("from worker b"))
	fmt.Println("about", total.EstimatedCount(), "keys")
	// Output:
	// true true
	// about 2 keys
}

// The bits may be kept anywhere, here in a map.
func ExampleLayout() {
	layout := bloom.NewLayout(1000, 0.01)
	bits := map[uint64]bool{}
	for _, bit := range layout.AppendBits(nil, []byte("alice")) {
		bits[bit] = true
	}
	added := true
	for _, bit := range layout.AppendBits(nil, []byte("bob")) {
		added = added && bits[bit]
	}
	fmt.Println("bob was added:", added)
	fmt.Println(layout.Bits(), "bits, of which a key has", layout.PerKey())
	// Output:
	// bob was added: false
	// 10752 bits, of which a key has 6
}
