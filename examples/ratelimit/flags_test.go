package main

import (
	"bytes"
	"flag"
	"strings"
	"testing"
)

func TestFlagsHaveTheDocumentedDefaults(t *testing.T) {
	var got options
	got.define(flag.NewFlagSet("ratelimit", flag.PanicOnError))
	want := options{seconds: 12, rate: 200, replicas: 2}
	if err := got.check(); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestATenthOfTheRateMayComeAtOnceButNoLessThanOneEvent(t *testing.T) {
	for rate, want := range map[int]int{1: 1, 9: 1, 200: 20, 10_000: 1000} {
		if got := (options{rate: rate}).burst(); got != want {
			t.Errorf("%d: got %d, want %d", rate, got, want)
		}
	}
}

func TestBadFlagsExitWithTwoAndSayWhy(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"-seconds", "0"}, "-seconds must be between"},
		{[]string{"-seconds", "-1"}, "-seconds must be between"},
		{[]string{"-seconds", "NaN"}, "-seconds must be between"},
		{[]string{"-seconds", "1e300"}, "-seconds must be between"},
		{[]string{"-seconds", "five"}, "invalid value"},
		{[]string{"-rate", "0"}, "-rate must be between"},
		{[]string{"-rate", "10001"}, "-rate must be between"},
		{[]string{"-rate", "0.5"}, "invalid value"},
		{[]string{"-replicas", "0"}, "-replicas must be between"},
		{[]string{"-replicas", "9"}, "-replicas must be between"},
		{[]string{"-redis", "localhost"}, "-redis: "},
		{[]string{"-unknown"}, "not defined"},
		{[]string{"5"}, "unexpected argument"},
	} {
		var stdout, stderr bytes.Buffer
		code := example().Execute(t.Context(), c.args, &stdout, &stderr)
		if code != 2 || stdout.Len() > 0 || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q", c.args, code, stdout.String(), stderr.String())
		}
	}
}
