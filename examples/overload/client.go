package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// maxInFlight bounds the requests that have been sent and not yet answered or
// given up. It is generous: three times the capacity needs a fifth of it at most. An
// arrival beyond it is not sent, and counts as failed.
const maxInFlight = 4096

// A client stands for many users who know nothing of each other: requests are
// sent when they are due, however many are still unanswered. (A client that waits
// for answers slows down with the server, and so never shows an overload.)
type client struct {
	plan  plan
	url   string
	http  *http.Client
	tally *tally
	slots chan struct{}
}

func newClient(p plan, url string, t *tally) *client {
	transport := &http.Transport{
		MaxIdleConns:        maxInFlight,
		MaxIdleConnsPerHost: maxInFlight,
		DisableCompression:  true,
	}
	return &client{
		plan:  p,
		url:   url,
		http:  &http.Client{Transport: transport},
		tally: t,
		slots: make(chan struct{}, maxInFlight),
	}
}

// run sends the traffic of one step, and returns when each request is answered or
// given up. Only requests due after the warm-up are counted. The gaps between them
// are exponentially distributed with mean 1/rate, and the same for the same seed.
func (c *client) run(ctx context.Context, rate float64, seed uint64) error {
	defer c.http.CloseIdleConnections()
	var users sync.WaitGroup
	defer users.Wait()

	begin := time.Now()
	length := c.plan.warmup + c.plan.measure
	for offset := range arrivals(rate, seed) {
		if offset >= length {
			return sleepUntil(ctx, begin.Add(length))
		}
		due := begin.Add(offset)
		if err := sleepUntil(ctx, due); err != nil {
			return err
		}
		count := c.count(due, offset >= c.plan.warmup)
		select {
		case c.slots <- struct{}{}:
			users.Go(func() {
				defer func() { <-c.slots }()
				count(c.request(ctx, due))
			})
		default:
			count(failed, 0)
		}
	}
	return nil
}

// count returns what to do with the end of a request.
func (c *client) count(due time.Time, measured bool) func(ending, time.Duration) {
	if !measured {
		return func(ending, time.Duration) {}
	}
	c.tally.offer(time.Since(due))
	return c.tally.end
}

// request is one user. The time it returns counts from the moment the request
// was due, so that a client that is late cannot flatter the server.
func (c *client) request(ctx context.Context, due time.Time) (ending, time.Duration) {
	ctx, cancel := context.WithDeadline(ctx, due.Add(c.plan.patience))
	defer cancel()
	status, err := c.get(ctx)
	took := time.Since(due)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return late, c.plan.patience // hung up, whatever the error calls it
	case err != nil:
		return failed, took
	case status == http.StatusOK && took <= c.plan.deadline:
		return good, took
	case status == http.StatusOK, status == http.StatusGatewayTimeout:
		return late, took
	case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
		return refused, took
	}
	return failed, took
}

// get returns the status of a complete answer.
func (c *client) get(ctx context.Context) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}
