package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMain is the program itself where a test starts it as a process.
func TestMain(m *testing.M) {
	if os.Getenv("WORDCOUNT_TEST_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

func execute(t *testing.T, args ...string) (res result, stderr string) {
	t.Helper()
	var out, progress bytes.Buffer
	code := newProgram(&progress).Execute(t.Context(), append(args, "-json"), &out, io.Discard)
	if err := json.Unmarshal(out.Bytes(), &res); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v, stdout %q, stderr %q", code, err, out.String(), progress.String())
	}
	return res, progress.String()
}

// write makes a file of dir, and the directories it is in.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// oneByOne counts what is under dir in the simplest way.
func oneByOne(t *testing.T, dir string) (counts map[string]int, total, files int) {
	t.Helper()
	counts = map[string]int{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		files++
		for _, w := range bytes.FieldsFunc(ascii(text), func(r rune) bool { return r < 'a' || r > 'z' && r < 0x80 }) {
			if len(w) >= 2 {
				counts[string(w)]++
				total++
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return counts, total, files
}

// ascii makes capitals small, and nothing else.
func ascii(text []byte) []byte {
	for i, c := range text {
		if c >= 'A' && c <= 'Z' {
			text[i] = c + 'a' - 'A'
		}
	}
	return text
}

func TestManyWorkersCountWhatOneByOneCounts(t *testing.T) {
	dir := filepath.Join(sources(), "unicode") // with letters of all kinds
	want, total, files := oneByOne(t, dir)
	for _, workers := range []int{1, 2, 16} {
		c := newCounter(workers, io.Discard)
		if err := c.count(t.Context(), under(dir)); err != nil {
			t.Fatal(err)
		}
		if c.total.total != total || c.total.files != files || len(c.total.words) != len(want) {
			t.Fatalf("%d words of %d files, %d different; not %d of %d, %d", c.total.total, c.total.files,
				len(c.total.words), total, files, len(want))
		}
		for _, w := range c.total.words {
			if want[w.Word] != w.Count {
				t.Fatalf("%q: %d, not %d", w.Word, w.Count, want[w.Word])
			}
		}
	}
}

func TestMostFrequentWordsComeFirst(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a", "The weir holds the water.")
	write(t, dir, "b/c", "the_river, the Weir; x")
	res, _ := execute(t, "-dir", dir, "-top", "3")
	want := []word{{"the", 4}, {"weir", 2}, {"holds", 1}}
	if !slices.Equal(res.Top, want) || res.Words != 9 || res.Different != 5 || res.Files != 2 || res.Problems != 0 {
		t.Errorf("%+v", res)
	}
}

func TestTopIsThatOfAllSorted(t *testing.T) {
	var words []word
	for i := range 5000 {
		words = append(words, word{strings.Repeat("ab", 1+i%40) + strings.Repeat("c", i/40), i * 7919 % 613})
	}
	for _, n := range []int{1, 2, 100, 4999, 5000, 6000} {
		got := top(words, n)
		want := sorted(slices.Clone(words))[:min(n, len(words))]
		if !slices.Equal(got, want) {
			t.Errorf("of %d, %v is not %v", n, got, want)
		}
	}
}

// Files are read in pieces, and a word may lie on the edge.
func TestWordsAreWholeWhereverAFileIsCut(t *testing.T) {
	dir := t.TempDir()
	size := len(new(tally).buf)
	for i := range 8 {
		write(t, dir, strings.Repeat("f", i+1), strings.Repeat(".", size-i)+"weir lock "+strings.Repeat(".", size)+"end")
	}
	res, _ := execute(t, "-dir", dir)
	want := []word{{"end", 8}, {"lock", 8}, {"weir", 8}}
	if !slices.Equal(res.Top, want) {
		t.Errorf("%v", res.Top)
	}
	write(t, dir, "one", strings.Repeat("z", 2*size+10))
	if res, _ = execute(t, "-dir", dir); res.Words != 27 {
		t.Errorf("a word that is longer than what is read at a time: %+v", res)
	}
}

func TestWhatCannotBeCountedIsReportedAndNotFatal(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "good", "one word")
	write(t, dir, "sub/good", "one more")
	problems := []string{"nowhere", "folder"}
	for name, to := range map[string]string{"nowhere": "vanished", "folder": "sub", "file": "good"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() > 0 { // for others there are no limits
		write(t, dir, "secret", "unseen")
		write(t, dir, "locked/unseen", "unseen")
		for _, name := range []string{"secret", "locked"} {
			name := filepath.Join(dir, name)
			if err := os.Chmod(name, 0); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(name, 0o755) })
		}
		problems = append(problems, "secret", "locked")
	}
	res, stderr := execute(t, "-dir", dir)
	if res.Files != 3 || res.Words != 6 || res.Problems != len(problems) {
		t.Errorf("%+v", res)
	}
	for _, name := range problems {
		if !strings.Contains(stderr, filepath.Join(dir, name)) {
			t.Errorf("%s is not reported: %q", name, stderr)
		}
	}
}

// A file may vanish, or become a directory, after it was found.
func TestAFileThatVanishesIsReported(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "here", "still here")
	c := newCounter(2, io.Discard)
	err := c.count(t.Context(), slices.Values([]entry{
		{path: filepath.Join(dir, "gone")}, {path: filepath.Join(dir, "here")}, {path: dir},
	}))
	if err != nil || c.total.files != 1 || c.total.total != 2 || len(c.total.problems) != 2 {
		t.Errorf("%v, %d files, %d words, %v", err, c.total.files, c.total.total, c.total.problems)
	}
}

// first calls then when something is written for the first time.
type first struct{ then func() }

func (f *first) Write(p []byte) (int, error) {
	if f.then != nil {
		f.then()
		f.then = nil
	}
	return len(p), nil
}

func TestAnInterruptSaysWhatWasCountedSoFar(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var stdout bytes.Buffer
	code := newProgram(&first{then: cancel}).Execute(ctx, []string{"-workers", "2"}, &stdout, io.Discard)
	if text := stdout.String(); code != 130 || !strings.HasPrefix(text, "So far:\n") || !strings.Contains(text, " the\n") {
		t.Errorf("exit code %d, %q", code, text)
	}
}

// What was counted when the run ends is not lost, nor counted twice.
func TestWhatWasCountedAtAnInterruptIsWhole(t *testing.T) {
	const text = "weir lock "
	dir, files := t.TempDir(), 0
	write(t, dir, "f", strings.Repeat(text, 100))
	ctx, cancel := context.WithCancel(t.Context())
	c := newCounter(4, io.Discard)
	err := c.count(ctx, func(yield func(entry) bool) {
		for yield(entry{path: filepath.Join(dir, "f")}) {
			if files++; files == 1000 {
				cancel()
			}
		}
	})
	weirs := int(c.total.bytes) / len(text)
	want := []word{{"lock", weirs}, {"weir", weirs}}
	if err != context.Canceled || weirs == 0 || !slices.Equal(top(c.total.words, 9), want) || c.total.total != 2*weirs {
		t.Errorf("%v, %d words of %d bytes, %v", err, c.total.total, c.total.bytes, c.total.words)
	}
	if left := weirs/100 - c.total.files; left < 0 || left > 4 { // read, but not to the end
		t.Errorf("%d files of %d bytes", c.total.files, c.total.bytes)
	}
}

func TestASignalEndsTheProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := exec.CommandContext(t.Context(), self, "-workers", "1")
	program.Env = append(os.Environ(), "WORDCOUNT_TEST_MAIN=1")
	var stdout bytes.Buffer
	program.Stdout = &stdout
	program.Stderr = &first{then: func() { _ = program.Process.Signal(os.Interrupt) }}
	_ = program.Run() // an *exec.ExitError
	if code := program.ProcessState.ExitCode(); code != 130 || !strings.HasPrefix(stdout.String(), "So far:\n") {
		t.Errorf("exit code %d, %q", code, stdout.String())
	}
}

func TestBadFlagsExitWithTwo(t *testing.T) {
	for _, args := range [][]string{
		{"-workers", "0"}, {"-top", "0"}, {"-dir", ""}, {"-dir", filepath.Join(t.TempDir(), "none")}, {"more"},
	} {
		var stdout, stderr bytes.Buffer
		if code := newProgram(io.Discard).Execute(t.Context(), args, &stdout, &stderr); code != 2 || stderr.Len() == 0 {
			t.Errorf("%q: exit code %d, %q", args, code, stderr.String())
		}
	}
}
