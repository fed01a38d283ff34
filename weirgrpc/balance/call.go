package balance

import (
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/weirgo/weir"
)

// A call is one that a node was given. It is used again when it is over, so that
// the func that gRPC wants to end it with is not made for each.
type call struct {
	node   *node
	permit weir.Permit // of the ring, if it bounds loads
	inner  func(balancer.DoneInfo)
	start  time.Duration
	timed  bool
	done   func(balancer.DoneInfo)
}

func newCall() *call {
	c := new(call)
	c.done = c.finish
	return c
}

// give gives the node a call.
func (n *node) give(info balancer.PickInfo, now time.Duration, permit weir.Permit) (balancer.PickResult, error) {
	f := n.fleet
	untimed := f.opts.Load().Untimed
	timed := untimed == nil || !untimed(info.FullMethodName)
	res, err := (*n.child.Load()).Pick(info)
	if err != nil {
		permit.Done(weir.Ignored)
		return res, err
	}
	c := f.calls.Get().(*call)
	c.node, c.permit, c.inner, c.start, c.timed = n, permit, res.Done, now, timed
	n.picks.Add(1)
	n.picked.Store(int64(now))
	res.Done = c.done
	return res, nil
}

// finish is what gRPC calls once at the end of a call.
func (c *call) finish(info balancer.DoneInfo) {
	n, permit, inner, start, timed := c.node, c.permit, c.inner, c.start, c.timed
	c.node, c.permit, c.inner = nil, weir.Permit{}, nil
	f := n.fleet
	f.calls.Put(c)

	o := f.opts.Load()
	outcome := weir.Failure // if Classify panics
	defer func() {
		now := f.now()
		took := now - start
		tells := timed && (took <= o.LongCall || outcome != weir.Success)
		n.settle(now, lesson{outcome, tells, info.Err == nil, took})
		permit.Done(outcome)
		f.appraise(now)
	}()
	if inner != nil {
		inner(info)
	}
	outcome = o.outcome(info)
}

// outcome tells what the end of a call says about its node.
func (o *P2COptions) outcome(info balancer.DoneInfo) weir.Outcome {
	if info.Err == nil && !info.BytesSent {
		return weir.Ignored // the connection was gone, and gRPC picks again
	}
	out := o.Classify(info.Err)
	if out > weir.Overloaded {
		panic("balance: Classify returned an unknown " + out.String())
	}
	return out
}
