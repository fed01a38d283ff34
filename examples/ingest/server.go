package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/executors"
)

const (
	maxBody = 64 << 10 // bytes of a post
	maxLine = 4 << 10  // bytes of a line, the one at its end included

	firstPause = 5 * time.Millisecond // before a batch is tried again, at most
)

// A post is the lines of one request on their way to the disk. It is one item, so that
// its lines are written all or none, and a request has one outcome.
type post struct {
	text  []byte // whole lines
	lines int
	done  chan error // gets the outcome, once, and has room for it: nobody waits to tell it
}

func newPost(text []byte) *post {
	return &post{text, bytes.Count(text, []byte{'\n'}), make(chan error, 1)}
}

// A sink makes posts durable.
type sink interface {
	// commit returns nil once p is on the disk.
	commit(ctx context.Context, p *post) error
	// close settles what is under way, or says what it gave up.
	close(ctx context.Context) error
	figures() figures
}

// A grouped sink writes together what comes at about the same time: one fsync is for
// many posts. While it lasts the next batch fills, so the more there is to do, the
// larger are the batches.
type grouped struct {
	journal *journal
	bulk    *executors.Bulk[*post]
}

func newGrouped(j *journal, s settings) *grouped {
	g := &grouped{journal: j}
	g.bulk = executors.NewBulk(executors.BulkOptions[*post]{
		Name:       "ingest",
		Size:       s.size,
		Interval:   s.interval,
		MaxPending: s.pending,
		FailFast:   true, // better tell a client to come back than have it wait in line
		Retry:      executors.Retry{Attempts: s.attempts, Base: firstPause},
		Handle:     g.write,
		OnError:    fail,
	})
	return g
}

// commit is where a request waits for its batch. It does so also when its client has
// gone, since p is written all the same: nobody is told otherwise. The wait ends, as a
// Bulk settles what it has accepted, and no more than so many wait.
func (g *grouped) commit(ctx context.Context, p *post) error {
	if err := g.bulk.Add(ctx, p); err != nil {
		return err
	}
	return <-p.done
}

// write acknowledges a batch when all of it is durable. Nothing can fail after that, so
// no post is told twice.
func (g *grouped) write(_ context.Context, batch []*post) error {
	if err := g.journal.append(batch); err != nil {
		return err
	}
	for _, p := range batch {
		p.done <- nil
	}
	return nil
}

// fail tells the posts of a batch that is given up.
func fail(batch []*post, err error) {
	for _, p := range batch {
		p.done <- err
	}
}

func (g *grouped) close(ctx context.Context) error {
	return errors.Join(g.bulk.Close(ctx), g.journal.file.Close())
}

func (g *grouped) figures() figures {
	s := g.bulk.Stats()
	f := figures{Accepted: s.Accepted, Handled: s.Handled, Failed: s.Failed, Retries: s.Retries, Refused: s.Refused}
	f.Lines, f.Fsyncs = g.journal.lines.Load(), g.journal.fsyncs.Load()
	return f
}

// routes is what the server answers: POST /lines and GET /stats.
func routes(s sink) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /lines", func(w http.ResponseWriter, r *http.Request) {
		text, err := readLines(http.MaxBytesReader(w, r.Body, maxBody))
		p := newPost(text)
		if err == nil && p.lines > 0 {
			err = s.commit(r.Context(), p)
		}
		if err != nil {
			refuse(w, err)
			return
		}
		answer(w, receipt{p.lines})
	})
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.figures()) })
	return mux
}

// A receipt acknowledges lines that are on the disk.
type receipt struct {
	Lines int `json:"lines"`
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // who has gone need not know
}

// A badRequest is a body that no repetition makes better.
type badRequest struct{ error }

func (b badRequest) Unwrap() error { return b.error }

// readLines returns whole lines: one is put at the end of the last if there is none.
func readLines(body io.Reader) ([]byte, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, badRequest{err}
	}
	if n := len(text); n > 0 && text[n-1] != '\n' {
		text = append(text, '\n')
	}
	number := 0
	for line := range bytes.Lines(text) {
		if number++; len(line) > maxLine {
			return nil, badRequest{fmt.Errorf("line %d has more than %d bytes", number, maxLine-1)}
		}
	}
	return text, nil
}

// refuse answers a request whose lines are not acknowledged.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		status = http.StatusRequestEntityTooLarge
	} else if _, ok := errors.AsType[badRequest](err); ok {
		status = http.StatusBadRequest
	} else if errors.Is(err, weir.ErrRejected) || errors.Is(err, executors.ErrClosed) {
		w.Header().Set("Retry-After", "1")
		status = http.StatusServiceUnavailable
	}
	http.Error(w, err.Error(), status)
}
