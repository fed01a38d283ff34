package main

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir/cache"
)

const (
	queryTime = 20 * time.Millisecond
	atATime   = 8
)

// A user is what is looked up.
type user struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// A database has users with the numbers 0 to users-1, and takes its time.
type database struct {
	users   int
	slots   chan struct{}
	queries atomic.Int64
}

func newDatabase(users int) *database {
	return &database{users: users, slots: make(chan struct{}, atATime)}
}

// find returns a user, or cache.ErrNotFound.
func (d *database) find(ctx context.Context, id int) (user, error) {
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-ctx.Done():
		return user{}, ctx.Err()
	}
	d.queries.Add(1)
	select {
	case <-time.After(queryTime):
	case <-ctx.Done():
		return user{}, ctx.Err()
	}
	if id >= d.users {
		return user{}, cache.ErrNotFound
	}
	return user{ID: id, Name: "user " + strconv.Itoa(id)}, nil
}
