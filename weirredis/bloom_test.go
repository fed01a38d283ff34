package weirredis_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bloom"
	"github.com/weirgo/weir/weirredis"
)

func embeddedBloom(t testing.TB, o weirredis.BloomOptions) (*weirredis.Bloom, *miniredis.Miniredis, *redis.Client) {
	t.Helper()
	m := miniredis.RunT(t)
	c := connect(t, m.Addr())
	return bloomOf(c, o), m, c
}

// bloomOf returns a filter for a thousand keys, if o says nothing else.
func bloomOf(c redis.UniversalClient, o weirredis.BloomOptions) *weirredis.Bloom {
	o.Client = c
	if o.Key == "" {
		o.Key = "seen"
	}
	if o.Capacity == 0 {
		o.Capacity = 1000
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	return weirredis.NewBloom(o)
}

func numbered(from, to int) [][]byte {
	var keys [][]byte
	for i := from; i < to; i++ {
		keys = append(keys, fmt.Appendf(nil, "key %d", i))
	}
	return keys
}

func TestFilterInRedisAnswersAsTheLocalOne(t *testing.T) {
	_, _, c := embeddedBloom(t, weirredis.BloomOptions{})
	checkBloom(t, c)
}

// checkBloom does the same with both, far beyond their capacity, so that both make
// mistakes, and they make the same ones.
func checkBloom(t *testing.T, c redis.UniversalClient) {
	t.Helper()
	ctx := context.Background()
	for i, fpr := range []float64{0.5, 0.1, 0.01, 0.001, 1e-4, 1e-7} {
		name := fmt.Sprint("filter ", i)
		b := bloomOf(c, weirredis.BloomOptions{Key: name, Capacity: 60, FPR: fpr})
		local := bloom.New(60, fpr)
		keys := numbered(0, 300)
		for _, key := range keys[:100] {
			already, err := b.TestAndAdd(ctx, key)
			require.NoError(t, err)
			require.Equal(t, local.TestAndAdd(key), already, "%s at %v", key, fpr)
		}
		require.NoError(t, b.AddN(ctx, keys[100:150]))
		for _, key := range keys[100:150] {
			local.Add(key)
		}
		require.NoError(t, b.Add(ctx, keys[150]))
		local.Add(keys[150])

		found, err := b.TestN(ctx, keys)
		require.NoError(t, err)
		for j, key := range keys {
			require.Equal(t, local.Test(key), found[j], "%s at %v", key, fpr)
			if j%10 == 0 {
				one, err := b.Test(ctx, key)
				require.NoError(t, err)
				require.Equal(t, found[j], one)
			}
		}
		text, err := c.Get(ctx, name).Result()
		require.NoError(t, err)
		require.EqualValues(t, 64+local.Bits()/8, len(text))
		require.Equal(t, "b1 "+local.Layout().String(), strings.TrimRight(text[:64], " "))
	}
}

func TestFilterThatIsNotThereIsEmpty(t *testing.T) {
	b, m, _ := embeddedBloom(t, weirredis.BloomOptions{})
	ctx := context.Background()
	for range 2 {
		found, err := b.TestN(ctx, numbered(0, 10))
		require.NoError(t, err)
		require.Equal(t, make([]bool, 10), found)
		require.Empty(t, m.Keys(), "to ask makes nothing")
		require.NoError(t, b.AddN(ctx, numbered(0, 10)))
		found, err = b.TestN(ctx, numbered(0, 10))
		require.NoError(t, err)
		require.NotContains(t, found, false)
		require.Equal(t, []string{"seen"}, m.Keys())
		require.NoError(t, b.Delete(ctx))
	}
	require.NoError(t, b.Delete(ctx), "nor is it an error to delete it once more")
}

func TestOneCallAndOneKeyPerOperation(t *testing.T) {
	b, _, c := embeddedBloom(t, weirredis.BloomOptions{Key: "a{tag}b"})
	var sent calls
	c.AddHook(&sent)
	ctx := context.Background()
	operations := []func() error{
		func() error { return b.Add(ctx, []byte("a")) },
		func() error { _, err := b.TestAndAdd(ctx, []byte("a")); return err },
		func() error { return b.AddN(ctx, numbered(0, 1000)) },
		func() error { _, err := b.Test(ctx, []byte("a")); return err },
		func() error { _, err := b.TestN(ctx, numbered(0, 1000)); return err },
	}
	for _, op := range operations { // now the server knows the scripts
		require.NoError(t, op())
	}
	for _, op := range operations {
		sent.names = nil
		require.NoError(t, op())
		require.Equal(t, []string{"evalsha a{tag}b"}, sent.names)
	}
	sent.names = nil
	require.NoError(t, b.AddN(ctx, numbered(0, 2001)))
	require.Len(t, sent.names, 3)
	sent.names = nil
	require.NoError(t, b.AddN(ctx, nil))
	found, err := b.TestN(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, found)
	require.Empty(t, sent.names, "nobody is asked for nothing")
}

func TestBatchesAnswerInOrder(t *testing.T) {
	b, _, _ := embeddedBloom(t, weirredis.BloomOptions{Capacity: 3000, FPR: 1e-9})
	ctx := context.Background()
	keys := numbered(0, 2500)
	var third [][]byte
	for i := 0; i < len(keys); i += 3 {
		third = append(third, keys[i])
	}
	require.NoError(t, b.AddN(ctx, third))
	found, err := b.TestN(ctx, keys)
	require.NoError(t, err)
	require.Len(t, found, len(keys))
	for i := range keys {
		require.Equal(t, i%3 == 0, found[i], i)
	}
}

func TestFilterLivesFromItsFirstKeyOn(t *testing.T) {
	b, m, _ := embeddedBloom(t, weirredis.BloomOptions{TTL: time.Minute})
	ctx := context.Background()
	for range 2 {
		require.NoError(t, b.Add(ctx, []byte("a")))
		require.Equal(t, time.Minute, m.TTL("seen"))
		m.FastForward(40 * time.Second)
		require.NoError(t, b.Add(ctx, []byte("b")))
		require.Equal(t, 20*time.Second, m.TTL("seen"), "later ones do not prolong it")
		m.FastForward(20 * time.Second)
		found, err := b.TestN(ctx, [][]byte{[]byte("a"), []byte("b")})
		require.NoError(t, err)
		require.Equal(t, []bool{false, false}, found)
	}
	for ttl, want := range map[time.Duration]time.Duration{
		0: 0, 1: time.Millisecond, time.Millisecond: time.Millisecond, time.Millisecond + 1: 2 * time.Millisecond,
	} {
		name := ttl.String()
		require.NoError(t, bloomOf(connect(t, m.Addr()), weirredis.BloomOptions{Key: name, TTL: ttl}).Add(ctx, nil))
		require.Equal(t, want, m.TTL(name), ttl)
	}
}

func TestNameOfSomethingElseIsNamedAndLeftAlone(t *testing.T) {
	_, _, c := embeddedBloom(t, weirredis.BloomOptions{})
	checkForeignFilters(t, c)
}

func checkForeignFilters(t *testing.T, c redis.UniversalClient) {
	t.Helper()
	ctx := context.Background()
	require.NoError(t, c.HSet(ctx, "hash", "f", "v").Err())
	require.NoError(t, c.Set(ctx, "text", strings.Repeat("b1", 100), 0).Err())
	require.NoError(t, c.Set(ctx, "nothing", "", 0).Err())
	require.NoError(t, c.Set(ctx, "short", "b1 21*2*3", 0).Err())
	require.NoError(t, bloomOf(c, weirredis.BloomOptions{Key: "larger", Capacity: 2000}).Add(ctx, nil))
	require.NoError(t, bloomOf(c, weirredis.BloomOptions{Key: "finer", FPR: 0.001}).Add(ctx, nil))
	for _, key := range []string{"hash", "text", "nothing", "short", "larger", "finer"} {
		b := bloomOf(c, weirredis.BloomOptions{Key: key})
		before := c.Dump(ctx, key).Val()
		text := fmt.Sprintf("weirredis: key %q: ", key)
		require.ErrorContains(t, b.Add(ctx, []byte("a")), text)
		require.ErrorContains(t, b.AddN(ctx, numbered(0, 3)), text)
		already, err := b.TestAndAdd(ctx, nil)
		require.ErrorContains(t, err, text)
		require.False(t, already)
		found, err := b.Test(ctx, nil)
		require.ErrorContains(t, err, text)
		require.False(t, found)
		all, err := b.TestN(ctx, numbered(0, 3))
		require.ErrorContains(t, err, text)
		require.Nil(t, all)
		require.Equal(t, before, c.Dump(ctx, key).Val())
	}
	// The shape counts, not what it comes from.
	same := bloomOf(c, weirredis.BloomOptions{Key: "larger", Capacity: 2001})
	found, err := same.Test(ctx, nil)
	require.NoError(t, err)
	require.True(t, found)

	b := bloomOf(c, weirredis.BloomOptions{Key: "finer"})
	require.NoError(t, b.Delete(ctx), "who changes the size begins anew")
	require.NoError(t, b.Add(ctx, []byte("a")))
}

func TestAnyBytesAreKeysOfAFilter(t *testing.T) {
	b, _, _ := embeddedBloom(t, weirredis.BloomOptions{FPR: 1e-9})
	ctx := context.Background()
	large := bytes.Repeat([]byte("x"), 1<<20)
	for _, key := range [][]byte{{}, {0}, {0, 0}, []byte("a b"), []byte("\n"), {0xff}, large, large[1:]} {
		found, err := b.Test(ctx, key)
		require.NoError(t, err)
		require.False(t, found)
		for i := range 2 {
			already, err := b.TestAndAdd(ctx, key)
			require.NoError(t, err)
			require.Equal(t, i == 1, already)
		}
	}
	found, err := b.Test(ctx, nil)
	require.NoError(t, err)
	require.True(t, found, "nil is the empty key")
}

// go-zero's filter appended to the caller's slice, and so wrote behind its end.
func TestFilterNeverWritesToTheCallersBytes(t *testing.T) {
	b, _, _ := embeddedBloom(t, weirredis.BloomOptions{})
	ctx := context.Background()
	whole := []byte("hello world")
	parts := [][]byte{whole[:0], whole[:5], whole[:5:5], whole[5:], whole}
	spare := append(make([][]byte, 0, 2000), parts...)
	for _, part := range parts {
		require.NoError(t, b.Add(ctx, part))
		_, err := b.Test(ctx, part)
		require.NoError(t, err)
		_, err = b.TestAndAdd(ctx, part)
		require.NoError(t, err)
	}
	require.NoError(t, b.AddN(ctx, spare))
	_, err := b.TestN(ctx, spare)
	require.NoError(t, err)
	require.Equal(t, "hello world", string(whole))
	require.Equal(t, make([][]byte, 2000-len(parts)), spare[len(parts):2000])
}

func TestFilterHeedsADoneContext(t *testing.T) {
	b, m, _ := embeddedBloom(t, weirredis.BloomOptions{})
	cause := errors.New("the caller has gone")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	_, testErr := b.Test(ctx, nil)
	_, testNErr := b.TestN(ctx, nil)
	_, bothErr := b.TestAndAdd(ctx, nil)
	for _, err := range []error{b.Add(ctx, nil), b.AddN(ctx, numbered(0, 3)), b.AddN(ctx, nil), b.Delete(ctx), testErr, testNErr, bothErr} {
		require.EqualError(t, err, "context canceled: the caller has gone")
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, cause)
	}
	require.Zero(t, m.CommandCount())
}

func TestFilterSendsScriptsAgainThatTheServerForgets(t *testing.T) {
	b, _, c := embeddedBloom(t, weirredis.BloomOptions{})
	ctx := context.Background()
	for i := range 3 {
		require.NoError(t, c.ScriptFlush(ctx).Err())
		already, err := b.TestAndAdd(ctx, []byte("a"))
		require.NoError(t, err)
		require.Equal(t, i > 0, already)
		found, err := b.Test(ctx, []byte("a"))
		require.NoError(t, err)
		require.True(t, found)
	}
}
