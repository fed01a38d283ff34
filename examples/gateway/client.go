package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	patience    = 2 * time.Second // after this long a user hangs up
	users       = 50
	greed       = 0.15 // which share of the requests is that of one more user, 0..1
	maxInFlight = 4096 // requests that were not answered yet; more are not sent, and count as failed
)

// A client stands for many users who know nothing of each other: requests are sent
// when they are due, however many are still unanswered.
type client struct {
	url   string
	http  *http.Client
	slots chan struct{}
}

func newClient(url string) *client {
	return &client{
		url:   url,
		http:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: maxInFlight, DisableCompression: true}},
		slots: make(chan struct{}, maxInFlight),
	}
}

// run sends the requests of a phase, with gaps that are exponentially distributed. When
// it returns, some of them are on their way.
func (c *client) run(ctx context.Context, t *trial) error {
	rate := t.load * float64(capacity)
	next := time.Now()
	end := next.Add(t.length)
	for {
		next = next.Add(time.Duration(rand.ExpFloat64() / rate * float64(time.Second)))
		if next.After(end) {
			return sleepUntil(ctx, end)
		}
		due := next
		if err := sleepUntil(ctx, due); err != nil {
			return err
		}
		t.tally.offer(time.Since(due))
		select {
		case c.slots <- struct{}{}:
			t.requests.Go(func() {
				defer func() { <-c.slots }()
				t.tally.end(c.request(ctx, due))
			})
		default:
			t.tally.end(failed, 0)
		}
	}
}

// request is one user's. The time it returns counts from the moment it was due, so
// that a client that is late cannot flatter the gateway.
func (c *client) request(ctx context.Context, due time.Time) (ending, time.Duration) {
	ctx, cancel := context.WithDeadline(ctx, due.Add(patience))
	defer cancel()
	resp, err := c.get(ctx)
	took := time.Since(due)
	switch {
	case err != nil && ctx.Err() != nil:
		return late, patience
	case err != nil:
		return failed, took
	case resp.StatusCode == http.StatusOK && took > deadline:
		return late, took
	}
	return endingOf(resp), took
}

func (c *client) get(ctx context.Context) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/tea", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set(userField, user())
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp, err
}

// user is who sends the next request.
func user() string {
	if rand.Float64() < greed {
		return "greedy"
	}
	return fmt.Sprintf("user %d", rand.N(users))
}

// sleepUntil sleeps until t, or until ctx is done and then returns its error.
func sleepUntil(ctx context.Context, t time.Time) error {
	wait := time.Until(t)
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
