package weirredis_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirredis"
)

var (
	bg      = context.Background()
	errDown = errors.New("the source is down")
	errNode = errors.New("the node does not answer")
)

type person struct {
	ID   int64
	Name string
}

type loader = func(context.Context) (person, error)

func gives(p person) loader  { return func(context.Context) (person, error) { return p, nil } }
func fails(err error) loader { return func(context.Context) (person, error) { return person{}, err } }
func mustNot(t *testing.T) loader {
	return func(context.Context) (person, error) {
		t.Error("the source is asked")
		return person{}, nil
	}
}

var ada = person{1<<62 + 1, "Ada"}

// closing closes a cache at the end of the test.
func closing[V any](t testing.TB, o weirredis.CacheOptions[V]) *weirredis.Cache[V] {
	t.Helper()
	c := weirredis.NewCache(o)
	t.Cleanup(func() { _ = c.Close(bg) })
	return c
}

func people(t testing.TB) (*weirredis.Cache[person], *miniredis.Miniredis) {
	t.Helper()
	m := miniredis.RunT(t)
	return closing(t, weirredis.CacheOptions[person]{Client: connect(t, m.Addr())}), m
}

// A memory stands in for a server and the network, so that time can be made up.
// Keys in it do not expire. It checks that none is set without a TTL.
type memory struct {
	t      testing.TB
	mu     sync.Mutex
	values map[string]string
	ttls   map[string]time.Duration
	log    []string               // of commands
	at     []time.Time            // of DELs
	fail   func(cmd string) error // nil if all is well
	during func(cmd string)       // called before a command is executed
}

func inMemory(t testing.TB) (*memory, *redis.Client) {
	t.Helper()
	m := &memory{t: t, values: map[string]string{}, ttls: map[string]time.Duration{}}
	c := redis.NewClient(&redis.Options{Addr: "memory", ContextTimeoutEnabled: true})
	c.AddHook(m)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return m, c
}

func (*memory) DialHook(next redis.DialHook) redis.DialHook { return next }

func (m *memory) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := m.do(ctx, cmd)
		cmd.SetErr(err)
		return err
	}
}

func (m *memory) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) (first error) {
		for _, cmd := range cmds {
			err := m.do(ctx, cmd)
			cmd.SetErr(err)
			if first == nil {
				first = err
			}
		}
		return first
	}
}

func (m *memory) do(ctx context.Context, cmd redis.Cmder) error {
	m.mu.Lock()
	if during := m.during; during != nil {
		m.mu.Unlock() // it may execute commands of its own
		during(cmd.Name())
		m.mu.Lock()
	}
	defer m.mu.Unlock()
	m.log = append(m.log, cmd.Name())
	if cmd.Name() == "del" {
		m.at = append(m.at, time.Now())
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if m.fail != nil {
		if err := m.fail(cmd.Name()); err != nil {
			return err
		}
	}
	args := cmd.Args()
	key := args[1].(string)
	switch cmd := cmd.(type) {
	case *redis.StringCmd:
		v, ok := m.values[key]
		if !ok {
			return redis.Nil
		}
		cmd.SetVal(v)
	case *redis.StatusCmd:
		m.set(key, args)
	case *redis.BoolCmd:
		if _, ok := m.values[key]; !ok {
			m.set(key, args)
			cmd.SetVal(true)
		}
	case *redis.IntCmd:
		delete(m.values, key)
	}
	return nil
}

func (m *memory) set(key string, args []any) {
	switch v := args[2].(type) {
	case []byte:
		m.values[key] = string(v)
	case string:
		m.values[key] = v
	}
	require.Contains(m.t, []any{"px", "ex"}, args[3], "a SET without a TTL")
	n := args[4].(int64)
	require.Positive(m.t, n)
	unit := map[any]time.Duration{"px": time.Millisecond, "ex": time.Second}[args[3]]
	m.ttls[key] = time.Duration(n) * unit
}

// let changes what the memory does.
func (m *memory) let(change func(m *memory)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

// deletions returns when there was one.
func (m *memory) deletions() (at []time.Time) {
	m.let(func(m *memory) { at = slices.Clone(m.at) })
	return at
}

func (m *memory) held() (values map[string]string) {
	m.let(func(m *memory) { values = maps.Clone(m.values) })
	return values
}

func (m *memory) heal() { m.let(func(m *memory) { m.fail = nil }) }

func (m *memory) count(cmd string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.log {
		if c == cmd {
			n++
		}
	}
	return n
}
