package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

func Example() {
	b := breaker.New(breaker.Options{Name: "payments"})
	charge := func(context.Context) error { return errors.New("card declined by a broken gateway") }

	err := b.Do(context.Background(), charge)
	fmt.Println(err, "| refused:", errors.Is(err, weir.ErrRejected))

	b.Force(breaker.ForcedOpen) // maintenance
	err = b.Do(context.Background(), charge)
	fmt.Println(err, "| refused:", errors.Is(err, weir.ErrRejected))
	// Output:
	// card declined by a broken gateway | refused: false
	// breaker: open | refused: true
}

func ExampleBreaker() {
	b := breaker.New(breaker.Options{})
	permit, err := b.Allow(context.Background())
	if err != nil {
		return // refused
	}
	permit.Done(weir.Success)
	fmt.Println(b.State(), b.Stats().Accepted)
	// Output: closed 1
}

func ExampleBreaker_Do() {
	b := breaker.New(breaker.Options{})
	err := b.Do(context.Background(), func(context.Context) error {
		return errors.New("no route to host")
	})
	fmt.Println(err)
	// Output: no route to host
}

func ExampleBreaker_DoFallback() {
	b := breaker.New(breaker.Options{})
	b.Force(breaker.Open)
	price := 0
	err := b.DoFallback(context.Background(),
		func(context.Context) error { price = 42; return nil },
		func(refused error) error { price = 40; return nil }) // the price of yesterday
	fmt.Println(price, err)
	// Output: 40 <nil>
}

func ExampleBreaker_Force() {
	b := breaker.New(breaker.Options{})
	for _, s := range []breaker.State{breaker.ForcedOpen, breaker.DryRun, breaker.Closed} {
		b.Force(s)
		fmt.Println(b.State())
	}
	// Output:
	// forced-open
	// dry-run
	// closed
}

func ExampleOptions() {
	errNotFound := errors.New("not found")
	o := breaker.Options{
		Name:     "catalogue",
		SlowCall: 2 * time.Second,
		Classify: func(err error) weir.Outcome {
			if errors.Is(err, errNotFound) {
				return weir.Success // the dependency works
			}
			return weir.Classify(err)
		},
	}
	b := breaker.New(o)
	_ = b.Do(context.Background(), func(context.Context) error { return errNotFound })
	fmt.Println(b.Stats().Accepted, b.Stats().Failed)

	o.K = 0.5
	fmt.Println(o.Validate())
	// Output:
	// 1 0
	// breaker: Options.K and MinK must be at least 1, and K at least MinK
}

func ExampleState() {
	fmt.Println(breaker.Closed, breaker.Throttling, breaker.Open)
	// Output: closed throttling open
}

func ExampleStateChange() {
	b := breaker.New(breaker.Options{
		Name: "db",
		OnStateChange: func(c breaker.StateChange) {
			fmt.Println(c.Name, "was", c.From, "and is", c.To)
		},
	})
	b.Force(breaker.Open)
	b.Force(breaker.Closed)
	// Output:
	// db was closed and is open
	// db was open and is closed
}

func ExampleStats() {
	b := breaker.New(breaker.Options{})
	for _, err := range []error{nil, nil, errors.New("down"), context.Canceled} {
		_ = b.Do(context.Background(), func(context.Context) error { return err })
	}
	st := b.Stats()
	fmt.Println(st.State, st.Accepted, st.Failed, st.Ignored, st.Refused)
	// Output: closed 2 1 1 0
}

func ExampleReason() {
	b := breaker.New(breaker.Options{})
	for _, text := range []string{"reset by peer", "no such host", "reset by peer"} {
		_ = b.Do(context.Background(), func(context.Context) error { return errors.New(text) })
	}
	for _, r := range b.Stats().Reasons {
		fmt.Println(r.Count, r.Text)
	}
	// Output:
	// 2 reset by peer
	// 1 no such host
}

func ExampleGroup() {
	hosts := breaker.NewGroup[string](breaker.GroupOptions{})
	hosts.Get("a.example").Force(breaker.ForcedOpen)
	for _, host := range []string{"a.example", "b.example"} {
		fmt.Println(host, hosts.Get(host).State())
	}
	// Output:
	// a.example forced-open
	// b.example closed
}

func ExampleGroupOptions() {
	hosts := breaker.NewGroup[string](breaker.GroupOptions{
		Options:   breaker.Options{Name: "hosts", ProbeInterval: 5 * time.Second},
		MaxKeys:   2,
		IdleAfter: time.Minute,
	})
	for _, host := range []string{"a", "b", "c"} {
		fmt.Println(hosts.Get(host).Name())
	}
	// Output:
	// hosts/a
	// hosts/b
	// hosts/(overflow)
}
