package main

import (
	"context"
	"os"
	"sync/atomic"
)

// A naive sink does what comes to mind first: each request writes its lines and syncs
// the file. There is no lock around that, so the file system may share the work among
// requests as far as it can.
type naive struct {
	file *os.File

	accepted, handled, failed atomic.Uint64
	lines, fsyncs             atomic.Int64
}

func newNaive(name string) (*naive, error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	return &naive{file: file}, err
}

func (n *naive) commit(_ context.Context, p *post) error {
	n.accepted.Add(1)
	if err := n.write(p); err != nil {
		n.failed.Add(1)
		return err
	}
	n.handled.Add(1)
	n.lines.Add(int64(p.lines))
	return nil
}

func (n *naive) write(p *post) error {
	if _, err := n.file.Write(p.text); err != nil {
		return err
	}
	n.fsyncs.Add(1)
	return n.file.Sync()
}

// close settles nothing: a request that is under way writes by itself.
func (n *naive) close(context.Context) error { return n.file.Close() }

func (n *naive) figures() figures {
	return figures{
		Accepted: n.accepted.Load(), Handled: n.handled.Load(), Failed: n.failed.Load(),
		Lines: n.lines.Load(), Fsyncs: n.fsyncs.Load(),
	}
}
