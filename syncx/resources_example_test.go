package syncx_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirgo/weir/syncx"
)

func ExampleImmutableResource() {
	ctx := context.Background()
	reads := 0
	settings := syncx.NewImmutableResource(syncx.ImmutableOptions[string]{
		Load: func(context.Context) (string, error) {
			reads++
			return fmt.Sprintf("read %d times", reads), nil
		},
	})
	for range 2 {
		fmt.Println(settings.Get(ctx))
	}
	settings.Invalidate()
	fmt.Println(settings.Get(ctx))
	// Output:
	// read 1 times <nil>
	// read 1 times <nil>
	// read 2 times <nil>
}

// A dependency that is down is asked once a minute, however many want to know.
func ExampleImmutableOptions() {
	attempts := 0
	keys := syncx.NewImmutableResource(syncx.ImmutableOptions[[]string]{
		Load: func(context.Context) ([]string, error) {
			attempts++
			return nil, errors.New("the key server is down")
		},
		RetryInterval: time.Minute,
		TTL:           time.Hour,
	})
	for range 100 {
		if _, err := keys.Get(context.Background()); err == nil {
			fmt.Println("there they are")
		}
	}
	fmt.Println(attempts)
	// Output:
	// 1
}

func ExampleManagedResource() {
	ctx := context.Background()
	made := 0
	link := syncx.NewManagedResource(syncx.ManagedOptions[*session]{
		Generate: func(context.Context) (*session, error) {
			made++
			return &session{id: made}, nil
		},
		Equal: func(a, b *session) bool { return a == b },
	})
	for range 3 {
		s, err := link.Take(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("session", s.id)
		s.used++
		if s.used == 2 {
			link.MarkBroken(s)
		}
	}
	// Output:
	// session 1
	// session 1
	// session 2
}

func ExampleManagedOptions() {
	fmt.Println(syncx.ManagedOptions[int]{
		Generate: func(context.Context) (int, error) { return 1, nil },
	}.Validate())
	// Output:
	// syncx: ManagedOptions.Equal must be set
}

// A connection to one host.
type connection string

func (c connection) Close() error {
	fmt.Println("closed", string(c))
	return nil
}

func ExampleResourceManager() {
	ctx := context.Background()
	var hosts syncx.ResourceManager[string, connection]
	dial := func(host string) func(context.Context) (connection, error) {
		return func(context.Context) (connection, error) {
			fmt.Println("dialled", host)
			return connection(host), nil
		}
	}
	for range 2 {
		if _, err := hosts.Get(ctx, "db1", dial("db1")); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(hosts.Close(ctx))
	_, err := hosts.Get(ctx, "db1", dial("db1"))
	fmt.Println(err)
	// Output:
	// dialled db1
	// closed db1
	// <nil>
	// syncx: closed
}
