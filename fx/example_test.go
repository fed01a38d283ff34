package fx_test

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/weirgo/weir/fx"
)

func ExampleStream() {
	primes := fx.From(func(yield func(int) bool) { // without an end
		for n := 2; ; n++ {
			divides := func(d int) bool { return n%d == 0 }
			if fx.Just(2, 3, 5, 7).NoneMatch(func(d int) bool { return d < n && divides(d) }) && !yield(n) {
				return
			}
		}
	})
	for n := range primes.Skip(2).Head(4).Reverse() {
		fmt.Print(n, " ")
	}
	// Output: 13 11 7 5
}

func ExampleStream_Walk() {
	lines := fx.Just("to be", "", "or not to be")
	words := lines.Walk(func(line string, emit func(string) bool) {
		for word := range strings.FieldsSeq(line) {
			if !emit(word) {
				return
			}
		}
	})
	fmt.Println(fx.Distinct(words).Collect())
	// Output: [to be or not]
}

func ExampleMap() {
	lengths := fx.Map(fx.Just("to", "be", "or", "not"), func(s string) int { return len(s) })
	fmt.Println(lengths.Max(cmp.Compare[int]))
	// Output: 3 true
}

func ExampleFlatMap() {
	pages := func(n int) iter.Seq[string] {
		return fx.Map(fx.Just("a", "b"), func(s string) string { return fmt.Sprint(n, s) }).Seq()
	}
	fmt.Println(fx.FlatMap(fx.Just(1, 2), pages).Collect())
	// Output: [1a 1b 2a 2b]
}

func ExampleGrouped() {
	byLength := fx.Group(fx.Just("to", "be", "not", "or"), func(s string) int { return len(s) })
	for g := range byLength {
		fmt.Println(g.Key, g.Items)
	}
	// Output:
	// 2 [to be or]
	// 3 [not]
}

func ExampleChunkWeight() {
	length := func(s string) int { return len(s) }
	for batch := range fx.ChunkWeight(fx.Just("to", "be", "or", "not", "to", "be"), 5, length) {
		fmt.Println(batch)
	}
	// Output:
	// [to be]
	// [or not]
	// [to be]
}

func ExampleChunkTime() {
	events := make(chan int, 5)
	for i := range 5 {
		events <- i
	}
	close(events)
	for batch := range fx.ChunkTime(context.Background(), events, 3, time.Second) {
		fmt.Println(batch)
	}
	// Output:
	// [0 1 2]
	// [3 4]
}

func ExampleParallelMap() {
	lengthOf := func(_ context.Context, url string) (int, error) {
		if url == "c" {
			return 0, fmt.Errorf("%s: not found", url)
		}
		return 100 * int(url[0]), nil
	}
	urls := fx.Just("a", "b", "c", "d")
	for n, err := range fx.ParallelMap(context.Background(), urls, fx.ParallelOptions{Workers: 2}, lengthOf) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(n)
	}
	// Output:
	// 9700
	// 9800
	// c: not found
}

func ExampleParallelOptions() {
	ids := fx.Just(1, 2, 3, 4)
	found := fx.ParallelFilter(context.Background(), ids, fx.ParallelOptions{Workers: 4},
		func(_ context.Context, id int) (bool, error) { return id > 2, nil })
	for id := range found {
		fmt.Println(id)
	}
	// Output:
	// 3
	// 4
}

func ExampleParallelForEach() {
	err := fx.ParallelForEach(context.Background(), fx.Just("a", "b"), fx.ParallelOptions{},
		func(_ context.Context, file string) error { return fmt.Errorf("cannot open a file") })
	fmt.Println(err)
	// Output: cannot open a file
}
