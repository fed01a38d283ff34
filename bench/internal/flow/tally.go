package flow

import (
	"bytes"
	"os"
)

// A tally is what was counted in some files.
type tally struct {
	index  map[string]int // where in words
	words  []string
	counts []int
	total  int
	bad    int // files that could not be read
	buf    bytes.Buffer
}

func newTally() *tally { return &tally{index: map[string]int{}} }

// sum tells whether all was counted.
func (t *tally) sum() int { return t.total + len(t.words) - t.bad<<32 }

func (t *tally) read(path string) {
	f, err := os.Open(path)
	if err == nil {
		t.buf.Reset()
		_, err = t.buf.ReadFrom(f)
		f.Close()
	}
	if err != nil {
		t.bad++
		return
	}
	t.count(t.buf.Bytes())
}

// count takes runs of letters for words.
func (t *tally) count(text []byte) {
	from := 0
	for i, c := range text {
		if c|0x20 >= 'a' && c|0x20 <= 'z' {
			continue
		}
		if i > from {
			t.found(text[from:i])
		}
		from = i + 1
	}
	if from < len(text) {
		t.found(text[from:])
	}
}

func (t *tally) found(word []byte) {
	t.total++
	if i, ok := t.index[string(word)]; ok {
		t.counts[i]++
		return
	}
	t.add(string(word), 1)
}

func (t *tally) add(word string, n int) {
	if i, ok := t.index[word]; ok {
		t.counts[i] += n
		return
	}
	t.index[word] = len(t.words)
	t.words, t.counts = append(t.words, word), append(t.counts, n)
}

// merge moves all that is in other into t.
func (t *tally) merge(other *tally) {
	for i, word := range other.words {
		t.add(word, other.counts[i])
	}
	t.total += other.total
	t.bad += other.bad
	clear(other.index)
	clear(other.words)
	other.words, other.counts = other.words[:0], other.counts[:0]
	other.total, other.bad = 0, 0
}

// A wordBook is a total, and tallies for those who count. What has become large, a
// reducer adds to the total.
type wordBook struct {
	tallies []*tally
	free    chan *tally
	total   *tally
}

func newWordBook(tallies int) *wordBook {
	b := &wordBook{free: make(chan *tally, tallies), total: newTally()}
	for range tallies {
		t := newTally()
		b.tallies = append(b.tallies, t)
		b.free <- t
	}
	return b
}

// count counts a file, and returns a tally if that has become large.
func (b *wordBook) count(path string) *tally {
	const large = 2048
	t := <-b.free
	t.read(path)
	if len(t.words) < large {
		b.free <- t
		return nil
	}
	return t
}

func (b *wordBook) add(t *tally) {
	b.total.merge(t)
	b.free <- t
}

// sum is for the end.
func (b *wordBook) sum() int {
	for _, t := range b.tallies {
		b.total.merge(t)
	}
	return b.total.sum()
}
