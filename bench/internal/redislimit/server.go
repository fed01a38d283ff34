package redislimit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/weirgo/weir/bench/internal/suite"
)

// A server is a process of redis-server on the loopback interface, that keeps
// nothing on disk.
type server struct {
	path string

	once   sync.Once
	err    error
	port   int
	cmd    *exec.Cmd
	dir    string
	client *redis.Client // of all contenders that take one
}

func (s *server) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// subject starts the server, if nobody has, and what asks it.
func (s *server) subject(make func(*server) ask, callers int) suite.Subject {
	s.once.Do(func() { s.err = s.start() })
	if s.err != nil {
		return broken{s.err}
	}
	ctx, one := context.Background(), make(s)
	return &suite.Distant{
		Ask:     func() (odd bool) { return !one(ctx) },
		Callers: callers,
		Server:  s.cmd.Process.Pid,
		Trips:   s.trips(),
	}
}

// broken is the subject of a server that does not start.
type broken struct{ err error }

func (b broken) Measure(suite.Setting) (suite.Sample, error) { return suite.Sample{}, b.err }

func (s *server) start() (err error) {
	if s.port, err = freePort(); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "weir-redis-*"); err != nil {
		return err
	}
	s.cmd = exec.Command(s.path, "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1",
		"--dir", s.dir, "--logfile", "log", "--save", "", "--appendonly", "no")
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.client = redis.NewClient(&redis.Options{Addr: s.addr(), ContextTimeoutEnabled: true})
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
		if err = s.client.Ping(context.Background()).Err(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("redis-server does not answer: %w", err)
}

// stop ends the server, if it was started.
func (s *server) stop() {
	if s.client != nil {
		s.client.Close()
	}
	if s.cmd != nil && s.cmd.Process != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	}
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}

// trips returns a function that asks the server how often it has read from its
// clients, and leaves out those questions.
func (s *server) trips() func() (int, error) {
	asked := 0
	return func() (int, error) {
		info, err := s.client.Info(context.Background(), "stats").Result()
		if err != nil {
			return 0, err
		}
		asked++
		for line := range strings.Lines(info) {
			if text, ok := strings.CutPrefix(line, "total_reads_processed:"); ok {
				n, err := strconv.Atoi(strings.TrimSpace(text))
				return n - asked, err
			}
		}
		return 0, errors.New("redis-server does not count what it reads: it is older than 6.0")
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
