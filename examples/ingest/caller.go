package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	pause    = 10 * time.Millisecond // that a caller makes at most before it posts lines again
	patience = time.Minute           // of a caller that waits for an answer
)

// A caller posts lines, so many at a time, and the same ones again until they are
// acknowledged.
type caller struct {
	client *http.Client
	url    *atomic.Pointer[string] // of the server; each process has its own
	id     int
	lines  int // of a post

	acked  int         // posts; their numbers are those below
	unsure map[int]int // how often a post was sent and not answered
	body   []byte

	tally
}

// newCaller has one connection, so that none is spare: a server that drains would wait
// for that to be used.
func newCaller(id, lines int, url *atomic.Pointer[string]) *caller {
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}, Timeout: patience}
	return &caller{client: client, url: url, id: id, lines: lines, unsure: map[int]int{}}
}

// A tally says what became of posts.
type tally struct {
	took                        []time.Duration // those that were acknowledged
	refused, failed, unanswered int
	problem                     error // an answer that there should not be
}

// keepPosting posts until until is closed, and then waits for the last answer.
func (c *caller) keepPosting(ctx context.Context, until <-chan struct{}) {
	for c.problem == nil {
		wait := c.post(ctx)
		select {
		case <-until:
			return
		default:
		}
		if wait <= 0 {
			continue
		}
		select {
		case <-time.After(wait):
		case <-until:
			return
		}
	}
}

// post sends lines once, and returns how long to wait before the next time.
func (c *caller) post(ctx context.Context) (wait time.Duration) {
	c.body = c.body[:0]
	for i := range c.lines {
		c.body = appendLine(c.body, c.id, c.acked*c.lines+i)
	}
	begin := time.Now()
	resp, err := c.send(ctx)
	wait = rand.N(pause)
	switch {
	case err != nil:
		if op, ok := errors.AsType[*net.OpError](err); !ok || op.Op != "dial" {
			c.unsure[c.acked]++ // it was sent, so the lines may be in the file
			c.unanswered++
		}
	case resp.status == http.StatusOK && resp.Lines == c.lines:
		c.took = append(c.took, time.Since(begin))
		c.acked++
		wait = 0
	case resp.status == http.StatusServiceUnavailable:
		c.refused++
		wait += resp.retryAfter
	case resp.status == http.StatusInternalServerError:
		c.failed++
	default:
		c.problem = fmt.Errorf("a post was answered %d, with %d lines", resp.status, resp.Lines)
	}
	return wait
}

type response struct {
	receipt
	status     int
	retryAfter time.Duration
}

func (c *caller) send(ctx context.Context) (r response, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, *c.url.Load()+"/lines", bytes.NewReader(c.body))
	if err != nil {
		return r, err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return r, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return r, err
	}
	r.status = resp.StatusCode
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	r.retryAfter = time.Duration(seconds) * time.Second
	if r.status == http.StatusOK {
		err = json.Unmarshal(text, &r.receipt)
	}
	return r, err
}

// appendLine appends the nth line of a caller. The audit knows it again.
func appendLine(b []byte, caller, n int) []byte {
	b = strconv.AppendInt(b, int64(caller), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(n), 10)
	return append(b, " the weir holds the water\n"...)
}

// parseLine is the inverse of appendLine.
func parseLine(line []byte) (caller, n int, ok bool) {
	first, rest, _ := bytes.Cut(line, []byte{' '})
	second, _, _ := bytes.Cut(rest, []byte{' '})
	caller, err1 := strconv.Atoi(string(first))
	n, err2 := strconv.Atoi(string(second))
	var buf [64]byte
	ok = err1 == nil && err2 == nil && bytes.Equal(line, appendLine(buf[:0], caller, n))
	return caller, n, ok
}
