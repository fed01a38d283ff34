package weirredis_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

func single(s *server) func() redis.UniversalClient {
	return func() redis.UniversalClient { return s.client() }
}

func TestFaultServerIsKilledAndStartsAgainEmpty(t *testing.T) {
	s := startServer(t)
	l := startLoad(t, short, single(s), "k")
	l.outage(func() {
		s.kill()
		time.Sleep(time.Second)
		s.restart()
	})
	l.mustBeBounded(1)
}

func TestFaultScriptsAreFlushed(t *testing.T) {
	s := startServer(t)
	l, c := startLoad(t, patient, single(s), "k"), s.client()
	l.outage(func() {
		for range 100 {
			require.NoError(t, c.ScriptFlush(context.Background()).Err())
			time.Sleep(5 * time.Millisecond)
		}
	})
	l.mustBeExact()
	require.Zero(t, l.degraded.Load())
}

func TestFaultServerPauses(t *testing.T) {
	s := startServer(t)
	l, c := startLoad(t, short, single(s), "k"), s.client()
	l.outage(func() {
		do(t, c, "CLIENT", "PAUSE", 1000, "ALL")
		time.Sleep(time.Second)
	})
	l.mustBeBounded(0)
}

func TestFaultRepliesAreSlow(t *testing.T) {
	p := startProxy(t, startServer(t).addr())
	l := startLoad(t, short, func() redis.UniversalClient { return connect(t, p.addr()) }, "k")
	l.outage(func() {
		p.delay.Store(int64(300 * time.Millisecond))
		time.Sleep(time.Second)
		p.delay.Store(0)
	})
	l.mustBeBounded(0)
}

func TestFaultConnectionsAreCut(t *testing.T) {
	p := startProxy(t, startServer(t).addr())
	l := startLoad(t, short, func() redis.UniversalClient { return connect(t, p.addr()) }, "k")
	l.outage(func() {
		for range 50 {
			p.cut()
			time.Sleep(20 * time.Millisecond)
		}
	})
	// Whether go-redis' retries are enough is a matter of luck.
	require.LessOrEqual(t, l.allowed.Load(), 2*l.exact(time.Since(l.start)))
}

func TestFaultKeyIsOfAnotherType(t *testing.T) {
	s := startServer(t)
	l, c := startLoad(t, short, single(s), "k"), s.client()
	l.outage(func() {
		_, err := c.TxPipelined(context.Background(), func(p redis.Pipeliner) error {
			p.Del(context.Background(), "weir:{k}")
			p.HSet(context.Background(), "weir:{k}", "somebody", "else")
			return nil
		})
		require.NoError(t, err)
		time.Sleep(time.Second)
		require.Equal(t, "else", do(t, c, "HGET", "weir:{k}", "somebody"), "left alone")
		do(t, c, "DEL", "weir:{k}")
	})
	l.mustBeBounded(1)
}

func TestFaultServerRunsOutOfMemory(t *testing.T) {
	s := startServer(t)
	l, c := startLoad(t, short, single(s), "k"), s.client()
	l.outage(func() {
		do(t, c, "CONFIG", "SET", "maxmemory", "1")
		time.Sleep(time.Second)
		do(t, c, "CONFIG", "SET", "maxmemory", "0")
	})
	l.mustBeBounded(0)
}
