package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirgo/weir/executors"
)

// ample are settings that nothing runs into.
var ample = settings{size: 256, interval: 2 * time.Millisecond, pending: 1024, attempts: 3}

// newSink returns a sink whose file is synced by sync, if that is not nil.
func newSink(t *testing.T, s settings, sync func() error) (g *grouped, name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "lines.log")
	j, err := openJournal(name, s.fail)
	if err != nil {
		t.Fatal(err)
	}
	if sync != nil {
		j.sync = sync
	}
	g = newGrouped(j, s)
	t.Cleanup(func() { _ = g.close(context.Background()) })
	return g, name
}

func content(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// send has the server answer a post, without a connection.
func send(s sink, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	routes(s).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/lines", strings.NewReader(body)))
	return w
}

func expect(t *testing.T, w *httptest.ResponseRecorder, status int, text string) {
	t.Helper()
	if w.Code != status || !strings.Contains(w.Body.String(), text) {
		t.Errorf("%d %q, not %d %q", w.Code, w.Body.String(), status, text)
	}
}

func TestPostsThatComeTogetherShareAnFsync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, name := newSink(t, ample, nil)
		begin := time.Now()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { expect(t, send(g, "one\ntwo\n"), http.StatusOK, `{"lines":2}`) })
		}
		all.Wait()
		synctest.Wait() // until the batch is counted
		if f := g.figures(); f.Fsyncs != 1 || f.Lines != 200 || f.Handled != 100 || time.Since(begin) != ample.interval {
			t.Errorf("%+v, after %v", f, time.Since(begin))
		}
		if got := content(t, name); got != strings.Repeat("one\ntwo\n", 100) {
			t.Errorf("%q", got)
		}
	})
}

func TestAFullBatchWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ample
		s.size = 1
		g, _ := newSink(t, s, nil)
		begin := time.Now()
		expect(t, send(g, "one"), http.StatusOK, `{"lines":1}`)
		if time.Since(begin) != 0 {
			t.Errorf("after %v", time.Since(begin))
		}
	})
}

func TestAPostIsAcknowledgedOnlyOnceItIsDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		synced := make(chan error)
		g, _ := newSink(t, ample, func() error { return <-synced })
		answered := make(chan *httptest.ResponseRecorder, 1)
		go func() { answered <- send(g, "one\n") }()
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(answered) > 0 {
			t.Fatal("acknowledged before the file was synced")
		}
		synced <- nil
		expect(t, <-answered, http.StatusOK, `{"lines":1}`)
	})
}

func TestABatchThatFailsIsWrittenAgainAndOnlyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		g, name := newSink(t, ample, func() error {
			if tries++; tries < 3 {
				return errDisk
			}
			return nil
		})
		expect(t, send(g, "one\ntwo"), http.StatusOK, `{"lines":2}`)
		if got := content(t, name); got != "one\ntwo\n" || tries != 3 {
			t.Errorf("%q, %d tries", got, tries)
		}
	})
}

func TestABatchThatKeepsFailingIsAnswered500AndNotInTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ample
		s.fail = 1
		g, name := newSink(t, s, nil)
		expect(t, send(g, "one\n"), http.StatusInternalServerError, errDisk.Error())
		synctest.Wait() // until the batch is counted
		if f := g.figures(); content(t, name) != "" || f.Fsyncs != 3 || f.Retries != 2 || f.Failed != 1 || f.Lines != 0 {
			t.Errorf("%q, %+v", content(t, name), f)
		}
	})
}

func TestAHandlerThatPanicsIsAnswered500(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := newSink(t, ample, func() error { panic("no such disk") })
		expect(t, send(g, "one\n"), http.StatusInternalServerError, "no such disk")
	})
}

func TestMorePostsThanMayBeUnderWayAreAnswered503(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		synced := make(chan error)
		s := ample
		s.pending = 2
		g, name := newSink(t, s, func() error { return <-synced })
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() { expect(t, send(g, "one\n"), http.StatusOK, `{"lines":1}`) })
		}
		synctest.Wait()
		w := send(g, "two\n")
		expect(t, w, http.StatusServiceUnavailable, executors.ErrFull.Error())
		if w.Header().Get("Retry-After") != "1" || g.figures().Refused != 1 {
			t.Errorf("%v, %+v", w.Header(), g.figures())
		}
		close(synced)
		all.Wait()
		if got := content(t, name); got != "one\none\n" {
			t.Errorf("%q", got)
		}
	})
}

func TestAPostAfterCloseIsAnswered503(t *testing.T) {
	g, _ := newSink(t, ample, nil)
	if err := g.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := send(g, "one\n")
	expect(t, w, http.StatusServiceUnavailable, executors.ErrClosed.Error())
	if w.Header().Get("Retry-After") != "1" {
		t.Errorf("%v", w.Header())
	}
}

