package weir_test

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/weirgo/weir"
)

func ExampleDo() {
	ctx := context.Background()
	door := newDoor(1)
	err := weir.Do(ctx, door, func(ctx context.Context) error {
		inner := weir.Do(ctx, door, func(context.Context) error { return nil })
		fmt.Println("while one is inside:", inner)
		return nil
	})
	fmt.Println("the one inside:", err)
	// Output:
	// while one is inside: door: full
	// the one inside: <nil>
}

func ExampleCall() {
	n, err := weir.Call(context.Background(), newDoor(1), func(context.Context) (int, error) {
		return 42, nil
	})
	fmt.Println(n, err)
	// Output: 42 <nil>
}

func ExampleJoin() {
	perHost, total := newDoor(10), newDoor(1)
	both := weir.Join(total, perHost)

	permit, _ := both.Allow(context.Background())
	_, err := both.Allow(context.Background())
	fmt.Println(err, total.inside.Load(), perHost.inside.Load())

	permit.Done(weir.Success)
	fmt.Println(total.inside.Load(), perHost.inside.Load())
	// Output:
	// door: full 1 1
	// 0 0
}

func ExampleClassify() {
	fmt.Println(weir.Classify(nil))
	fmt.Println(weir.Classify(io.ErrUnexpectedEOF))
	fmt.Println(weir.Classify(context.DeadlineExceeded))
	fmt.Println(weir.Classify(fmt.Errorf("query: %w", context.Canceled)))
	fmt.Println(weir.Classify(weir.ErrRejected))
	// Output:
	// success
	// failure
	// failure
	// ignored
	// ignored
}

func ExampleOutcome() {
	permit := weir.PermitFunc(func(o weir.Outcome) { fmt.Println("settled as", o) })
	permit.Done(weir.Overloaded)
	// Output: settled as overloaded
}

func ExamplePermit() {
	permit, err := newDoor(1).Allow(context.Background())
	if err != nil {
		return
	}
	copied := permit
	done := make(chan struct{})
	go func() { // a permit may be settled on any goroutine
		defer close(done)
		copied.Done(weir.Success)
	}()
	<-done
	permit.Done(weir.Failure) // too late: the permit is settled
	var none weir.Permit
	none.Done(weir.Success) // the zero Permit does nothing
	fmt.Println("settled once")
	// Output: settled once
}

func ExampleNewRejection() {
	errFull := weir.NewRejection("queue: full") // once, at package level
	err := fmt.Errorf("enqueue: %w", errFull)
	fmt.Println(err, errors.Is(err, errFull), errors.Is(err, weir.ErrRejected))
	// Output: enqueue: queue: full true true
}

func ExampleCriticality() {
	class, err := weir.ParseCriticality("sheddable-plus")
	fmt.Println(class, err, class < weir.Critical)
	// Output: sheddable-plus <nil> true
}

func ExampleWithCriticality() {
	ctx := context.Background()
	fmt.Println(weir.CriticalityFrom(ctx))

	ctx = weir.WithCriticality(ctx, weir.CriticalPlus)
	ctx = weir.WithCriticality(ctx, weir.Sheddable) // never lowered on the way down
	fmt.Println(weir.CriticalityFrom(ctx))
	// Output:
	// critical
	// critical-plus
}
