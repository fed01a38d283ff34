package main

import "github.com/alicebob/miniredis/v2"

// A store is a Redis that can be taken away from its clients.
type store interface {
	addr() string
	fail()
	heal() error
	close()
}

func openStore(o options) (store, error) {
	if o.redis != "" {
		return openProxy(o.redis)
	}
	server, err := miniredis.Run()
	if err != nil {
		return nil, err
	}
	return &embedded{server, server.Addr()}, nil
}

// embedded is a Redis inside of this process. It keeps its data when it is
// killed.
type embedded struct {
	server  *miniredis.Miniredis
	address string
}

func (e *embedded) addr() string { return e.address }
func (e *embedded) fail()        { e.server.Close() }
func (e *embedded) heal() error  { return e.server.Restart() }
func (e *embedded) close()       { e.server.Close() }
