package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFlagsHaveTheDocumentedDefaults(t *testing.T) {
	var stderr bytes.Buffer
	got, err := parseFlags(nil, &stderr)
	want := options{scenario: "cpu", measure: 5 * time.Second, svg: "overload.svg"}
	if err != nil || got != want || stderr.Len() > 0 {
		t.Errorf("got %+v, %v, %q", got, err, stderr.String())
	}
}

func TestSecondsMayBeAFraction(t *testing.T) {
	got, err := parseFlags([]string{"-seconds", "0.25"}, &bytes.Buffer{})
	if err != nil || got.measure != 250*time.Millisecond {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestBadFlagsExitWithTwoAndSayWhy(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"-scenario", "memory"}, "-scenario must be cpu or slow-backend"},
		{[]string{"-scenario", ""}, "-scenario must be cpu or slow-backend"},
		{[]string{"-seconds", "0"}, "-seconds must be between"},
		{[]string{"-seconds", "-1"}, "-seconds must be between"},
		{[]string{"-seconds", "NaN"}, "-seconds must be between"},
		{[]string{"-seconds", "Inf"}, "-seconds must be between"},
		{[]string{"-seconds", "1e300"}, "-seconds must be between"},
		{[]string{"-seconds", "five"}, "invalid value"},
		{[]string{"-svg", dir}, "is a directory"},
		{[]string{"-svg", filepath.Join(dir, "no", "such.svg")}, "is not a directory"},
		{[]string{"-unknown"}, "not defined"},
		{[]string{"5"}, "unexpected argument"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), c.args, &stdout, &stderr, false)
		if code != 2 || stdout.Len() > 0 || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q", c.args, code, stdout.String(), stderr.String())
		}
	}
}

func TestHelpIsNoError(t *testing.T) {
	if code := run(t.Context(), []string{"-h"}, &bytes.Buffer{}, &bytes.Buffer{}, false); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
