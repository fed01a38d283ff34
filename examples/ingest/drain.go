package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// linger is how long a server that is told to end goes on with the connections that it
// has, and hangs up after each answer. Shutdown alone would not answer what is on its
// way at that moment.
const linger = 100 * time.Millisecond

// A server is an HTTP server that can be drained.
type server struct {
	http    http.Server
	ln      net.Listener
	sink    sink
	leaving atomic.Bool
	served  chan struct{} // closed when nothing is accepted any more
	broken  error         // why, if nobody wanted that
}

func newServer(ln net.Listener, s sink) *server {
	srv := &server{ln: ln, sink: s, served: make(chan struct{})}
	handler := routes(s)
	srv.http.ReadTimeout, srv.http.IdleTimeout = 10*time.Second, time.Minute
	srv.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if srv.leaving.Load() {
			w.Header().Set("Connection", "close")
		}
		handler.ServeHTTP(w, r)
	})
	return srv
}

// serve returns when the server drains, or its listener is broken.
func (s *server) serve() {
	defer close(s.served)
	if err := s.http.Serve(s.ln); !s.leaving.Load() {
		s.broken = err
	}
}

// drain ends a server. All that it has accepted is answered.
func (s *server) drain(grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	s.leaving.Store(true)
	s.ln.Close() // or it is broken
	<-s.served
	sleep(ctx, linger)
	late := s.http.Shutdown(ctx) // returns when all have their answers
	err := s.sink.close(ctx)     // has nothing left to do, unless that took too long
	if late != nil {
		last, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		late = s.http.Shutdown(last) // those whose lines were given up learn it
	}
	return errors.Join(s.broken, late, err, s.http.Close())
}
