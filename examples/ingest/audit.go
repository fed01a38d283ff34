package main

import (
	"bufio"
	"errors"
	"io"
	"os"
)

// An audit compares what is in a file with what callers know.
type audit struct {
	lost  int // lines that were acknowledged and are not there
	twice int // lines that are there again, since their caller was not answered and posted them again
	wrong int // lines that nobody has posted, or that are there again without such a reason
}

func auditFile(name string, callers []*caller) (audit, error) {
	var a audit
	file, err := os.Open(name)
	if err != nil {
		return a, err
	}
	defer file.Close()
	found := make([][]uint8, len(callers)) // how often each line is there
	for i, c := range callers {
		found[i] = make([]uint8, (c.acked+1)*c.lines) // and those of the post that was the last
	}
	lines := bufio.NewReaderSize(file, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 {
			break
		}
		if err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull) {
			return a, err
		}
		c, n, ok := parseLine(line)
		if !ok || c < 0 || c >= len(found) || n < 0 || n >= len(found[c]) || found[c][n] == 255 {
			a.wrong++
			continue
		}
		found[c][n]++
	}
	for i, c := range callers {
		a.count(c, found[i])
	}
	return a, nil
}

func (a *audit) count(c *caller, found []uint8) {
	for n, times := range found {
		post := n / c.lines
		most := c.unsure[post]
		if post < c.acked {
			most++
			if times == 0 {
				a.lost++
			}
		}
		again := max(0, int(times)-1)
		a.twice += again
		if over := int(times) - most; over > 0 {
			a.wrong += over
			a.twice -= min(again, over)
		}
	}
}

func (a audit) plus(b audit) audit {
	return audit{a.lost + b.lost, a.twice + b.twice, a.wrong + b.wrong}
}
