package weirhttp_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

// keyFor returns the key that a limiter is asked for.
func keyFor(key string) (got string) {
	spy := func(_ context.Context, key string) (limit.Decision, error) {
		got = key
		return limit.Decision{Allowed: true}, nil
	}
	call(weirhttp.RateLimit(spy, func(*http.Request) string { return key }, weirhttp.RateLimitOptions{})(silent), get())
	return got
}

func TestAnEmptyKeyIsThatOfAllStrangers(t *testing.T) {
	users := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1)})
	h := weirhttp.RateLimit(users.Allow, weirhttp.KeyHeader("X-User"), weirhttp.RateLimitOptions{})(silent)
	require.Equal(t, http.StatusOK, call(h, get()).Code)
	require.Equal(t, http.StatusTooManyRequests, call(h, get()).Code)
	r := get()
	r.Header["X-User"] = []string{""}
	require.Equal(t, http.StatusTooManyRequests, call(h, r).Code)
	require.Equal(t, "\x00", keyFor(""))
}

func TestAKeyThatIsTooLongIsHashed(t *testing.T) {
	longest := strings.Repeat("x", limit.MaxKey)
	require.Equal(t, longest, keyFor(longest))
	hashed := keyFor(longest + "y")
	require.Len(t, hashed, 1+64)
	require.Equal(t, "\x00", hashed[:1], "no header can have it")
	require.Equal(t, hashed, keyFor(longest+"y"))
	require.NotEqual(t, hashed, keyFor(longest+"z"))
	require.NotEqual(t, hashed, keyFor(strings.Repeat("x", 1<<20)))

	users := limit.NewToken(limit.TokenOptions{Rate: limit.PerHour(1)})
	h := weirhttp.RateLimit(users.Allow, func(*http.Request) string { return longest + "y" }, weirhttp.RateLimitOptions{})(silent)
	require.Equal(t, http.StatusOK, call(h, get()).Code)
	require.Equal(t, http.StatusTooManyRequests, call(h, get()).Code)
}

func TestKeyHeaderIsTheFirstValue(t *testing.T) {
	key := weirhttp.KeyHeader("x-api-key")
	r := get()
	require.Empty(t, key(r))
	r.Header["X-Api-Key"] = []string{"one", "two"}
	require.Equal(t, "one", key(r))
}

func TestKeyHeaderPanicsWhereThereIsNoSuchHeader(t *testing.T) {
	for _, name := range []string{"", "a b", "a:", "é", "a\n"} {
		require.PanicsWithValue(t, "weirhttp: KeyHeader with an impossible name", func() { weirhttp.KeyHeader(name) })
	}
	require.PanicsWithValue(t, "weirhttp: KeyHeader of Host, which is in Request.Host", func() { weirhttp.KeyHeader("host") })
}