func TestBodiesThatAreTooLongAreNotTaken(t *testing.T) {
	g, name := newSink(t, ample, nil)
	line := strings.Repeat("x", maxLine-1)
	lines := strings.Repeat(line+"\n", maxBody/maxLine)
	expect(t, send(g, "short\n"+line+"x"), http.StatusBadRequest, "line 2 has more than 4095 bytes")
	expect(t, send(g, lines+"\n"), http.StatusRequestEntityTooLarge, "too large")
	if got := content(t, name); got != "" || g.figures().Accepted != 0 {
		t.Errorf("%d bytes, %+v", len(got), g.figures())
	}
	expect(t, send(g, lines), http.StatusOK, `{"lines":16}`)
	expect(t, send(g, ""), http.StatusOK, `{"lines":0}`)
	if got := content(t, name); got != lines {
		t.Errorf("%d bytes, not %d", len(got), len(lines))
	}
}

func TestABodyThatBreaksOffIsNotTaken(t *testing.T) {
	g, _ := newSink(t, ample, nil)
	w := httptest.NewRecorder()
	broken := io.MultiReader(strings.NewReader("one\ntw"), &failing{io.ErrUnexpectedEOF})
	routes(g).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/lines", broken))
	expect(t, w, http.StatusBadRequest, "unexpected EOF")
	if g.figures().Accepted != 0 {
		t.Errorf("%+v", g.figures())
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

func TestNothingElseIsServed(t *testing.T) {
	g, _ := newSink(t, ample, nil)
	for _, path := range []string{"/lines", "/"} {
		w := httptest.NewRecorder()
		routes(g).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code < 400 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// listen starts a server at a port of its own.
func listen(t *testing.T, s sink) (srv *server, url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv = newServer(ln, s)
	go srv.serve()
	return srv, "http://" + ln.Addr().String()
}

// callerOf posts single lines to the server at url.
func callerOf(url string) *caller {
	var at atomic.Pointer[string]
	at.Store(&url)
	return newCaller(0, 1, &at)
}

// A disk hangs, with a post on its way there and many behind it.
func TestWhenDrainingTakesTooLongThoseNotBegunLearnIt(t *testing.T) {
	hanging, release := make(chan struct{}), make(chan struct{})
	s := ample
	s.size = 1
	g, _ := newSink(t, s, func() error {
		close(hanging)
		<-release
		return nil
	})
	srv, url := listen(t, g)
	const behind = 50
	first, others := callerOf(url), make([]*caller, behind)
	var all sync.WaitGroup
	all.Go(func() { first.post(t.Context()) })
	<-hanging
	for i := range others {
		others[i] = callerOf(url)
		all.Go(func() { others[i].post(t.Context()) })
	}
	for g.figures().Accepted < 1+behind {
		time.Sleep(time.Millisecond)
	}
	err := srv.drain(time.Millisecond)
	all.Wait()
	u, ok := errors.AsType[*executors.UnsettledError](err)
	if !ok || u.Running != 1 || u.GivenUp != behind || g.figures().pending() != 1 {
		t.Errorf("%v, %+v", err, g.figures())
	}
	if first.unanswered != 1 || first.unsure[0] != 1 {
		t.Errorf("the first: %+v", first.tally)
	}
	for i, c := range others {
		if c.refused != 1 {
			t.Errorf("no. %d behind: %+v", i, c.tally)
		}
	}
	close(release)
}

func TestAPostUnderWayIsAnsweredBeforeTheServerEnds(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	g, name := newSink(t, ample, func() error {
		close(begun)
		<-release
		return nil
	})
	srv, url := listen(t, g)
	c := callerOf(url)
	var all sync.WaitGroup
	all.Go(func() { c.post(t.Context()) })
	<-begun
	all.Go(func() {
		if err := srv.drain(time.Hour); err != nil {
			t.Error(err)
		}
	})
	for !srv.leaving.Load() {
		time.Sleep(time.Millisecond)
	}
	close(release)
	all.Wait()
	if c.acked != 1 || content(t, name) != string(appendLine(nil, 0, 0)) {
		t.Errorf("%+v, %q", c.tally, content(t, name))
	}
	late := callerOf(url)
	if late.post(t.Context()); late.acked != 0 || late.unanswered != 0 {
		t.Errorf("who could not connect has not sent anything: %+v", late.tally)
	}
}

func TestANaiveSinkSyncsForEachPost(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lines.log")
	n, err := newNaive(name)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		expect(t, send(n, "one\ntwo"), http.StatusOK, `{"lines":2}`)
	}
	if err := n.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, send(n, "one\n"), http.StatusInternalServerError, "closed")
	want := figures{Accepted: 4, Handled: 3, Failed: 1, Lines: 6, Fsyncs: 3}
	if f := n.figures(); f != want || content(t, name) != strings.Repeat("one\ntwo\n", 3) {
		t.Errorf("%+v, %q", f, content(t, name))
	}
}
