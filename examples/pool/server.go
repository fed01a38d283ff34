package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
)

// A server echoes what it is sent, until it is closed.
type server struct {
	listener net.Listener
	serving  sync.WaitGroup

	mu     sync.Mutex // guards what follows
	conns  map[net.Conn]bool
	closed bool
}

// listen starts a server at addr.
func listen(ctx context.Context, addr string) (*server, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &server{listener: l, conns: map[net.Conn]bool{}}
	s.serving.Go(s.accept)
	return s, nil
}

func (s *server) addr() string { return s.listener.Addr().String() }

func (s *server) accept() {
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil && s.add(conn) {
			s.serving.Go(func() { s.echo(conn) })
		}
	}
}

// add is false if the server was closed meanwhile; then so is conn.
func (s *server) add(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.Close()
		return false
	}
	s.conns[conn] = true
	return true
}

func (s *server) echo(conn net.Conn) {
	_, _ = io.Copy(conn, conn) // ends as either side closes, with whatever error
	conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

// close ends the server and all of its connections, and waits for that.
func (s *server) close() {
	s.listener.Close()
	s.mu.Lock()
	s.closed = true
	for conn := range s.conns {
		conn.Close()
	}
	s.mu.Unlock()
	s.serving.Wait()
}
