package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAllChunksButTheTwoThatPanicAreHashedInOrderAndStored(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := newProgram().Execute(t.Context(), []string{"-json", "-seconds", "1.2", "-workers", "4"}, &stdout, &stderr)
	var res result
	if err := json.Unmarshal(stdout.Bytes(), &res); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v, stdout %q, stderr %q", code, err, stdout.String(), stderr.String())
	}
	if res.HashPanicked != 1 || res.StorePanicked != 1 || int(res.Stored) != res.Chunks-2 || res.Bytes == 0 {
		t.Errorf("%+v", res)
	}
	if want := manifestOf(res.Chunks); res.Manifest != want {
		t.Errorf("manifest %s, not %s", res.Manifest, want)
	}
	if !strings.Contains(stderr.String(), "queued") {
		t.Errorf("no table: %s", stderr.String())
	}
}

// manifestOf is the manifest of so many chunks, made one after another.
func manifestOf(chunks int) string {
	manifest := sha256.New()
	for i := range chunks {
		if i != unhashable {
			sum := sha256.Sum256(newChunk(i).data)
			manifest.Write(sum[:])
		}
	}
	return fmt.Sprintf("%x", manifest.Sum(nil))
}

func TestBadFlagsExitWithTwo(t *testing.T) {
	for _, args := range [][]string{{"-workers", "0"}, {"-seconds", "NaN"}, {"more"}} {
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
