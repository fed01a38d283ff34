package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// reopen opens a journal with some text, as an earlier process has left it.
func reopen(t *testing.T, text string) (*journal, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "lines.log")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	j, err := openJournal(name, 0)
	if err == nil {
		t.Cleanup(func() { j.file.Close() })
	}
	return j, err
}

func TestHalfALineAtTheEndIsCutOff(t *testing.T) {
	long := strings.Repeat("x", maxLine-1)
	for text, want := range map[string]string{
		"":                               "",
		"tw":                             "",
		"one\n":                          "one\n",
		"one\ntw":                        "one\n",
		"one\n" + long:                   "one\n",
		"one\n" + long + "\n":            "one\n" + long + "\n",
		strings.Repeat("a\n", 9e4) + "b": strings.Repeat("a\n", 9e4),
	} {
		j, err := reopen(t, text)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.append([]*post{newPost([]byte("new\n"))}); err != nil {
			t.Fatal(err)
		}
		if got := content(t, j.file.Name()); got != want+"new\n" {
			t.Errorf("of %d bytes there are %d, not %d", len(text), len(got), len(want)+4)
		}
	}
}

func TestAFileWithoutLinesIsNotCutToPieces(t *testing.T) {
	if _, err := reopen(t, strings.Repeat("x", maxLine+1)); err == nil {
		t.Error("it was taken for a journal")
	}
}

func TestWhatAFailedTryLeftIsGoneBeforeTheNext(t *testing.T) {
	j, err := reopen(t, "one\n")
	if err != nil {
		t.Fatal(err)
	}
	file, healthy := j.file, j.sync
	j.sync = func() error { // the disk goes away, so that the file cannot even be cut
		j.file, err = os.Open(file.Name())
		return errors.Join(errDisk, err)
	}
	if err := j.append([]*post{newPost([]byte("a long line\n"))}); !errors.Is(err, errDisk) || !j.torn {
		t.Fatalf("%v, %v", err, j.torn)
	}
	if err := j.append([]*post{newPost([]byte("not even tried\n"))}); err == nil || !j.torn {
		t.Fatalf("%v, %v", err, j.torn)
	}
	j.file.Close()
	j.file, j.sync = file, healthy
	if err := j.append([]*post{newPost([]byte("two\n"))}); err != nil {
		t.Fatal(err)
	}
	if got := content(t, file.Name()); got != "one\ntwo\n" {
		t.Errorf("%q", got)
	}
}

func TestEveryNthFsyncFails(t *testing.T) {
	j, err := reopen(t, "")
	if err != nil {
		t.Fatal(err)
	}
	j.every = 3
	for i := 1; i <= 9; i++ {
		if err := j.append([]*post{newPost([]byte("one\n"))}); (err != nil) != (i%3 == 0) {
			t.Errorf("fsync %d: %v", i, err)
		}
	}
	if got := content(t, j.file.Name()); got != strings.Repeat("one\n", 6) || j.lines.Load() != 6 || j.fsyncs.Load() != 9 {
		t.Errorf("%q, %d lines, %d fsyncs", got, j.lines.Load(), j.fsyncs.Load())
	}
}
