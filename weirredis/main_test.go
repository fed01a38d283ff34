package weirredis_test

import (
	"context"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/weirgo/weir/weirredis"
)

func TestMain(m *testing.M) {
	redis.SetLogger(silent{}) // faults are what the tests are about
	goleak.VerifyTestMain(m)
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// connect returns a client that is closed when the test ends.
func connect(t testing.TB, addr string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// embedded returns a store in a miniredis, whose clock stands still until it is
// set.
func embedded(t testing.TB) (*weirredis.Store, *miniredis.Miniredis, *redis.Client) {
	t.Helper()
	m := miniredis.RunT(t)
	c := connect(t, m.Addr())
	return weirredis.NewStore(weirredis.StoreOptions{Client: c}), m, c
}
