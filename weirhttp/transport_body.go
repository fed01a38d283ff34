package weirhttp

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/weirgo/weir"
)

// trustAfter is for how long a body must have been coming for the answer to count
// as a success. A stream may last for hours, and be read slowly.
const trustAfter = time.Second

// adopt hands what the try has taken over to the body of its response, as far as
// it is not given back at once.
func (y *try) adopt(resp *http.Response, o weir.Outcome) {
	switched := resp.StatusCode == http.StatusSwitchingProtocols
	if resp.Body == nil || resp.Body == http.NoBody {
		y.end(o)
		return
	}
	if o != weir.Success || switched {
		y.breaker.Done(o)
		y.breaker = weir.Permit{}
	}
	limited := y.permit != weir.Permit{} || y.hostPermit != weir.Permit{}
	if !limited && y.cancel == nil && y.breaker == (weir.Permit{}) {
		y.end(o)
		return
	}
	y.body = resp.Body
	if y.trusted = y.breaker == (weir.Permit{}); !y.trusted {
		y.began = time.Now()
	}
	if switched {
		resp.Body = y.switched()
		return
	}
	resp.Body = y
	if limited && y.call.ctx.Done() != nil {
		y.forget = context.AfterFunc(y.call.ctx, y.abandon)
	}
}

// abandon is called when the context is done and the body is still open. Whoever
// waits for more of it has waited in vain; else nothing is wrong with the host.
func (y *try) abandon() {
	o := weir.Success
	if y.reading.Load() {
		o = weir.Classify(y.call.ctx.Err())
	}
	y.end(o)
}

func (y *try) Read(p []byte) (int, error) {
	y.reading.Store(true)
	n, err := y.body.Read(p)
	y.reading.Store(false)
	switch {
	case err == io.EOF:
		y.finish(weir.Success)
	case err != nil:
		y.finish(y.outcomeOf(err))
	case !y.trusted && time.Since(y.began) >= trustAfter:
		y.trusted = true
		y.breaker.Done(weir.Success)
	}
	return n, err
}

func (y *try) Close() error {
	// First: the connection is in use until then.
	defer y.finish(weir.Success)
	return y.body.Close()
}

func (y *try) finish(o weir.Outcome) {
	if y.forget != nil {
		y.forget()
	}
	y.end(o)
}

// switched returns a body that can be written to, as far as the one beneath can.
func (y *try) switched() io.ReadCloser {
	w, ok := y.body.(io.Writer)
	if !ok {
		return y
	}
	if h, ok := y.body.(halfCloser); ok {
		return halfClosing{duplex{y, w}, h}
	}
	return duplex{y, w}
}

type halfCloser interface{ CloseWrite() error }

// duplex is the body of a response that switched protocols.
type duplex struct {
	*try
	io.Writer
}

// halfClosing is a duplex of which one direction can be closed.
type halfClosing struct {
	duplex
	halfCloser
}
