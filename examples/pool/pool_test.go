package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestRestartsOfTheServerReachNoCaller(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := newProgram().Execute(t.Context(), []string{"-json", "-seconds", "1.2", "-conns", "4"}, &stdout, &stderr)
	var res result
	if err := json.Unmarshal(stdout.Bytes(), &res); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v, stdout %q, stderr %q", code, err, stdout.String(), stderr.String())
	}
	if res.Restarts != 2 || res.Errors != 0 || res.Retried < 2 || res.Echoed == 0 || res.Created < 3 || res.Destroyed < 2 {
		t.Errorf("%+v", res)
	}
	if !strings.Contains(stderr.String(), "waiting") {
		t.Errorf("no table: %s", stderr.String())
	}
}

func TestAnEchoOfSomethingElseIsAnError(t *testing.T) {
	s, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	w, err := newClient(s.addr(), 1).dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Write([]byte("left over\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.echo(t.Context(), "mine"); err == nil {
		t.Error("the echo of another line was taken")
	}
}

func TestBadFlagsExitWithTwo(t *testing.T) {
	for _, args := range [][]string{{"-callers", "0"}, {"-conns", "0"}, {"-seconds", "NaN"}} {
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
	if code := newProgram().Execute(ctx, []string{"-seconds", "600"}, &stdout, &stderr); code != 130 {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
}
