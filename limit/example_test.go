package limit_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

func ExampleConcurrency() {
	ctx := context.Background()
	connections := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1})
	query := func(context.Context) error { return nil }

	err := weir.Do(ctx, connections, func(ctx context.Context) error {
		fmt.Println("in flight:", connections.Stats().InFlight)
		return weir.Do(ctx, connections, query) // a second call at the same time
	})
	fmt.Println(err, "/ refused:", errors.Is(err, weir.ErrRejected))

	fmt.Println("afterwards:", weir.Do(ctx, connections, query))
	// Output:
	// in flight: 1
	// limit: too many calls in flight / refused: true
	// afterwards: <nil>
}

func ExampleNewConcurrency() {
	ctx := context.Background()
	l := limit.NewConcurrency(limit.ConcurrencyOptions{
		Max:      1,
		MaxQueue: 1,
		MaxWait:  time.Millisecond,
	})
	permit, _ := l.Allow(ctx)
	_, err := l.Allow(ctx) // queues, in vain
	fmt.Println(err)

	permit.Done(weir.Success)
	_, err = l.Allow(ctx)
	fmt.Println(err)
	// Output:
	// limit: waited too long for a call in flight to end
	// <nil>
}

func ExampleConcurrencyOptions() {
	options := limit.ConcurrencyOptions{MaxQueue: 10} // as if read from a file
	if err := options.Validate(); err != nil {
		fmt.Println(err)
	}
	// Output: limit: ConcurrencyOptions.Max must be 1 to 1048576
}

func ExampleConcurrencyStats() {
	ctx := context.Background()
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 2})
	for range 3 {
		_, _ = l.Allow(ctx)
	}
	st := l.Stats()
	fmt.Printf("%d of %d in flight, %d refused\n", st.InFlight, st.Max, st.Refused)
	// Output: 2 of 2 in flight, 1 refused
}
