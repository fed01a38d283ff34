package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/weirgo/weir/examples/internal/program"
)

const replicas = 2

// A result is what one run has shown.
type result struct {
	Seconds       float64 `json:"seconds"`
	Requests      int64   `json:"requests"`
	Memory        int64   `json:"memory"`
	Redis         int64   `json:"redis"`
	Queries       int64   `json:"queries"`
	WithoutCaches int64   `json:"without_caches"`
	Errors        int64   `json:"errors"`
}

func (r result) Verdict() string {
	return fmt.Sprintf("%d requests in %.1f s, %d errors: memory answered %d, Redis %d, the database %d.\n"+
		"The database alone could have answered %d.",
		r.Requests, r.Seconds, r.Errors, r.Memory, r.Redis, r.Queries, r.WithoutCaches)
}

func (o options) run(ctx context.Context, out io.Writer) (program.Result, error) {
	server, err := miniredis.Run()
	if err != nil {
		return nil, err
	}
	defer server.Close()
	db := newDatabase(o.users)
	all := make([]*replica, replicas)
	for i := range all {
		all[i] = newReplica(o, server.Addr(), db)
	}
	calling, stop := context.WithTimeout(ctx, o.length())
	defer stop()
	start := time.Now()
	var callers sync.WaitGroup
	for _, r := range all {
		for range o.callers {
			callers.Go(func() { r.call(calling) })
		}
	}
	err = watch(calling, server, o.length(), &board{out: out, start: start, replicas: all, db: db})
	stop()
	callers.Wait()
	res := count(all, db)
	res.Seconds = time.Since(start).Seconds()
	res.WithoutCaches = int64(res.Seconds / queryTime.Seconds() * atATime)
	for _, r := range all {
		err = errors.Join(err, r.close(context.WithoutCancel(ctx)))
	}
	if err == nil && res.Errors > 0 {
		err = fmt.Errorf("callers saw %d errors", res.Errors)
	}
	return res, err
}

// count says who has answered until now. What was taken from Redis is counted once
// for all who waited for it.
func count(all []*replica, db *database) (res result) {
	for _, r := range all {
		res.Requests += r.requests.Load()
		res.Errors += r.failures.Load()
		m, s := r.memory.Stats(), r.redis.Stats()
		res.Memory += int64(m.Hits + m.NotFoundHits)
		res.Redis += int64(s.Hits + s.NotFoundHits)
	}
	res.Queries = db.queries.Load()
	return res
}

// watch prints a row a second until ctx ends, kills the server half-way, and starts
// it again after three quarters.
func watch(ctx context.Context, server *miniredis.Miniredis, length time.Duration, b *board) error {
	b.head()
	kill, heal := time.After(length/2), time.After(length*3/4)
	rows := time.NewTicker(min(time.Second, length/4))
	defer rows.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-kill:
			server.Close()
			b.down = true
		case <-heal:
			if err := server.Restart(); err != nil {
				return err
			}
			b.down = false
		case <-rows.C:
			b.row()
		}
	}
}

// A board shows what happens between one row and the next.
type board struct {
	out      io.Writer
	start    time.Time
	replicas []*replica
	db       *database
	last     result
	down     bool
}

func (b *board) head() {
	fmt.Fprintf(b.out, "%7s %10s %10s %10s %10s %8s  %s\n", "time", "requests", "memory", "Redis", "database", "errors", "Redis is")
}

func (b *board) row() {
	now, state := count(b.replicas, b.db), "up"
	if b.down {
		state = "down"
	}
	fmt.Fprintf(b.out, "%6.1fs %10d %10d %10d %10d %8d  %s\n", time.Since(b.start).Seconds(),
		now.Requests-b.last.Requests, now.Memory-b.last.Memory, now.Redis-b.last.Redis,
		now.Queries-b.last.Queries, now.Errors-b.last.Errors, state)
	b.last = now
}
