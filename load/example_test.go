package load_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

func ExampleShedder() {
	shedder := load.New(load.Options{Name: "api"})
	err := weir.Do(context.Background(), shedder, func(context.Context) error {
		return nil // the work
	})
	fmt.Println(err, shedder.Stats().Succeeded)
	// Output: <nil> 1
}

func ExampleOptions() {
	backlog := func() time.Duration { return 3 * time.Millisecond }
	shedder := load.New(load.Options{
		MaxQueue: 100, // rather wait a little than be refused
		Signals: []load.Signal{
			load.RunQueue(10 * time.Millisecond),
			load.Delay("mailer", time.Second, backlog),
		},
	})
	fmt.Println(shedder.Stats().Waiting)
	// Output: 0
}

func ExampleRefusal() {
	shedder := load.New(load.Options{InitialLimit: 1})
	ctx := weir.WithCriticality(context.Background(), weir.Sheddable)
	permit, _ := shedder.Allow(ctx)
	defer permit.Done(weir.Success)

	_, err := shedder.Allow(ctx)
	var refusal *load.Refusal
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Reason, refusal.Class)
	}
	fmt.Println(err, errors.Is(err, weir.ErrRejected))
	// Output:
	// limit sheddable
	// load: overloaded (limit, sheddable) true
}

func ExampleReason() {
	fmt.Println(load.ReasonDeadline)
	// Output: deadline
}

func ExampleStats() {
	shedder := load.New(load.Options{InitialLimit: 2})
	permit, _ := shedder.Allow(context.Background())
	st := shedder.Stats()
	fmt.Println(st.InFlight, "of", st.Limit)
	permit.Done(weir.Success)
	fmt.Println(shedder.Stats().InFlight)
	// Output:
	// 1 of 2
	// 0
}

func ExampleRefusalCount() {
	shedder := load.New(load.Options{InitialLimit: 1})
	permit, _ := shedder.Allow(context.Background())
	defer permit.Done(weir.Success)
	for range 3 {
		_, _ = shedder.Allow(context.Background())
	}
	for _, r := range shedder.Stats().Refusals {
		fmt.Println(r.Count, "calls of class", r.Class, "for the", r.Reason)
	}
	// Output: 3 calls of class critical for the limit
}

func ExampleSignalStats() {
	full := load.Signal{Name: "disk", Read: func() (float64, error) { return 1.5, nil }}
	shedder := load.New(load.Options{CPUThreshold: -1, Signals: []load.Signal{full}})
	permit, _ := shedder.Allow(context.Background()) // reads the signals, for it is the first call
	permit.Done(weir.Success)
	for _, s := range shedder.Stats().Signals {
		fmt.Printf("%s is at %.1f: refuse %.0f %% up to %s\n", s.Name, s.Level, 100*s.Squeeze, s.Sheds)
	}
	// Output: disk is at 1.5: refuse 25 % up to sheddable-plus
}
