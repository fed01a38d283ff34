package syncx_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/weirgo/weir/syncx"
)

func ExampleSingleFlight() {
	var flights syncx.SingleFlight[string, string]
	render := func(context.Context) (string, error) {
		fmt.Println("rendering")
		time.Sleep(100 * time.Millisecond)
		return "<h1>News</h1>", nil
	}

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var users sync.WaitGroup
	for range 3 {
		users.Go(func() {
			page, err := flights.Do(ctx, "/news", render)
			fmt.Println(page, err)
		})
	}
	users.Wait()
	// Output:
	// rendering
	// <h1>News</h1> <nil>
	// <h1>News</h1> <nil>
	// <h1>News</h1> <nil>
}
