package collection_test

import (
	"fmt"
	"time"

	"github.com/weirgo/weir/collection"
)

func ExampleRollingWindow() {
	// The latencies of the last ten seconds.
	w := collection.NewRollingWindow[time.Duration](10, time.Second)
	w.Add(30 * time.Millisecond)
	w.Add(10 * time.Millisecond)
	w.Add(20 * time.Millisecond)

	last := w.Total()
	fmt.Println("calls:", last.Count)
	fmt.Println("mean:", last.Sum/time.Duration(last.Count))
	fmt.Println("from", last.Min, "to", last.Max)
	// Output:
	// calls: 3
	// mean: 20ms
	// from 10ms to 30ms
}

func ExampleRollingWindow_Buckets() {
	w := collection.NewRollingWindow[int](3, time.Hour)
	w.Add(2)
	w.Add(3)

	for b := range w.Buckets() {
		fmt.Println(b.Count, b.Sum)
	}
	// Output:
	// 0 0
	// 0 0
	// 2 5
}

func ExampleBucket() {
	w := collection.NewRollingWindow[float64](3, time.Hour)
	w.Add(1.5)
	w.Add(-0.5)
	fmt.Printf("%+v\n", w.Total())
	// Output:
	// {Sum:1 Count:2 Min:-0.5 Max:1.5}
}

func ExampleWindowView() {
	// The busiest second of the last minute. The current one is left out: it is
	// not over, so it would look calm.
	w := collection.NewRollingWindow[int](60, time.Second)
	busiest := int64(0)
	for b := range w.IgnoreCurrent().Buckets() {
		busiest = max(busiest, b.Count)
	}
	fmt.Println(busiest)
	// Output:
	// 0
}

// Every integer and float is a Number, and so is a type made of one.
func ExampleNumber() {
	type bytes uint32
	w := collection.NewRollingWindow[bytes](10, time.Second)
	w.Add(1500)
	w.Add(40)
	fmt.Println(w.Total().Max)
	// Output: 1500
}
