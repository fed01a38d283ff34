package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	os.Exit(m.Run())
}

// execute runs the program, and expects that it leaves nothing running.
func execute(t *testing.T, args ...string) (res result, table string) {
	t.Helper()
	before := runtime.NumGoroutine()
	var stdout, stderr bytes.Buffer
	code := newProgram().Execute(t.Context(), append(args, "-json"), &stdout, &stderr)
	if err := json.Unmarshal(stdout.Bytes(), &res); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v, stdout %q, stderr %q", code, err, stdout.String(), stderr.String())
	}
	expectGoroutines(t, before)
	return res, stderr.String()
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

// The figures depend on what else the machine does, so this looks at what must be so
// on any machine.
func TestThePlanGoesThroughAllTroubles(t *testing.T) {
	res, table := execute(t, "-seconds", "0.6")
	if len(res.Phases) != 7 || res.Capacity != 150 || res.Failed != 0 {
		t.Fatalf("%+v", res)
	}
	answered := 0.0
	for _, r := range res.Phases {
		answered += r.InTime
		sum := r.InTime + r.Late + r.Limited + r.Shed + r.Broken + r.Refused + r.Failed
		if r.Offered <= 0 || sum < r.Offered-0.1 || sum > r.Offered+0.1 || len(r.Shares) != fleet {
			t.Errorf("%+v", r)
		}
		if !strings.Contains(table, r.Phase) {
			t.Errorf("%q is not in the table", r.Phase)
		}
	}
	if answered == 0 {
		t.Error("nothing was answered in time")
	}
	if r := res.Phases[5]; r.Shares[1] > 0 {
		t.Errorf("with a backend and Redis killed: %+v", r)
	}
}

func TestALoadIsShownByTheSecond(t *testing.T) {
	res, _ := execute(t, "-load", "0.3", "-seconds", "2.5")
	if len(res.Phases) != 2 || res.Phases[1].Phase != "second 2" || res.Phases[1].Load != 0.3 {
		t.Errorf("%+v", res.Phases)
	}
}

func TestBadFlagsExitWithTwo(t *testing.T) {
	for _, args := range [][]string{{"-seconds", "0"}, {"-seconds", "NaN"}, {"-load", "-1"}, {"-load", "6"}} {
		var stdout, stderr bytes.Buffer
		if code := newProgram().Execute(t.Context(), args, &stdout, &stderr); code != 2 || stderr.Len() == 0 {
			t.Errorf("%q: exit code %d, %q", args, code, stderr.String())
		}
	}
}

func TestAnInterruptEndsItAtOnce(t *testing.T) {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	var stdout, stderr bytes.Buffer
	if code := newProgram().Execute(ctx, []string{"-seconds", "600"}, &stdout, &stderr); code != 130 {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
	expectGoroutines(t, before)
}
