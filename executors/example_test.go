package executors_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirgo/weir/executors"
)

func ExampleBulk() {
	ctx := context.Background()
	rows := executors.NewBulk(executors.BulkOptions[string]{
		Size: 2,
		Handle: func(_ context.Context, batch []string) error {
			fmt.Println("insert", batch)
			return nil
		},
	})
	for _, row := range []string{"a", "b", "c"} {
		if err := rows.Add(ctx, row); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(rows.Close(ctx))
	// Output:
	// insert [a b]
	// insert [c]
	// <nil>
}

func ExampleBulkOptions() {
	ctx := context.Background()
	mails := executors.NewBulk(executors.BulkOptions[string]{
		Name:     "mails",
		Size:     100,
		Interval: 50 * time.Millisecond,
		Retry:    executors.Retry{Attempts: 3, Base: time.Millisecond},
		Handle: func(context.Context, []string) error {
			return errors.New("no route to host")
		},
		OnError: func(batch []string, err error) {
			fmt.Printf("not sent: %v: %v\n", batch, err)
		},
	})
	_ = mails.Add(ctx, "hello")
	_ = mails.Flush(ctx)
	fmt.Println(mails.Stats().Retries, "retries")
	// Output:
	// not sent: [hello]: no route to host
	// 2 retries
}

func ExampleRetry() {
	ctx := context.Background()
	poison := errors.New("malformed row")
	rows := executors.NewBulk(executors.BulkOptions[int]{
		Retry: executors.Retry{
			Attempts: 5,
			If:       func(err error) bool { return !errors.Is(err, poison) },
		},
		Handle:  func(context.Context, []int) error { return poison },
		OnError: func(batch []int, err error) { fmt.Println(batch, err) },
	})
	_ = rows.Add(ctx, 7)
	_ = rows.Close(ctx)
	fmt.Println(rows.Stats().Retries, "retries")
	// Output:
	// [7] malformed row
	// 0 retries
}

func ExampleStats() {
	ctx := context.Background()
	rows := executors.NewBulk(executors.BulkOptions[int]{
		Size:   10,
		Handle: func(context.Context, []int) error { return nil },
	})
	for i := range 25 {
		_ = rows.Add(ctx, i)
	}
	_ = rows.Close(ctx)
	st := rows.Stats()
	fmt.Println(st.Accepted, "accepted,", st.Handled, "handled in", st.Batches, "batches,", st.Pending, "pending")
	// Output: 25 accepted, 25 handled in 3 batches, 0 pending
}

func ExampleUnsettledError() {
	begun := make(chan struct{})
	rows := executors.NewBulk(executors.BulkOptions[int]{
		Size: 2,
		Handle: func(ctx context.Context, _ []int) error {
			close(begun)
			<-ctx.Done() // the database does not answer
			time.Sleep(10 * time.Millisecond)
			return ctx.Err()
		},
		OnError: func(batch []int, _ error) { /* spool it */ },
	})
	for i := range 5 {
		_ = rows.Add(context.Background(), i)
	}
	<-begun

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	err := rows.Close(ctx)
	if u, ok := errors.AsType[*executors.UnsettledError](err); ok {
		fmt.Println(u.GivenUp, "spooled,", u.Running, "unknown")
	}
	fmt.Println(rows.Close(context.Background()))
	// Output:
	// 3 spooled, 2 unknown
	// <nil>
}

func ExampleChunk() {
	ctx := context.Background()
	lines := executors.NewChunk(executors.ChunkOptions[string]{
		Bytes:  10,
		SizeOf: func(line string) int { return len(line) },
		Handle: func(_ context.Context, chunk []string) error {
			fmt.Printf("send %q\n", chunk)
			return nil
		},
	})
	for _, line := range []string{"one", "two", "three", "a very long line", "four"} {
		_ = lines.Add(ctx, line)
	}
	_ = lines.Close(ctx)
	// Output:
	// send ["one" "two"]
	// send ["three"]
	// send ["a very long line"]
	// send ["four"]
}

func ExampleChunkOptions() {
	o := executors.ChunkOptions[[]byte]{
		Bytes:           4 << 20,
		MaxPendingBytes: 64 << 20,
		SizeOf:          func(b []byte) int { return len(b) },
	}
	fmt.Println(o.Validate())
	// Output: executors: Handle must not be nil
}

// A counter adds up what has the same name.
type counter struct{ sums map[string]int }

type sale struct {
	product string
	pieces  int
}

func (c *counter) Add(s sale) (full bool) {
	if c.sums == nil {
		c.sums = make(map[string]int)
	}
	c.sums[s.product] += s.pieces
	return len(c.sums) >= 1000
}

func (c *counter) Take() map[string]int {
	sums := c.sums
	c.sums = nil
	return sums
}

func ExamplePeriodical() {
	ctx := context.Background()
	sales := executors.NewPeriodical(executors.PeriodicalOptions[sale, map[string]int]{
		Container: &counter{},
		Interval:  10 * time.Second,
		Handle: func(_ context.Context, sums map[string]int) error {
			fmt.Println("update", sums)
			return nil
		},
	})
	for _, s := range []sale{{"nuts", 3}, {"bolts", 2}, {"nuts", 4}} {
		_ = sales.Add(ctx, s)
	}
	_ = sales.Close(ctx)
	// Output: update map[bolts:2 nuts:7]
}

func ExamplePeriodicalOptions() {
	o := executors.PeriodicalOptions[sale, map[string]int]{
		Handle: func(context.Context, map[string]int) error { return nil },
	}
	fmt.Println(o.Validate())
	// Output: executors: Container must not be nil
}

func ExampleContainer() {
	var c executors.Container[sale, map[string]int] = &counter{}
	c.Add(sale{"nuts", 3})
	c.Add(sale{"nuts", 4})
	fmt.Println(c.Take())
	// Output: map[nuts:7]
}

func ExampleDelay() {
	save := executors.NewDelay(executors.DelayOptions{
		Delay: time.Minute,
		Do:    func(context.Context) { fmt.Println("saved") },
	})
	for range 1000 {
		_ = save.Trigger() // at each key stroke
	}
	_ = save.Close(context.Background())
	// Output: saved
}

func ExampleDelayOptions() {
	fmt.Println(executors.DelayOptions{Delay: time.Second}.Validate())
	// Output: executors: Do must not be nil
}

func ExampleLess() {
	alarm := executors.NewLess(time.Minute)
	for i := range 1000 {
		alarm.Do(func() { fmt.Println("out of memory, no.", i) })
	}
	// Output: out of memory, no. 0
}
