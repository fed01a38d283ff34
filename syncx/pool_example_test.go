package syncx_test

import (
	"context"
	"fmt"
	"time"

	"github.com/weirgo/weir/syncx"
)

// A session stands for a connection.
type session struct{ id, used int }

func ExamplePool() {
	ctx := context.Background()
	sessions := 0
	pool := syncx.NewPool(syncx.PoolOptions[*session]{
		MaxOpen:     8,
		MaxIdleTime: 5 * time.Minute,
		Create: func(context.Context) (*session, error) {
			sessions++
			return &session{id: sessions}, nil
		},
		Destroy: func(s *session) { fmt.Println("session", s.id, "ends after", s.used, "uses") },
	})

	for range 3 {
		item, err := pool.Get(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		item.Value.used++
		pool.Put(item)
	}
	fmt.Println(pool.Close(ctx))
	// Output:
	// session 1 ends after 3 uses
	// <nil>
}

// An Item may hold any value, and what is written to it is kept.
func ExampleItem() {
	ctx := context.Background()
	pool := syncx.NewPool(syncx.PoolOptions[[]byte]{
		MaxOpen: 4,
		Create:  func(context.Context) ([]byte, error) { return make([]byte, 0, 8), nil },
	})
	item, err := pool.Get(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	item.Value = append(item.Value, "it has grown"...)
	pool.Put(item)

	item, _ = pool.TryGet()
	fmt.Printf("%s\n", item.Value)
	pool.Discard(item)
	// Output:
	// it has grown
}

func ExamplePoolOptions() {
	// Connections that a firewall or a server ends after a while unused, and that
	// are to move to another server now and then.
	options := syncx.PoolOptions[*session]{
		MaxOpen:     20,
		MaxIdle:     5,
		MaxIdleTime: time.Minute,
		MaxLifetime: time.Hour,
	}
	fmt.Println(options.Validate())
	// Output:
	// syncx: PoolOptions.Create must be set
}

func ExamplePoolStats() {
	pool := syncx.NewPool(syncx.PoolOptions[int]{
		MaxOpen: 10,
		Create:  func(context.Context) (int, error) { return 1, nil },
	})
	if item, err := pool.Get(context.Background()); err == nil {
		defer pool.Put(item)
	}
	st := pool.Stats()
	fmt.Println(st.InUse, "of", st.MaxOpen, "in use,", st.Waiting, "wait")
	// Output:
	// 1 of 10 in use, 0 wait
}
