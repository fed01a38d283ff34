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

func TestCallersSeeNoErrorWhileRedisDiesAndComesBack(t *testing.T) {
	before := runtime.NumGoroutine()
	var stdout, stderr bytes.Buffer
	code := newProgram().Execute(t.Context(), []string{"-json", "-seconds", "1.6", "-users", "500"}, &stdout, &stderr)
	var res result
	if err := json.Unmarshal(stdout.Bytes(), &res); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v, stdout %q, stderr %q", code, err, stdout.String(), stderr.String())
	}
	if res.Errors != 0 || res.Memory == 0 || res.Queries == 0 || res.Requests < res.Queries {
		t.Errorf("%+v", res)
	}
	if !strings.Contains(stderr.String(), "down") || !strings.Contains(stderr.String(), "up") {
		t.Errorf("no table: %s", stderr.String())
	}
	for i := 0; runtime.NumGoroutine() > before && i < 500; i++ {
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

func TestBadFlagsExitWithTwo(t *testing.T) {
	for _, args := range [][]string{{"-seconds", "0"}, {"-users", "1"}, {"-callers", "0"}} {
		var stdout, stderr bytes.Buffer
		if code := newProgram().Execute(t.Context(), args, &stdout, &stderr); code != 2 || stderr.Len() == 0 {
			t.Errorf("%q: exit code %d, %q", args, code, stderr.String())
		}
	}
}

func TestAnInterruptEndsItAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	var stdout, stderr bytes.Buffer
	if code := newProgram().Execute(ctx, []string{"-seconds", "600"}, &stdout, &stderr); code != 130 {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
}
