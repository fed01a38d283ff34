package collection_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/collection"
)

// Sessions end when nothing has been heard of them for a while.
func ExampleTimingWheel() {
	ended := make(chan string)
	sessions := collection.NewTimingWheel(collection.WheelOptions[int, string]{
		OnFire: func(id int, user string) { ended <- user },
	})
	defer sessions.Close(context.Background())

	_ = sessions.Set(1, "ann", 20*time.Millisecond)
	_ = sessions.Set(2, "bob", 10*time.Millisecond)
	_ = sessions.Set(3, "cat", 10*time.Millisecond)
	sessions.Move(2, time.Hour) // a sign of life
	sessions.Remove(3)          // logged out

	fmt.Println(<-ended, "is gone")
	fmt.Println(sessions.Len(), "stays")
	// Output:
	// ann is gone
	// 1 stays
}

func ExampleTimingWheel_Drain() {
	retries := collection.NewTimingWheel(collection.WheelOptions[string, int]{
		OnFire: func(job string, attempt int) {},
	})
	_ = retries.Set("mail", 3, time.Hour)

	// On the way down: stop firing, then save what is left.
	_ = retries.Close(context.Background())
	n, err := retries.Drain(context.Background(), func(job string, attempt int, remaining time.Duration) {
		fmt.Println(job, attempt, remaining.Round(time.Minute))
	})
	fmt.Println(n, err)
	// Output:
	// mail 3 1h0m0s
	// 1 <nil>
}

func ExampleWheelOptions() {
	panicked := make(chan any)
	w := collection.NewTimingWheel(collection.WheelOptions[string, int]{
		Name:    "leases",
		Tick:    time.Millisecond,
		Workers: 1, // callbacks one after another
		OnFire:  func(string, int) { panic("cannot renew") },
		OnPanic: func(p *weir.Panic) { panicked <- p.Value },
	})
	defer w.Close(context.Background())
	_ = w.Set("a", 1, 0)
	fmt.Println(<-panicked)
	// Output: cannot renew
}

func ExampleTimers() {
	timers := collection.NewTimers(collection.TimersOptions{})
	defer timers.Close(context.Background())

	var done sync.WaitGroup
	done.Add(1)
	timers.AfterFunc(10*time.Millisecond, func() {
		fmt.Println("time is up")
		done.Done()
	})
	done.Wait()
	// Output: time is up
}

func ExampleTimer() {
	timers := collection.NewTimers(collection.TimersOptions{})
	timer := timers.AfterFunc(time.Hour, func() { fmt.Println("too slow") })
	fmt.Println(timer.Reset(time.Minute))
	fmt.Println(timer.Stop())
	fmt.Println(timer.Stop())
	// Output:
	// true
	// true
	// false
}

func ExampleTimersOptions() {
	fmt.Println(collection.TimersOptions{Tick: -time.Second}.Validate())
	// Output: collection: a tick must be at least 1µs
}

func ExampleTimedStats() {
	timers := collection.NewTimers(collection.TimersOptions{})
	timers.AfterFunc(time.Hour, func() {}).Stop()
	timers.AfterFunc(time.Hour, func() {})
	st := timers.Stats()
	fmt.Println(st.Added, st.Removed, st.Pending)
	// Output: 2 1 1
}
