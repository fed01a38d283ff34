package main

import (
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxConns is how many connections the server has open at most; more wait in the
// listener's backlog. The unprotected server would otherwise keep one for each
// request that it still works on after the user has hung up.
const maxConns = 4096

// A server is one HTTP server on the loopback interface, for one step.
type server struct {
	url     string
	http    http.Server
	backend backend
	served  chan struct{} // closed when Serve has returned
}

// startServer starts a server whose handler is what wrap makes of the backend.
func startServer(p plan, wrap func(plan, http.Handler) http.Handler) (*server, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := p.backend()
	s := &server{
		url:     "http://" + ln.Addr().String(),
		backend: b,
		served:  make(chan struct{}),
		http: http.Server{
			Handler:           wrap(p, b),
			ReadHeaderTimeout: 10 * time.Second,
			ErrorLog:          log.New(io.Discard, "", 0), // users hang up all the time here
		},
	}
	go func() {
		defer close(s.served)
		_ = s.http.Serve(&boundedListener{Listener: ln, slots: make(chan struct{}, maxConns)})
	}()
	return s, nil
}

// close drops all connections and requests, and returns when none is left.
func (s *server) close() {
	_ = s.http.Close()
	s.backend.close()
	<-s.served
}

// bare is the handler as it is.
func bare(_ plan, h http.Handler) http.Handler { return h }

// A boundedListener has at most cap(slots) connections open at a time.
type boundedListener struct {
	net.Listener
	slots chan struct{}
}

// Accept waits for a free slot. The wait ends when connections close, which
// http.Server.Close does to all of them.
func (l *boundedListener) Accept() (net.Conn, error) {
	l.slots <- struct{}{}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &boundedConn{Conn: conn, release: sync.OnceFunc(func() { <-l.slots })}, nil
}

type boundedConn struct {
	net.Conn
	release func()
}

func (c *boundedConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
