package main

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

const fleet = 3 // backends

// A world is the gateway and all that it depends on.
type world struct {
	backends []*backend // nil where one is killed
	addrs    []string
	redis    *miniredis.Miniredis
	redisUp  bool
	client   *redis.Client
	gateway  *gateway
	server   http.Server
	serving  sync.WaitGroup
	url      string
}

// newWorld starts everything. Where that fails, nothing is left running.
func newWorld() (w *world, err error) {
	w = &world{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	for range fleet {
		b, err := startBackend("127.0.0.1:0")
		if err != nil {
			return w, err
		}
		w.backends, w.addrs = append(w.backends, b), append(w.addrs, b.addr)
	}
	if w.redis, err = miniredis.Run(); err != nil {
		return w, err
	}
	w.redisUp = true
	// The limiter knows what to do without Redis: the client need not try again.
	w.client = redis.NewClient(&redis.Options{
		Addr: w.redis.Addr(), ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1,
	})
	if w.gateway, err = newGateway(w.addrs, w.client); err != nil {
		return w, err
	}
	return w, w.serve()
}

func (w *world) serve() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.url = "http://" + l.Addr().String()
	w.server = http.Server{
		Handler:           w.gateway,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // users hang up now and then
	}
	w.serving.Go(func() { _ = w.server.Serve(l) }) // ends as it is closed
	return nil
}

// set makes the troubles of the world those of a phase.
func (w *world) set(t troubles) error {
	for i := range w.backends {
		if err := w.setBackend(i, t.killed == i+1, t.slow == i+1); err != nil {
			return err
		}
	}
	switch {
	case t.redis && w.redisUp:
		w.redis.Close()
	case !t.redis && !w.redisUp:
		if err := w.redis.Restart(); err != nil {
			return err
		}
	}
	w.redisUp = !t.redis
	return nil
}

func (w *world) setBackend(i int, killed, slow bool) (err error) {
	switch {
	case killed && w.backends[i] != nil:
		w.backends[i].kill()
		w.backends[i] = nil
	case !killed && w.backends[i] == nil:
		if w.backends[i], err = startBackend(w.addrs[i]); err != nil {
			return err
		}
	}
	if b := w.backends[i]; b != nil {
		b.setSlow(slow)
	}
	return nil
}

// picks returns how many calls the balancer has sent to each backend so far.
func (w *world) picks() []uint64 {
	all := make([]uint64, len(w.addrs))
	for node := range balancer.Nodes() {
		for i, addr := range w.addrs {
			if node.Node == addr {
				all[i] = node.Picks
			}
		}
	}
	return all
}

func (w *world) close() error {
	_ = w.server.Close() // says that connections were in use
	w.serving.Wait()
	var err error
	if w.gateway != nil {
		err = w.gateway.close()
	}
	if w.client != nil {
		err = errors.Join(err, w.client.Close())
	}
	if w.redisUp {
		w.redis.Close()
	}
	for _, b := range w.backends {
		if b != nil {
			b.kill()
		}
	}
	return err
}
