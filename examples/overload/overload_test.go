package main

import (
	"bytes"
	"context"
	"errors"
	"math"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// short makes a plan that takes a few seconds. Its figures depend on what else the
// machine does, so the tests look at what must be so on any machine.
func short(p plan) plan {
	p.warmup = 100 * time.Millisecond
	p.measure = 300 * time.Millisecond
	p.patience = 400 * time.Millisecond
	p.repeats = 1
	return p
}

func TestEveryRequestIsAccountedFor(t *testing.T) {
	for name, newPlan := range scenarios {
		t.Run(name, func(t *testing.T) { expectAccounts(t, short(newPlan())) })
	}
}

func expectAccounts(t *testing.T, p plan) {
	t.Helper()
	before := runtime.NumGoroutine()
	var log bytes.Buffer
	res, err := runPlan(t.Context(), p, &screen{out: &log, live: true})
	if err != nil {
		t.Fatal(err)
	}
	if res.Scenario != p.scenario || res.Capacity <= 0 || len(res.Rows) != len(p.loads) {
		t.Fatalf("%s: capacity %v, %d rows for %d loads", res.Scenario, res.Capacity, len(res.Rows), len(p.loads))
	}
	for _, r := range res.Rows {
		if r.Bare.Offered != r.Protected.Offered {
			t.Errorf("%vx: offered %v and %v", r.Load, r.Bare.Offered, r.Protected.Offered)
		}
		if r.Bare.Refused != 0 {
			t.Errorf("%vx: the bare server refused %v/s", r.Load, r.Bare.Refused)
		}
		for _, f := range []figures{r.Bare, r.Protected} {
			if sum := f.Goodput + f.Refused + f.Late + f.Failed; f.Offered == 0 || math.Abs(sum-f.Offered) > 0.03 {
				t.Errorf("%vx: offered %v, accounted for %v: %+v", r.Load, f.Offered, sum, f)
			}
		}
	}
	if top := res.Rows[len(res.Rows)-1]; top.Protected.Refused == 0 {
		t.Error("nothing was refused at the highest load")
	}
	if !strings.Contains(log.String(), " 3.0x protected offered") {
		t.Errorf("progress:\n%s", log.String())
	}
	expectGoroutines(t, before)
}

func TestInterruptStopsAtOnceAndLeavesNothing(t *testing.T) {
	for name := range scenarios {
		t.Run(name, func(t *testing.T) { expectInterrupt(t, name) })
	}
}

func expectInterrupt(t *testing.T, scenario string) {
	t.Helper()
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	interrupted, interrupt := context.WithCancel(t.Context())
	context.AfterFunc(ctx, interrupt)

	var stdout, stderr bytes.Buffer
	code := run(interrupted, []string{"-scenario", scenario, "-seconds", "600", "-svg", ""}, &stdout, &stderr, true)
	if code != 130 || stdout.Len() > 0 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout.String(), stderr.String())
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

func TestUserHangsUpAndTheRequestIsLate(t *testing.T) {
	p := short(slowBackendPlan())
	p.backend = func() backend { return newPool(1, time.Hour) }
	p.patience = 50 * time.Millisecond
	srv, err := startServer(p, bare)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.close()
	c := newClient(p, srv.url, &tally{})
	defer c.http.CloseIdleConnections()
	if e, took := c.request(t.Context(), time.Now()); e != late || took != p.patience {
		t.Errorf("got %v after %v", e, took)
	}
}

func TestStatusDecidesTheEnding(t *testing.T) {
	for status, want := range map[int]ending{
		http.StatusOK:                  good,
		http.StatusTooManyRequests:     refused,
		http.StatusServiceUnavailable:  refused,
		http.StatusGatewayTimeout:      late,
		http.StatusInternalServerError: failed,
	} {
		p := short(slowBackendPlan())
		p.deadline, p.patience = time.Minute, time.Minute
		srv, err := startServer(p, func(plan, http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		})
		if err != nil {
			t.Fatal(err)
		}
		c := newClient(p, srv.url, &tally{})
		if e, _ := c.request(t.Context(), time.Now()); e != want {
			t.Errorf("%d: got %v, want %v", status, e, want)
		}
		if e, _ := c.request(t.Context(), time.Now().Add(-30*time.Second)); e != want {
			t.Errorf("%d within the deadline: got %v, want %v", status, e, want)
		}
		c.http.CloseIdleConnections()
		srv.close()
		if e, _ := c.request(t.Context(), time.Now()); e != failed {
			t.Errorf("no server: got %v", e)
		}
	}
}

func TestListenerHoldsConnectionsBeyondItsBound(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &boundedListener{Listener: inner, slots: make(chan struct{}, 1)}
	for range 2 {
		conn, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	first, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- conn
	}()
	select {
	case <-accepted:
		t.Fatal("accepted beyond the bound")
	case <-time.After(50 * time.Millisecond):
	}
	_ = first.Close()
	_ = first.Close() // gives back one slot, not two
	second := <-accepted
	if len(l.slots) != 1 {
		t.Errorf("%d slots taken", len(l.slots))
	}
	_ = second.Close()
	_ = inner.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) || len(l.slots) != 0 {
		t.Errorf("Accept on a closed listener: %v, %d slots taken", err, len(l.slots))
	}
}
