package weirredis_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/limit"
)

// A clock makes scripts on a real server, whose time cannot be set, read another
// one. What they keep does not expire then.
type clock struct {
	now     time.Time
	server  *redis.Client
	scripts map[string]string // by their hashes
}

func newClock(t *testing.T, server *redis.Client) *clock {
	t.Helper()
	k := &clock{server: server, scripts: map[string]string{}}
	for _, name := range []string{"tokens.lua", "window.lua", "sliding.lua"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		k.scripts[redis.NewScript(string(text)).Hash()] = string(text)
	}
	return k
}

func (k *clock) set(now time.Time) { k.now = now }

func (*clock) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*clock) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (k *clock) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() != "evalsha" {
			return next(ctx, cmd)
		}
		args := cmd.Args()
		script := k.scripts[args[1].(string)]
		micros := k.now.UnixMicro()
		for old, text := range map[string]string{
			"redis.call('TIME')": fmt.Sprintf("{'%d', '%d'}", micros/1e6, micros%1e6),
			"'PX', ttl":          "'PX', 3600000",
		} {
			if !strings.Contains(script, old) {
				return fmt.Errorf("the script does not have %s", old)
			}
			script = strings.ReplaceAll(script, old, text)
		}
		eval := slices.Clone(args)
		eval[0], eval[1] = "eval", script
		v, err := k.server.Do(ctx, eval...).Result()
		cmd.(*redis.Cmd).SetVal(v)
		cmd.SetErr(err)
		return err
	}
}

// What miniredis runs is not the Lua of Redis.
func TestRealServerReckonsAsTheModel(t *testing.T) {
	server := startServer(t)
	c := server.client()
	k := newClock(t, server.client())
	c.AddHook(k)
	s := storeOf(c)
	ignore := func(string, limit.Taken) {}
	checkTokens(t, s, k.set, true, ignore)
	checkWindows(t, s, k.set, ignore)
}
