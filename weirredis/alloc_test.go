package weirredis_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
)

// answers stands in for the server and the network.
type answers struct{ reply []any }

func (answers) DialHook(next redis.DialHook) redis.DialHook { return next }

func (answers) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (a answers) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error {
		cmd.(*redis.Cmd).SetVal(a.reply)
		return nil
	}
}

// Besides what go-redis allocates for a script with as many arguments: the key,
// the arguments' slice, and each argument as a string in an interface.
func TestDecisionAllocatesLittleMoreThanItsArguments(t *testing.T) {
	c := connect(t, "127.0.0.1:1")
	c.AddHook(answers{[]any{int64(1), int64(0), int64(0), int64(0)}})
	s, ctx := storeOf(c), context.Background()
	buckets := []limit.Bucket{{Rate: limit.PerSecond(10), Burst: 20}}
	script := redis.NewScript("")
	bare := testing.AllocsPerRun(100, func() {
		_, err := script.EvalSha(ctx, c, []string{"weir:{user}"}, "1 0 100000/1/20 1 100000 0 2000000 0").Int64Slice()
		require.NoError(t, err)
	})
	full := testing.AllocsPerRun(100, func() {
		_, err := s.TakeTokens(ctx, "user", 1, 0, buckets)
		require.NoError(t, err)
	})
	t.Logf("%v allocations, of which go-redis' %v", full, bare)
	require.LessOrEqual(t, full-bare, 6.0)
}
