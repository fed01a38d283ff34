package weirredis_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirredis"
)

// binary returns where redis-server is. Without one a test is skipped, but not in
// CI.
func binary(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("no redis-server on PATH: CI needs one (Debian: apt-get install redis-server)")
	}
	t.Skip("no redis-server on PATH: not tested against a real one")
	return ""
}

// A server is a process of redis-server on the loopback interface, that keeps
// nothing on disk.
type server struct {
	t    testing.TB
	path string
	dir  string
	port int
	args []string
	cmd  *exec.Cmd
	done chan struct{}
}

// startServer starts one on a free port and waits until it answers.
func startServer(t testing.TB, args ...string) *server {
	t.Helper()
	s := &server{t: t, path: binary(t), dir: t.TempDir(), args: args}
	t.Cleanup(s.kill)
	for range 5 {
		s.port = freePort(t)
		if s.start() {
			return s
		}
		s.kill()
	}
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	require.FailNow(t, "redis-server does not start", string(log))
	return nil
}

func (s *server) addr() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

func (s *server) client() *redis.Client { return connect(s.t, s.addr()) }

// start starts the process and reports whether it answers in time.
func (s *server) start() bool {
	args := []string{
		"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.dir, "--logfile", "log",
		"--save", "", "--appendonly", "no", "--enable-debug-command", "local",
	}
	return s.run(append(args, s.args...)...)
}

func (s *server) run(args ...string) bool {
	s.cmd = exec.Command(s.path, args...)
	dieWithTests(s.cmd)
	require.NoError(s.t, s.cmd.Start())
	done := make(chan struct{})
	s.done = done
	cmd := s.cmd
	go func() {
		defer close(done)
		_ = cmd.Wait()
	}()
	return s.answers(10 * time.Second)
}

func (s *server) answers(patience time.Duration) bool {
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		select {
		case <-s.done:
			return false
		default:
		}
		if s.ping() {
			return true
		}
		time.Sleep(2 * time.Millisecond)
	}
	return false
}

func (s *server) ping() bool {
	conn, err := net.DialTimeout("tcp", s.addr(), time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	buf := make([]byte, 16)
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	n, _ := conn.Read(buf)
	return strings.HasPrefix(string(buf[:n]), "+PONG")
}

// kill ends the process at once, if it runs.
func (s *server) kill() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.done
}

// restart starts the server anew, on the same port and with nothing in it.
func (s *server) restart() { require.True(s.t, s.start(), "redis-server does not start again") }

// freePort returns a port which, like the one 10,000 above that a Cluster's node
// takes, nobody listens on, below those that the system hands out itself.
func freePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 12_000 + rand.IntN(8_000)
		if free(port) && free(port+10_000) {
			return port
		}
	}
	require.FailNow(t, "no free port")
	return 0
}

func free(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func storeOf(c redis.UniversalClient) *weirredis.Store {
	return weirredis.NewStore(weirredis.StoreOptions{Client: c})
}

// eventually fails if a condition does not come true within a time that is much
// longer than it takes.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	require.FailNow(t, "in vain waited for: "+what)
}

func do(t testing.TB, c *redis.Client, args ...any) any {
	t.Helper()
	v, err := c.Do(context.Background(), args...).Result()
	require.NoError(t, err, "%v", args)
	return v
}
