package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain is the program itself where a test, or the show in it, starts a server.
func TestMain(m *testing.M) {
	if os.Getenv("INGEST_TEST_MAIN") != "" {
		main()
	}
	os.Setenv("INGEST_TEST_MAIN", "1")
	os.Exit(m.Run())
}

// show runs the whole program on a small scale.
func show(t *testing.T, args ...string) (code int, res result, stderr string) {
	t.Helper()
	before := runtime.NumGoroutine()
	dir := t.TempDir()
	var stdout, table bytes.Buffer
	args = append([]string{"-json", "-seconds", "0.6", "-callers", "8", "-dir", dir}, args...)
	code = newProgram().Execute(t.Context(), args, &stdout, &table)
	if code == 0 {
		if err := json.Unmarshal(stdout.Bytes(), &res); err != nil || !strings.HasSuffix(stdout.String(), "\"lost\":0}\n") {
			t.Errorf("%v, %q", err, stdout.String())
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in the directory: %v, %v", left, err)
	}
	for i := 0; runtime.NumGoroutine() > before && i < 500; i++ {
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
	return code, res, table.String()
}

func TestNothingIsLostOrThereTwiceWhenTheServerIsTerminated(t *testing.T) {
	code, res, table := show(t)
	if code != 0 || res.Kill != 15 || res.Restarts != 2 || res.Twice != 0 || res.Grouped.Failed != 0 {
		t.Errorf("exit code %d, %+v, %s", code, res, table)
	}
	if res.Grouped.Lines == 0 || res.Naive == nil || res.Naive.Lines == 0 || res.Naive.LinesPerFsync != 10 {
		t.Errorf("%+v", res)
	}
	if strings.Count(table, "kill -TERM") != 4 || strings.Count(table, " 0 given up and 0 lost") != 4 {
		t.Errorf("no such table: %s", table)
	}
}

func TestWhatWasAcknowledgedSurvivesAKill(t *testing.T) {
	code, res, table := show(t, "-kill", "9", "-naive=false", "-lines", "3")
	if code != 0 || res.Kill != 9 || res.Restarts != 2 || res.Grouped.Lines == 0 || res.Naive != nil {
		t.Errorf("exit code %d, %+v, %s", code, res, table)
	}
	if strings.Count(table, "kill -9") != 2 {
		t.Errorf("no such table: %s", table)
	}
}

func TestAnFsyncThatFailsIsRetriedUnseen(t *testing.T) {
	code, res, table := show(t, "-fail", "2", "-naive=false")
	if code != 0 || res.Grouped.Retries == 0 || res.Grouped.Failed != 0 || res.Twice != 0 {
		t.Errorf("exit code %d, %+v, %s", code, res, table)
	}
}

func TestBatchesGivenUpAreAnswered500AndPostedAgain(t *testing.T) {
	code, res, table := show(t, "-fail", "2", "-attempts", "1", "-naive=false")
	if code != 0 || res.Grouped.Failed == 0 || res.Grouped.Lines == 0 || res.Grouped.Retries != 0 || res.Twice != 0 {
		t.Errorf("exit code %d, %+v, %s", code, res, table)
	}
}

func TestADiskThatIsFullForEverIsAFailure(t *testing.T) {
	code, _, table := show(t, "-fail", "1", "-naive=false")
	if code != 1 || !strings.Contains(table, "nothing was acknowledged") {
		t.Errorf("exit code %d, %s", code, table)
	}
}

func TestAnInterruptEndsItAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	dir := t.TempDir()
	code := newProgram().Execute(ctx, []string{"-seconds", "120", "-callers", "2", "-dir", dir}, io.Discard, io.Discard)
	if left, err := os.ReadDir(dir); code != 130 || err != nil || len(left) > 0 {
		t.Errorf("exit code %d, %v, %v", code, left, err)
	}
}

func TestBadFlagsExitWithTwo(t *testing.T) {
	for _, args := range [][]string{
		{"-seconds", "NaN"}, {"-callers", "0"}, {"-lines", "1001"}, {"-kill", "2"}, {"-dir", filepath.Join(t.TempDir(), "none")},
		{"-size", "0"}, {"-interval", "0"}, {"-pending", "0"}, {"-attempts", "0"}, {"-fail", "-1"}, {"more"},
	} {
		var stdout, stderr bytes.Buffer
		if code := newProgram().Execute(t.Context(), args, &stdout, &stderr); code != 2 || stderr.Len() == 0 {
			t.Errorf("%q: exit code %d, %q", args, code, stderr.String())
		}
	}
	for _, args := range [][]string{{"-size", "0"}, {"-grace", "-1s"}, {"serve"}} {
		var stdout, stderr bytes.Buffer
		if code := newServing(nil).Execute(t.Context(), args, &stdout, &stderr); code != 2 || stderr.Len() == 0 {
			t.Errorf("serve %q: exit code %d, %q", args, code, stderr.String())
		}
	}
}

// The largest post that the flags allow must be one that the server takes.
func TestTheLargestPostFitsInABody(t *testing.T) {
	var body []byte
	for i := range 1000 {
		body = appendLine(body, 9999, 1e9+i)
	}
	if len(body) > maxBody {
		t.Errorf("%d bytes, at most %d", len(body), maxBody)
	}
}

func TestAServerEndsWithItsStdin(t *testing.T) {
	p, err := start(t.Context(), []string{"-addr", "127.0.0.1:0", "-file", filepath.Join(t.TempDir(), "lines.log")})
	if err != nil {
		t.Fatal(err)
	}
	p.stdin.Close()
	if err := p.wait(); err != nil || !strings.Contains(p.stdout.String(), `"lost":0}`) {
		t.Errorf("%v, %q, %q", err, p.stdout.String(), p.stderr.String())
	}
}

func TestAServerThatCannotStartSaysWhy(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	lines := filepath.Join(t.TempDir(), "lines.log")
	_, err = start(t.Context(), []string{"-addr", ln.Addr().String(), "-file", lines})
	if err == nil || !strings.Contains(err.Error(), ln.Addr().String()) {
		t.Error(err)
	}
	_, err = start(t.Context(), []string{"-addr", "127.0.0.1:0", "-file", filepath.Join(lines, "no")})
	if err == nil || !strings.Contains(err.Error(), "lines.log") {
		t.Error(err)
	}
}
