package lab

import (
	gozerobreaker "github.com/zeromicro/go-zero/core/breaker"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/internal/simulate"
)

// A Client decides in front of the server. Its settle hears what became of the
// request, weir.Overloaded if the server refused it.
type Client interface {
	Ask(r simulate.Request) (settle func(weir.Outcome), ok bool)
}

// A Series is clients in front of a guarded server. Each request comes through the
// client that its caller is.
type Series struct {
	Clients []Client
	Server  simulate.Guard

	ByClient int // refused by the client
	ByServer int // refused by the server
}

// Admit implements [simulate.Guard].
func (s *Series) Admit(r simulate.Request) (func(late bool), bool) {
	settleClient, ok := s.Clients[r.Caller].Ask(r)
	if !ok {
		s.ByClient++
		return nil, false
	}
	settleServer, ok := s.Server.Admit(r)
	if !ok {
		s.ByServer++
		settleClient(weir.Overloaded)
		return nil, false
	}
	return func(late bool) {
		settleServer(late)
		settleClient(answered(late))
	}, true
}

// answered is what a client thinks of an answer. Its own deadline it always knows.
func answered(late bool) weir.Outcome {
	if late {
		return weir.Failure
	}
	return weir.Success
}

// weirClient has a breaker with default options.
type weirClient struct {
	*guarded
	breaker *breaker.Breaker
}

func newWeirClient() *weirClient {
	b := breaker.New(breaker.Options{})
	return &weirClient{newGuarded(b), b}
}

// Ask implements [Client].
func (c *weirClient) Ask(r simulate.Request) (func(weir.Outcome), bool) {
	r.Hidden = false
	ctx := c.call(r)
	permit, err := c.guard.Allow(ctx)
	if err != nil {
		mustBeRefusal(err)
		c.spare = ctx
		return nil, false
	}
	return func(o weir.Outcome) {
		ctx.late = o == weir.Failure
		permit.Done(o)
	}, true
}

// gozeroClient has go-zero's breaker, to which a server that sheds has failed.
type gozeroClient struct{ breaker gozerobreaker.Breaker }

func newGozeroClient() *gozeroClient {
	quiet()
	return &gozeroClient{gozerobreaker.NewBreaker()}
}

// Ask implements [Client].
func (c *gozeroClient) Ask(simulate.Request) (func(weir.Outcome), bool) {
	promise, err := c.breaker.Allow()
	if err != nil {
		return nil, false
	}
	return func(o weir.Outcome) {
		if o == weir.Success {
			promise.Accept()
			return
		}
		promise.Reject("503")
	}, true
}

// WeirSeries is n clients with Weir's breaker in front of a server with its shedder.
func WeirSeries(n int) *Series {
	s := &Series{Server: Weir().New()}
	for range n {
		s.Clients = append(s.Clients, newWeirClient())
	}
	return s
}

// GozeroSeries is the same of go-zero's, the CPU of the server being idle.
func GozeroSeries(n int) *Series { return gozeroSeries(n, gozeroIdle()) }

// GozeroFullSeries is the same with a CPU that is full.
func GozeroFullSeries(n int) *Series { return gozeroSeries(n, gozeroFull()) }

func gozeroSeries(n int, server Subject) *Series {
	s := &Series{Server: server.New()}
	for range n {
		s.Clients = append(s.Clients, newGozeroClient())
	}
	return s
}

// trips is how often a breaker of Weir's opened.
func (s *Series) trips() (n uint64) {
	for _, c := range s.Clients {
		if c, ok := c.(*weirClient); ok {
			n += c.breaker.Stats().Trips
		}
	}
	return n
}
