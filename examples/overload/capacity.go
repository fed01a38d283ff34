package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// sized returns the plan with the capacity in it, which is measured if need be.
func sized(ctx context.Context, p plan, scr *screen) (plan, error) {
	if p.capacity > 0 {
		return p, nil
	}
	scr.say("Measuring what the server can do.")
	var err error
	p.capacity, err = measureCapacity(ctx, p)
	return p, err
}

// measureCapacity returns how many requests per second the bare server answers when
// it always has a few and never too many. A measurement that the machine disturbs
// comes out too low, never too high; so the best of several counts.
func measureCapacity(ctx context.Context, p plan) (float64, error) {
	const tries, users, requests = 3, 4, 20
	srv, err := startServer(p, bare)
	if err != nil {
		return 0, err
	}
	defer srv.close()
	c := newClient(p, srv.url, &tally{})
	defer c.http.CloseIdleConnections()
	best := 0.0
	for range tries {
		begin := time.Now()
		if err := c.loop(ctx, users, requests); err != nil {
			return 0, err
		}
		best = max(best, users*requests/time.Since(begin).Seconds())
	}
	return round(best), nil
}

// loop is the traffic of users who take their time: each sends as many requests as
// that, the next one when the last one is answered.
func (c *client) loop(ctx context.Context, users, requests int) error {
	ended := make(chan error, users)
	for range users {
		go func() { ended <- c.series(ctx, requests) }()
	}
	var err error
	for range users {
		err = errors.Join(err, <-ended)
	}
	return err
}

func (c *client) series(ctx context.Context, requests int) error {
	for range requests {
		status, err := c.get(ctx)
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			return fmt.Errorf("measuring the capacity: status %d", status)
		}
	}
	return nil
}
