package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/weirgo/weir/examples/internal/program"
)

// A result is what one run has shown.
type result struct {
	Seconds       float64 `json:"seconds"`
	Chunks        int     `json:"chunks"`
	Hashed        int64   `json:"hashed"`
	Stored        int64   `json:"stored"`
	Bytes         int64   `json:"bytes"` // after compression
	HashPanicked  int     `json:"hash_panicked"`
	StorePanicked uint64  `json:"store_panicked"`
	Manifest      string  `json:"manifest"`
}

func (r result) Verdict() string {
	return fmt.Sprintf("%d chunks in %.1f s: %d were hashed in their order, and %d stored in %.1f MB.\n"+
		"%d panicked when hashed and %d when stored, and all others are there. The manifest is %.16s...",
		r.Chunks, r.Seconds, r.Hashed, r.Stored, float64(r.Bytes)/1e6, r.HashPanicked, r.StorePanicked, r.Manifest)
}

func (o options) run(ctx context.Context, out io.Writer) (program.Result, error) {
	b := newBackup(o.workers)
	feeding, stop := context.WithTimeout(ctx, o.length())
	defer stop()
	start := time.Now()
	var running sync.WaitGroup
	var fed error
	running.Go(func() { fed = b.feed(feeding) })
	running.Go(func() { b.watch(feeding, out) })
	// What has been begun is ended, also after an interrupt: it is not much.
	drained := b.drain(context.WithoutCancel(ctx))
	stop()
	running.Wait()
	if err := errors.Join(fed, drained); err != nil {
		return nil, err
	}
	res := b.result()
	res.Seconds = time.Since(start).Seconds()
	return res, res.check(b.reported.Load())
}

func (b *backup) result() result {
	return result{
		Chunks: b.pushed, Hashed: b.hashed.Load(), Stored: b.stored.Load(), Bytes: b.size.Load(),
		HashPanicked: b.lost, StorePanicked: b.storer.Stats().Panicked,
		Manifest: fmt.Sprintf("%x", b.manifest.Sum(nil)),
	}
}

func (r result) check(reported int64) error {
	switch {
	case r.HashPanicked > 1 || r.StorePanicked > 1 || int64(r.StorePanicked) != reported:
		return fmt.Errorf("%d and %d panics, of which %d were reported", r.HashPanicked, r.StorePanicked, reported)
	case int64(r.Chunks) != r.Hashed+int64(r.HashPanicked), r.Hashed != r.Stored+int64(r.StorePanicked):
		return fmt.Errorf("of %d chunks, %d were hashed and %d stored", r.Chunks, r.Hashed, r.Stored)
	}
	return nil
}

// watch prints a row a second until ctx ends.
func (b *backup) watch(ctx context.Context, out io.Writer) {
	fmt.Fprintf(out, "%7s %8s %8s %9s %8s %8s %9s\n", "time", "hashed", "stored", "MB", "running", "queued", "panicked")
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	start, hashed, stored := time.Now(), int64(0), int64(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		h, s, tasks := b.hashed.Load(), b.stored.Load(), b.storer.Stats()
		fmt.Fprintf(out, "%6.1fs %8d %8d %9.1f %8d %8d %9d\n", time.Since(start).Seconds(),
			h-hashed, s-stored, float64(b.size.Load())/1e6, tasks.Running, tasks.Queued, tasks.Panicked)
		hashed, stored = h, s
	}
}
