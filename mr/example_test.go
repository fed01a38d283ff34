package mr_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/mr"
)

// Words are counted in all texts at the same time.
func ExampleMapReduce() {
	texts := []string{"the weir holds", "the water", "and the river"}
	words, err := mr.MapReduce(context.Background(), slices.Values(texts),
		func(_ context.Context, text string, yield func(string)) error {
			for word := range strings.FieldsSeq(text) {
				yield(word)
			}
			return nil
		},
		func(_ context.Context, words iter.Seq[string]) (map[string]int, error) {
			counts := map[string]int{}
			for word := range words {
				counts[word]++
			}
			return counts, nil
		}, mr.Options{})
	fmt.Println(words["the"], len(words), err)
	// Output: 3 6 <nil>
}

// The first mirror that answers ends the others.
func ExampleMapReduce_first() {
	mirrors := []string{"slow.example", "fast.example", "slower.example"}
	answer, err := mr.MapReduce(context.Background(), slices.Values(mirrors),
		func(ctx context.Context, host string, yield func(string)) error {
			if strings.HasPrefix(host, "slow") {
				<-ctx.Done()
				return ctx.Err()
			}
			yield(host)
			return nil
		},
		func(_ context.Context, answers iter.Seq[string]) (string, error) {
			for answer := range answers {
				return answer, nil
			}
			return "", errors.New("no mirror answers")
		}, mr.Options{})
	fmt.Println(answer, err)
	// Output: fast.example <nil>
}

func ExampleForEach() {
	users := maps.Keys(map[string]bool{"ann": true, "bob": true})
	err := mr.ForEach(context.Background(), users, func(_ context.Context, user string) error {
		if user == "bob" {
			return fmt.Errorf("mail to %s: mailbox is full", user)
		}
		return nil
	}, mr.Options{Workers: 4})
	fmt.Println(err)
	// Output: mail to bob: mailbox is full
}

func ExampleMap() {
	numbers := func(yield func(int) bool) {
		for i := 1; i <= 5 && yield(i); i++ {
		}
	}
	squares, err := mr.Map(context.Background(), numbers, func(_ context.Context, i int) (int, error) {
		return i * i, nil
	}, mr.Options{})
	fmt.Println(squares, err)
	// Output: [1 4 9 16 25] <nil>
}

func ExampleMapSlice() {
	lengths, err := mr.MapSlice(context.Background(), []string{"weir", "lock", "sluice"},
		func(_ context.Context, word string) (int, error) { return len(word), nil }, mr.Options{})
	fmt.Println(lengths, err)
	// Output: [4 4 6] <nil>
}

// All is tried, and all that fails is told.
func ExampleOptions() {
	err := mr.ForEachSlice(context.Background(), []int{1, 2, 3, 4}, func(_ context.Context, shard int) error {
		if shard%2 == 0 {
			return fmt.Errorf("shard %d is read-only", shard)
		}
		return nil
	}, mr.Options{Workers: 2, CollectErrors: true})
	fmt.Println(err)
	// Output:
	// shard 2 is read-only
	// shard 4 is read-only
}

func ExampleFinish() {
	var name string
	var orders int
	err := mr.Finish(context.Background(),
		func(context.Context) error { name = "Ann"; return nil },
		func(context.Context) error { orders = 3; return nil },
	)
	fmt.Println(name, orders, err)
	// Output: Ann 3 <nil>
}

// A panic of any of the functions is raised where Finish was called.
func ExampleFinishVoid() {
	defer func() {
		p := recover().(*weir.Panic)
		fmt.Println("caught:", p.Value)
	}()
	mr.FinishVoid(
		func() { time.Sleep(time.Millisecond) },
		func() { panic("cache is gone") },
	)
	// Output: caught: cache is gone
}

// What is received is handled by a few workers, until the channel is closed.
func ExampleFromChan() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // ends the source, should ForEach end early
	jobs := make(chan int, 3)
	jobs <- 1
	jobs <- 2
	close(jobs)
	err := mr.ForEach(ctx, mr.FromChan(ctx, jobs), func(_ context.Context, job int) error {
		if job == 2 {
			fmt.Println("job", job)
		}
		return nil
	}, mr.Options{Workers: 3})
	fmt.Println(err)
	// Output:
	// job 2
	// <nil>
}

func ExampleFoldSlice() {
	words := []string{"a", "weir", "is", "a", "low", "dam"}
	letters, err := mr.FoldSlice(context.Background(), words,
		func(_ context.Context, so int, word string) (int, error) { return so + len(word), nil },
		func(a, b int) int { return a + b },
		mr.Options{})
	fmt.Println(letters, err)
	// Output: 14 <nil>
}
