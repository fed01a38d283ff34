package fx_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirgo/weir/fx"
)

func ExampleRetry() {
	tries := 0
	err := fx.Retry(context.Background(), func(context.Context) error {
		if tries++; tries < 3 {
			return errors.New("connection reset")
		}
		return nil
	}, fx.RetryOptions{Backoff: fx.Backoff{Base: time.Millisecond}})
	fmt.Println(tries, err)
	// Output: 3 <nil>
}

func ExampleRetryOptions() {
	errNotFound := errors.New("not found")
	err := fx.Retry(context.Background(), func(context.Context) error { return errNotFound }, fx.RetryOptions{
		Attempts:   5,
		TryTimeout: time.Second,
		RetryIf:    func(err error) bool { return !errors.Is(err, errNotFound) },
	})
	fmt.Println(err)
	// Output: not found
}

func ExampleRetryEvent() {
	_ = fx.Retry(context.Background(), func(context.Context) error { return errors.New("connection reset") }, fx.RetryOptions{
		Backoff: fx.Backoff{Base: time.Millisecond, Jitter: fx.NoJitter},
		OnRetry: func(e fx.RetryEvent) { fmt.Println("try", e.Try, "failed:", e.Err, "- next in", e.Pause) },
	})
	// Output:
	// try 1 failed: connection reset - next in 1ms
	// try 2 failed: connection reset - next in 2ms
}

func ExamplePermanent() {
	tries := 0
	err := fx.Retry(context.Background(), func(context.Context) error {
		tries++
		return fx.Permanent(errors.New("no such account"))
	}, fx.RetryOptions{})
	fmt.Println(tries, err)
	// Output: 1 no such account
}

func ExampleRetryBudget() {
	// One for all calls to a service: retries add at most 10 % to its load.
	budget := fx.NewRetryBudget(fx.RetryBudgetOptions{Name: "payments", Burst: 5, PerSecond: -1})
	asked := 0
	for range 1000 {
		_ = fx.Retry(context.Background(), func(context.Context) error {
			asked++
			return errors.New("down")
		}, fx.RetryOptions{Budget: budget, Backoff: fx.Backoff{Base: -1}})
	}
	fmt.Println(asked)
	// Output: 1104
}

func ExampleRetryBudgetOptions() {
	budget := fx.NewRetryBudget(fx.RetryBudgetOptions{Burst: 2, PerSecond: -1})
	fmt.Println(budget.TryWithdraw(), budget.TryWithdraw(), budget.TryWithdraw())
	// Output: true true false
}

func ExampleRetryBudgetStats() {
	budget := fx.NewRetryBudget(fx.RetryBudgetOptions{Burst: 2, PerSecond: -1})
	budget.TryWithdraw()
	fmt.Printf("%+v\n", budget.Stats())
	// Output: {Tokens:1 Granted:1 Refused:0}
}

func ExampleBackoff() {
	b := fx.Backoff{Base: 100 * time.Millisecond, Max: time.Second, Jitter: fx.NoJitter}
	for n := 1; n <= 5; n++ {
		fmt.Print(b.Pause(n, 0), " ")
	}
	// Output: 100ms 200ms 400ms 800ms 1s
}

func ExampleJitter() {
	fmt.Println(fx.FullJitter, fx.DecorrelatedJitter, fx.NoJitter)
	// Output: full decorrelated none
}

func ExampleTimeout() {
	release := make(chan struct{})
	err := fx.Timeout(context.Background(), time.Millisecond, func(context.Context) error {
		<-release // whatever the context says
		return nil
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, context.DeadlineExceeded), errors.Is(err, fx.ErrStillRunning))
	close(release)
	// Output:
	// fx: still running: context deadline exceeded
	// true true
}

func ExampleHedgeOptions() {
	replicas := make(chan string, 2)
	replicas <- "stuck"
	replicas <- "fine"
	answer, err := fx.Hedge(context.Background(), fx.HedgeOptions{Delay: time.Millisecond},
		func(ctx context.Context) (string, error) {
			name := <-replicas
			if name == "stuck" {
				<-ctx.Done()
				return "", ctx.Err()
			}
			return name, nil
		})
	fmt.Println(answer, err)
	// Output: fine <nil>
}

func ExampleLatencies() {
	var latencies fx.Latencies // shared by all calls of one kind
	for i := range 100 {
		latencies.Observe(time.Duration(i) * time.Millisecond)
	}
	p95, known := latencies.Quantile(0.95)
	fmt.Println(p95.Round(time.Millisecond), known)
	// Output: 101ms true
}

func ExampleParallel() {
	var name string
	var orders int
	err := fx.Parallel(context.Background(),
		func(context.Context) error { name = "Ada"; return nil },
		func(context.Context) error { orders = 3; return nil },
	)
	fmt.Println(name, orders, err)
	// Output: Ada 3 <nil>
}
