package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir/syncx"
)

const (
	patience = 5 * time.Second      // of a caller with one line
	redial   = 2 * time.Millisecond // between attempts to reach a server that is not there
)

// A wire is a connection to the server.
type wire struct {
	net.Conn
	in  *bufio.Reader
	age int64 // in which it was made
}

// A client sends lines to the server, and counts them. A new age begins as a
// connection breaks: then those of the same age or older are no good, either.
type client struct {
	addr string
	pool *syncx.Pool[*wire]
	age  atomic.Int64

	echoed, retried, failed atomic.Int64
}

func newClient(addr string, conns int) *client {
	c := &client{addr: addr}
	c.pool = syncx.NewPool(syncx.PoolOptions[*wire]{
		Name: "echo", MaxOpen: conns,
		Create:  c.dial,
		Destroy: func(w *wire) { w.Close() },
		Healthy: func(w *wire) bool { return w.age == c.age.Load() },
	})
	return c
}

// dial connects to the server, and waits for it while it is starting.
func (c *client) dial(ctx context.Context) (*wire, error) {
	for {
		age := c.age.Load() // before: it may break while it is made
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", c.addr)
		if err == nil {
			return &wire{conn, bufio.NewReader(conn), age}, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(redial):
		}
	}
}

// call has a line echoed. A connection can break at any time, so an error of the
// first one is no news. The second attempt has a connection that was made since.
func (c *client) call(ctx context.Context, line string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := c.try(ctx, line)
	if err == nil || ctx.Err() != nil {
		return err
	}
	c.retried.Add(1)
	return c.try(ctx, line)
}

func (c *client) try(ctx context.Context, line string) error {
	item, err := c.pool.Get(ctx)
	if err != nil {
		return err
	}
	if err := item.Value.echo(ctx, line); err != nil {
		c.age.CompareAndSwap(item.Value.age, item.Value.age+1)
		c.pool.Discard(item)
		return err
	}
	c.pool.Put(item)
	return nil
}

// echo sends a line and reads it back.
func (w *wire) echo(ctx context.Context, line string) error {
	if deadline, ok := ctx.Deadline(); ok {
		if err := w.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(w, line); err != nil {
		return err
	}
	back, err := w.in.ReadString('\n')
	if err == nil && back != line+"\n" {
		err = fmt.Errorf("sent %q, and got back %q", line, back)
	}
	return err
}

// keepCalling calls again and again until ctx ends.
func (c *client) keepCalling(ctx context.Context, caller int) {
	for i := 0; ctx.Err() == nil; i++ {
		err := c.call(ctx, fmt.Sprintf("line %d of caller %d", i, caller))
		switch {
		case err == nil:
			c.echoed.Add(1)
		case ctx.Err() == nil:
			c.failed.Add(1)
		}
	}
}
