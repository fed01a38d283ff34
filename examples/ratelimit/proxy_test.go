package main

import (
	"bufio"
	"io"
	"net"
	"runtime"
	"testing"
)

// echo is a server that sends back what it gets.
func echo(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String()
}

// talk says a line and returns what comes back.
func talk(t *testing.T, c net.Conn) (string, error) {
	t.Helper()
	if _, err := c.Write([]byte("hello\n")); err != nil {
		return "", err
	}
	return bufio.NewReader(c).ReadString('\n')
}

func dial(t *testing.T, p *proxy) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestACutProxyEndsConnectionsUntilItIsHealed(t *testing.T) {
	addr := echo(t)
	before := runtime.NumGoroutine()
	p, err := openProxy(addr)
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, p)
	if got, err := talk(t, c); err != nil || got != "hello\n" {
		t.Fatalf("got %q, %v", got, err)
	}
	p.fail()
	if _, err := io.ReadAll(c); err == nil {
		_, err = talk(t, c)
		if err == nil {
			t.Error("the connection has survived the cut")
		}
	}
	if got, err := talk(t, dial(t, p)); err == nil {
		t.Errorf("a new connection answers %q", got)
	}
	if err := p.heal(); err != nil {
		t.Fatal(err)
	}
	c = dial(t, p)
	if got, err := talk(t, c); err != nil || got != "hello\n" {
		t.Errorf("after healing got %q, %v", got, err)
	}
	p.close()
	if _, err := net.Dial("tcp", p.addr()); err == nil {
		t.Error("a closed proxy still listens")
	}
	expectGoroutines(t, before)
}
