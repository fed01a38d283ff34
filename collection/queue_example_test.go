package collection_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/weirgo/weir/collection"
)

func ExampleQueue() {
	var jobs collection.Queue[string]
	ctx := context.Background()

	var worker sync.WaitGroup
	worker.Go(func() {
		for {
			job, err := jobs.Take(ctx)
			if errors.Is(err, collection.ErrClosed) {
				return // after all that was put
			}
			fmt.Println(job)
		}
	})
	for _, job := range []string{"resize", "sharpen", "store"} {
		if err := jobs.Put(ctx, job); err != nil {
			fmt.Println(err)
		}
	}
	jobs.Close()
	worker.Wait()
	// Output:
	// resize
	// sharpen
	// store
}

func ExampleQueueOptions() {
	q := collection.NewQueue[int](collection.QueueOptions{Max: 2})
	fmt.Println(q.TryPut(1), q.TryPut(2), q.TryPut(3))
	fmt.Println(collection.QueueOptions{Max: -1}.Validate())
	// Output:
	// true true false
	// collection: QueueOptions.Max must not be negative
}
