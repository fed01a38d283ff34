// Package cache keeps values in memory that are slow to get, and protects their
// source while it does: [Cache].
//
//	users := cache.New(cache.Options[int, *User]{Name: "users", MaxEntries: 100_000, TTL: time.Hour})
//	defer users.Close(ctx)
//
//	user, err := users.Take(ctx, id, func(ctx context.Context) (*User, error) {
//		return db.LoadUser(ctx, id) // once, however many ask; may return cache.ErrNotFound
//	})
//
// Where values are kept, and which of them give way when room runs out, is the
// work of github.com/maypok86/otter (W-TinyLFU). This package adds what a service
// needs around it:
//
//   - Nothing lives for ever. Whatever is stored has a time to live; a day's worth
//     of values that were loaded at the same minute do not expire at the same
//     minute, for each time is spread by a few percent.
//   - A key that is missed is loaded once, by whoever asks first; the others wait
//     for it, each as long as its own context allows.
//   - That the source has no value is remembered for a minute, so that asking for
//     what does not exist costs the source no more than asking for what does.
//   - A load that was overtaken by a Set or a Delete does not bring back the past.
//   - If wanted, values are refreshed before they expire, and outlive an outage of
//     their source for a while.
//
// Do not use it for what must never be lost or stale: it is a cache. For values
// that never change and are few, a map with a [sync.RWMutex], or [sync.OnceValue],
// is simpler. A [sync.Map] neither expires nor forgets.
package cache
