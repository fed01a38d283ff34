package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	os.Exit(m.Run())
}

// expectRun runs the program briefly. Its figures depend on what else the machine
// does, so this looks at what must be so on any machine.
func expectRun(t *testing.T, args ...string) result {
	t.Helper()
	before := runtime.NumGoroutine()
	var stdout, stderr bytes.Buffer
	code := example().Execute(t.Context(), append([]string{"-seconds", "1.2", "-json"}, args...), &stdout, &stderr)
	if code != 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr.String())
	}
	var res result
	if err := json.Unmarshal(stdout.Bytes(), &res); err != nil || strings.Count(stdout.String(), "\n") != 1 {
		t.Fatalf("%v: %q", err, stdout.String())
	}
	sum := int64(0)
	for _, n := range res.Allowed {
		if n == 0 {
			t.Error("a replica allowed nothing")
		}
		sum += n
	}
	if sum != res.AllowedTotal || len(res.Allowed) != res.Replicas {
		t.Errorf("%v is not %d", res.Allowed, res.AllowedTotal)
	}
	if res.AllowedTotal > res.AtMost {
		t.Errorf("%d events allowed, at most %d promised", res.AllowedTotal, res.AtMost)
	}
	if res.Errors != 0 || res.Degraded == 0 || res.DegradedSeconds <= 0 || res.DegradedSeconds >= res.Seconds {
		t.Errorf("%+v", res)
	}
	if !strings.Contains(stderr.String(), " replica 2 ") {
		t.Errorf("no table: %s", stderr.String())
	}
	expectGoroutines(t, before)
	return res
}

func TestReplicasKeepTheLimitWhileTheEmbeddedRedisDiesAndComesBack(t *testing.T) {
	res := expectRun(t, "-rate", "100", "-replicas", "3")
	if res.Rate != 100 || res.Burst != 10 || res.Replicas != 3 {
		t.Errorf("%+v", res)
	}
}

func TestReplicasKeepTheLimitWhileTheWayToARedisIsCut(t *testing.T) {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	expectRun(t, "-redis", server.Addr())
	if keys := server.Keys(); len(keys) != 1 || !strings.HasPrefix(keys[0], "weir-example:") {
		t.Errorf("keys %q", keys)
	}
}

func TestWithoutJSONTheTableAndTheVerdictAreOnStdout(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := example().Execute(t.Context(), []string{"-seconds", "0.5"}, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
		t.Errorf("exit code %d, stderr %s", code, stderr.String())
	}
	if !strings.Contains(stdout.String(), " replica 2 ") || !strings.Contains(stdout.String(), "; 0 errors.\n") {
		t.Errorf("stdout %s", stdout.String())
	}
}

func TestNoRedisAtTheAddressIsSaidAtOnce(t *testing.T) {
	before := runtime.NumGoroutine()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code := example().Execute(t.Context(), []string{"-redis", addr}, &stdout, &stderr)
	if code != 1 || stdout.Len() > 0 || !strings.Contains(stderr.String(), "ratelimit: no Redis: ") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout.String(), stderr.String())
	}
	expectGoroutines(t, before)
}

func TestInterruptStopsAtOnceAndLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	var stdout, stderr bytes.Buffer
	code := example().Execute(ctx, []string{"-seconds", "600"}, &stdout, &stderr)
	if code != 130 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
	expectGoroutines(t, before)
}

// expectGoroutines gives connections that were just closed time to end.
func expectGoroutines(t *testing.T, want int) {
	t.Helper()
	for range 500 {
		if runtime.NumGoroutine() <= want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("goroutines left:\n%s", stacks[:runtime.Stack(stacks, true)])
}

func TestAnOutageLastsFromTheFirstReplicaToTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c outageClock
		expect := func(away int, total time.Duration) {
			t.Helper()
			if gotAway, gotTotal := c.read(); gotAway != away || gotTotal != total {
				t.Errorf("%d away for %v, want %d and %v", gotAway, gotTotal, away, total)
			}
		}
		expect(0, 0)
		c.change(true)
		time.Sleep(time.Second)
		c.change(true)
		expect(2, time.Second)
		time.Sleep(time.Second)
		c.change(false)
		time.Sleep(time.Second)
		expect(1, 3*time.Second)
		c.change(false)
		time.Sleep(time.Second)
		expect(0, 3*time.Second)
		c.change(true)
		time.Sleep(time.Second)
		c.change(false)
		expect(0, 4*time.Second)
	})
}
