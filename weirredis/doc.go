// Package weirredis keeps what several processes must agree on in Redis: [Store]
// is a [limit.Store], with which the limits of package limit hold across all
// replicas of a service.
//
//	client := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
//	store := weirredis.NewStore(weirredis.StoreOptions{Client: client})
//	users := limit.NewToken(limit.TokenOptions{Name: "users", Rate: limit.PerSecond(10), Store: store})
//
// It works on one Redis, behind Sentinel and on Cluster, from Redis 5 on, and on
// Valkey; limits use nothing but GET, SET, DEL, TIME and scripts. What happens while
// Redis does not answer is for the limiter to say: see [limit.Fallback], and
// docs/reliability.md for what was measured.
//
// [Bloom] is a bloom filter that several processes fill and ask, [Cache] a cache that
// they share, spread over several servers if need be.
//
// A limit that need not hold across processes is better off without Redis: it
// costs a round trip per decision.
package weirredis
