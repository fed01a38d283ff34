package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/weirgo/weir/examples/internal/program"
	"github.com/weirgo/weir/mr"
)

const (
	large = 2048                   // different words of a tally, when it goes to the reducer
	every = 500 * time.Millisecond // is told how far it has come
)

// A counter counts the words of some files.
type counter struct {
	tallies []*tally
	free    chan *tally // those that nobody counts into, nor reduces
	total   *tally

	progress io.Writer
	start    time.Time
	told     time.Time // when it was last said how far it has come
	problems int       // that were reported
}

func newCounter(workers int, progress io.Writer) *counter {
	c := &counter{free: make(chan *tally, 2*workers), total: newTally(), progress: progress, start: time.Now()}
	for range cap(c.free) {
		t := newTally()
		c.tallies = append(c.tallies, t)
		c.free <- t
	}
	return c
}

// count returns when all of source is counted, or ctx ends. The total has what was
// counted until then, in any case.
func (c *counter) count(ctx context.Context, source iter.Seq[entry]) error {
	_, err := mr.MapReduce(ctx, source, c.mapper, c.reducer, mr.Options{Workers: len(c.tallies) / 2})
	// All workers have returned. What the reducer has got is empty by now.
	for _, t := range c.tallies {
		c.take(t)
	}
	return err
}

// mapper counts one file.
func (c *counter) mapper(ctx context.Context, e entry, yield func(*tally)) error {
	var t *tally
	select {
	case t = <-c.free:
	case <-ctx.Done():
		return ctx.Err()
	}
	t.take(ctx, e)
	if len(t.words) >= large {
		yield(t)
	} else {
		c.free <- t // which has room for all
	}
	return nil
}

// reducer adds up.
func (c *counter) reducer(_ context.Context, tallies iter.Seq[*tally]) (struct{}, error) {
	for t := range tallies {
		c.take(t)
		c.free <- t
	}
	return struct{}{}, nil
}

// take moves a tally into the total, and reports.
func (c *counter) take(t *tally) {
	c.total.merge(t)
	for ; c.problems < len(c.total.problems); c.problems++ {
		fmt.Fprintf(c.progress, "wordcount: %v\n", c.total.problems[c.problems])
	}
	if time.Since(c.told) >= every {
		c.told = time.Now()
		fmt.Fprintf(c.progress, "%6.1fs %7d files %8.1f MB %11d words, %8d different\n", time.Since(c.start).Seconds(),
			c.total.files, float64(c.total.bytes)/1e6, c.total.total, len(c.total.words))
	}
}

// A result is what was counted.
type result struct {
	Dir       string  `json:"dir"`
	Seconds   float64 `json:"seconds"`
	Files     int     `json:"files"`
	Bytes     int64   `json:"bytes"`
	Words     int     `json:"words"`
	Different int     `json:"different"`
	Problems  int     `json:"problems"`
	Top       []word  `json:"top"`
}

func (r result) Verdict() string {
	var text strings.Builder
	for _, w := range r.Top {
		fmt.Fprintf(&text, "%11d %s\n", w.Count, w.Word)
	}
	fmt.Fprintf(&text, "%d words, %d of them different, in %d files of %s, %.1f MB in %.2f s. %d could not be counted.",
		r.Words, r.Different, r.Files, r.Dir, float64(r.Bytes)/1e6, r.Seconds, r.Problems)
	return text.String()
}

func (o options) run(ctx context.Context, out, progress io.Writer) (program.Result, error) {
	c := newCounter(o.workers, progress)
	err := c.count(ctx, under(o.dir))
	res := c.result(o)
	if ctx.Err() != nil {
		fmt.Fprintf(out, "So far:\n%s\n", res.Verdict())
	}
	return res, err
}

func (c *counter) result(o options) result {
	return result{
		Dir: o.dir, Seconds: time.Since(c.start).Seconds(),
		Files: c.total.files, Bytes: c.total.bytes, Words: c.total.total, Different: len(c.total.words),
		Problems: len(c.total.problems), Top: top(c.total.words, o.top),
	}
}

// top is the n most frequent of words.
func top(words []word, n int) []word {
	var best []word
	least := 0 // that the n best have
	for _, w := range words {
		if w.Count < least {
			continue
		}
		// Sorting all would take much longer than to count the last of them.
		if best = append(best, w); len(best) == 2*n+100 {
			best = sorted(best)[:n]
			least = best[n-1].Count
		}
	}
	return sorted(best)[:min(n, len(best))]
}

func sorted(words []word) []word {
	slices.SortFunc(words, func(a, b word) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Word, b.Word))
	})
	return words
}
