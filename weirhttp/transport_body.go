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

// abandon is called when the context is done and the body is still open.
func (y *try) abandon() { y.end(y.left()) }

// left is the outcome of a body that is not read to its end. Whoever still waits
// for more of it when the context is done has waited in vain; else nothing is wrong
// with the host.
func (y *try) left() weir.Outcome {
	if err := y.call.ctx.Err(); err != nil && y.reading.Load() {
		return weir.Classify(err)
	}
	return weir.Success
}

func (y *try) Read(p []byte) (int, error) {
	y.reading.Store(true)
	n, err := y.body.Read(p)
	switch {
	case err == io.EOF, err != nil && y.closing.Load():
		y.finish(weir.Success)
	case err != nil:
		y.finish(y.outcomeOf(err))
	case !y.trusted && time.Since(y.began) >= trustAfter:
		y.trusted = true
		y.breaker.Done(weir.Success)
	}
	// Last: outcomeOf may wait for the context to be done, and abandon, which that
	// calls, must not take the body for one that nobody waited for.
	y.reading.Store(false)
	return n, err
}

// Close may be called while the body is read, which is how streams end. That read
// then fails, and may tell so before Close can: hence closing.
func (y *try) Close() error {
	o := y.left()
	if o == weir.Success {
		y.closing.Store(true)
	}
	// First: the connection is in use until then.
	defer y.finish(o)
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
