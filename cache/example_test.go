package cache_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirgo/weir/cache"
)

type user struct{ Name string }

func loadUser(_ context.Context, id int) (*user, error) {
	fmt.Println("asking the database for", id)
	if id != 7 {
		return nil, cache.ErrNotFound
	}
	return &user{Name: "Ada"}, nil
}

func Example() {
	ctx := context.Background()
	users := cache.New(cache.Options[int, *user]{Name: "users", MaxEntries: 100_000, TTL: time.Hour})
	defer users.Close(ctx)

	for _, id := range []int{7, 7, 8, 8} {
		u, err := users.Take(ctx, id, func(ctx context.Context) (*user, error) { return loadUser(ctx, id) })
		if errors.Is(err, cache.ErrNotFound) {
			fmt.Println("there is none")
		} else {
			fmt.Println(u.Name)
		}
	}
	// Output:
	// asking the database for 7
	// Ada
	// Ada
	// asking the database for 8
	// there is none
	// there is none
}

func ExampleCache() {
	ctx := context.Background()
	tokens := cache.New(cache.Options[string, string]{})
	defer tokens.Close(ctx)

	tokens.SetTTL("service", "secret", 10*time.Minute) // no longer than the token lives
	token, ok := tokens.Get("service")
	fmt.Println(token, ok)
	tokens.Delete("service")
	_, ok = tokens.Get("service")
	fmt.Println(ok)
	// Output:
	// secret true
	// false
}

func ExampleOptions() {
	pages := cache.Options[string, []byte]{
		Name:         "pages",
		MaxWeight:    64 << 20, // bytes
		Weigh:        func(url string, page []byte) uint32 { return uint32(len(url) + len(page)) },
		TTL:          time.Hour,
		RefreshAfter: 50 * time.Minute, // pages in use are loaded anew before they expire
		StaleOnError: 24 * time.Hour,   // and outlive a day without their source
	}
	fmt.Println(pages.Validate())
	pages.RefreshAfter = time.Hour
	fmt.Println(pages.Validate())
	// Output:
	// <nil>
	// cache: Options.RefreshAfter must be shorter than TTL, less its Jitter
}

func ExampleStats() {
	ctx := context.Background()
	users := cache.New(cache.Options[int, *user]{})
	defer users.Close(ctx)
	for range 10 {
		_, _ = users.Take(ctx, 7, func(ctx context.Context) (*user, error) { return loadUser(ctx, 7) })
	}
	st := users.Stats()
	fmt.Println(st.Hits, st.Misses, st.Loads, st.Entries)
	// Output:
	// asking the database for 7
	// 9 1 1 1
}
