package main

import (
	"context"
	"io"
	"os"
)

// A tally is what was counted in some files.
type tally struct {
	index    map[string]int // where in words
	words    []word
	total    int // words, the same ones again and again
	files    int
	bytes    int64
	problems []error

	buf [64 << 10]byte
}

type word struct {
	Word  string `json:"word"`
	Count int    `json:"count"`
}

func newTally() *tally { return &tally{index: map[string]int{}} }

// take counts a file. What goes wrong is part of the tally; after the end of ctx the
// file is left alone.
func (t *tally) take(ctx context.Context, e entry) {
	if e.err == nil {
		e.err = t.open(ctx, e.path)
	}
	if e.err != nil {
		t.problems = append(t.problems, e.err)
	}
}

func (t *tally) open(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return t.read(ctx, f)
}

func (t *tally) read(ctx context.Context, r io.Reader) error {
	for kept := 0; ctx.Err() == nil; {
		n, err := r.Read(t.buf[kept:])
		t.bytes += int64(n)
		kept = t.count(kept+n, err != nil)
		switch {
		case err == io.EOF:
			t.files++
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// count counts the words in so many bytes of buf. A word at their end may go on,
// unless they are the last or there is no more room: that is moved to the front, and
// its length returned.
func (t *tally) count(n int, last bool) (kept int) {
	b, from := t.buf[:n], 0
	for i, c := range b {
		if small := letters[c]; small != 0 {
			b[i] = small
			continue
		}
		if i > from {
			t.found(b[from:i])
		}
		from = i + 1
	}
	switch rest := b[from:]; {
	case len(rest) == 0:
		return 0
	case last || len(rest) == len(t.buf):
		t.found(rest)
		return 0
	default:
		return copy(t.buf[:], rest)
	}
}

func (t *tally) found(letters []byte) {
	if len(letters) < 2 {
		return
	}
	t.total++
	if i, ok := t.index[string(letters)]; ok { // which makes no string
		t.words[i].Count++
		return
	}
	t.add(word{string(letters), 1})
}

func (t *tally) add(w word) {
	if i, ok := t.index[w.Word]; ok {
		t.words[i].Count += w.Count
		return
	}
	t.index[w.Word] = len(t.words)
	t.words = append(t.words, w)
}

// merge moves all that is in other into t.
func (t *tally) merge(other *tally) {
	for _, w := range other.words {
		t.add(w)
	}
	t.total += other.total
	t.files += other.files
	t.bytes += other.bytes
	t.problems = append(t.problems, other.problems...)
	clear(other.index)
	clear(other.words)
	other.words, other.problems = other.words[:0], nil
	other.total, other.files, other.bytes = 0, 0, 0
}

// letters has the small letter for each byte that is part of a word, else 0.
var letters = func() (small [256]byte) {
	for c := range small {
		switch b := byte(c); {
		case b >= 'A' && b <= 'Z':
			small[c] = b + 'a' - 'A'
		case b >= 'a' && b <= 'z', b >= 0x80:
			small[c] = b
		}
	}
	return small
}()
