package weirhttp

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

const (
	// debugPeriod is how often there is an event, which thereby is a sign of life,
	// too; debugGlance how often there is a look, so that nobody waits for a
	// whole period to hear that something has opened.
	debugPeriod = time.Second
	debugGlance = debugPeriod / 2
	// debugPatience is how long a client may take to accept an event.
	debugPatience = 10 * time.Second
)

// serveEvents tells the viewer once a second what there is to be seen, until one
// of them has enough. It runs on the goroutine of the request, and starts none.
func (d *DebugHandler) serveEvents(w http.ResponseWriter, r *http.Request, q debugQuery) {
	if n := d.viewers.Add(1); d.opts.MaxViewers > 0 && n > int64(d.opts.MaxViewers) {
		d.viewers.Add(-1)
		w.Header().Set("Retry-After", "5")
		http.Error(w, "as many watch as may at a time", http.StatusServiceUnavailable)
		return
	}
	defer d.viewers.Add(-1)

	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no") // what proxies understand
	if r.ProtoMajor == 1 {
		h.Set("Connection", "close") // the deadline of the last write is not for another request
	}
	if r.Method == http.MethodHead {
		return
	}
	v := &view{w: w, rc: http.NewResponseController(w), feed: newFeed(d, q)}
	v.header = debugEvent{Title: d.opts.Title, Force: d.mayForce(r)}
	v.run(r, d.stopped(r))
}

// A view is the stream of events to one viewer.
type view struct {
	w      http.ResponseWriter
	rc     *http.ResponseController
	feed   *feed
	header debugEvent // what the first event says besides
	buf    bytes.Buffer
}

func (v *view) run(r *http.Request, stopped <-chan struct{}) {
	ticks := time.NewTicker(debugGlance)
	defer ticks.Stop()
	for {
		if v.feed.look() && v.send() != nil {
			return
		}
		select {
		case <-ticks.C:
		case <-stopped:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// send writes an event. One write that takes too long ends the view: a client that
// does not read must hold nothing here.
func (v *view) send() error {
	e := v.feed.event()
	e.Title, e.Force = v.header.Title, v.header.Force
	v.buf.Reset()
	v.buf.WriteString("data: ")
	if err := json.NewEncoder(&v.buf).Encode(e); err != nil { // ends with a newline
		return err
	}
	v.buf.WriteByte('\n')
	// Where there are no deadlines, as in tests, there is nobody to be stuck.
	_ = v.rc.SetWriteDeadline(time.Now().Add(debugPatience))
	if _, err := v.w.Write(v.buf.Bytes()); err != nil {
		return err
	}
	return v.rc.Flush()
}

// stopped returns a channel that is closed when the server of the request begins to
// shut down, for Shutdown waits for requests but does not tell them. Nil: never.
func (d *DebugHandler) stopped(r *http.Request) <-chan struct{} {
	srv, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if stop, ok := d.stops[srv]; ok {
		return stop
	}
	stop := make(chan struct{})
	d.stops[srv] = stop
	srv.RegisterOnShutdown(sync.OnceFunc(func() { close(stop) }))
	return stop
}
