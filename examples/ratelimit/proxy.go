package main

import (
	"io"
	"net"
	"sync"
	"time"
)

const dialTimeout = time.Second

// A proxy stands between clients and a Redis that this program does not own, and
// can be cut.
type proxy struct {
	listener net.Listener
	target   string
	wg       sync.WaitGroup

	mu    sync.Mutex
	down  bool              // guarded by mu
	conns map[net.Conn]bool // guarded by mu
}

func openProxy(target string) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, target: target, conns: map[net.Conn]bool{}}
	p.wg.Go(p.accept)
	return p, nil
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.serve(client) })
	}
}

// serve passes bytes both ways until one side ends, or the proxy is cut.
func (p *proxy) serve(client net.Conn) {
	defer p.drop(client)
	if !p.keep(client) {
		return
	}
	server, err := net.DialTimeout("tcp", p.target, dialTimeout)
	if err != nil {
		return
	}
	defer p.drop(server)
	if !p.keep(server) {
		return
	}
	var wg sync.WaitGroup
	for _, way := range [2][2]net.Conn{{client, server}, {server, client}} {
		wg.Go(func() {
			_, _ = io.Copy(way[0], way[1]) // either end may go as it likes
			_ = client.Close()
			_ = server.Close()
		})
	}
	wg.Wait()
}

// keep remembers a connection for the next cut, unless the proxy is cut already.
func (p *proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.down {
		p.conns[c] = true
	}
	return !p.down
}

func (p *proxy) drop(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	_ = c.Close()
}

// fail closes all connections, and new ones at once.
func (p *proxy) fail() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *proxy) heal() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = false
	return nil
}

func (p *proxy) close() {
	_ = p.listener.Close()
	p.fail()
	p.wg.Wait()
}
