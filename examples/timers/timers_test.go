package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestUnusedSessionsExpireAndTheOthersAreLeft(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := newProgram().Execute(t.Context(),
		[]string{"-json", "-sessions", "2000", "-seconds", "1.2", "-rate", "1000"}, &stdout, &stderr)
	var res result
	if err := json.Unmarshal(stdout.Bytes(), &res); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v, stdout %q, stderr %q", code, err, stdout.String(), stderr.String())
	}
	if res.Sessions != 2000 || res.Expired != 1000 || res.Left != 1000 || res.Early != 0 || res.Used == 0 || res.BytesEach <= 0 {
		t.Errorf("%+v", res)
	}
	if !strings.Contains(stderr.String(), "pending") {
		t.Errorf("no table: %s", stderr.String())
	}
}

func TestBadFlagsExitWithTwo(t *testing.T) {
	for _, args := range [][]string{{"-sessions", "1"}, {"-seconds", "NaN"}, {"-tick", "0"}, {"-rate", "0"}} {
		var stdout, stderr bytes.Buffer
		if code := newProgram().Execute(t.Context(), args, &stdout, &stderr); code != 2 || stderr.Len() == 0 {
			t.Errorf("%q: exit code %d, %q", args, code, stderr.String())
		}
	}
}

func TestAnInterruptEndsItAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	var stdout, stderr bytes.Buffer
	if code := newProgram().Execute(ctx, []string{"-seconds", "600", "-sessions", "100"}, &stdout, &stderr); code != 130 {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
}
