package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// tickEvery is how often the progress line changes.
const tickEvery = 200 * time.Millisecond

// A screen tells the person at the terminal what goes on: one line that changes
// while a step runs, and one that stays when it is done. Where nobody watches
// (live is false) there are only the latter.
type screen struct {
	out  io.Writer
	live bool
}

// isTerminal reports whether f is a device one can rewrite a line on.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

func (s *screen) say(line string) { fmt.Fprintln(s.out, line) }

func (s *screen) begin(p plan) {
	s.say(fmt.Sprintf("A server on loopback that can do %.0f requests/s: %s. "+
		"An answer is of use within %v; users hang up after %v.",
		p.capacity, p.about, p.deadline, p.patience))
	s.say(fmt.Sprintf("At most %d requests in flight and %d connections. This takes about %v.",
		maxInFlight, maxConns, p.duration().Round(time.Second)))
}

// step shows how a step proceeds until the ticker it returns is stopped.
func (s *screen) step(load float64, name string, p plan, t *tally) *ticker {
	tk := &ticker{quit: make(chan struct{}), ended: make(chan struct{})}
	if !s.live {
		close(tk.ended)
		return tk
	}
	begin := time.Now()
	go func() {
		defer close(tk.ended)
		tick := time.NewTicker(tickEvery)
		defer tick.Stop()
		for {
			s.draw(load, name, time.Since(begin), p, t)
			select {
			case <-tick.C:
			case <-tk.quit:
				fmt.Fprint(s.out, "\r\x1b[2K")
				return
			}
		}
	}()
	return tk
}

func (s *screen) draw(load float64, name string, elapsed time.Duration, p plan, t *tally) {
	const width = 20
	share := elapsed.Seconds() / (p.warmup + p.measure).Seconds()
	full := min(int(share*width), width)
	state := "warming up"
	if elapsed >= p.warmup {
		n := t.counts()
		state = fmt.Sprintf("good %d, refused %d, late %d", n[good], n[refused], n[late])
	}
	fmt.Fprintf(s.out, "\r\x1b[2K%4.1fx %-9s [%s%s] %s",
		load, name, strings.Repeat("#", full), strings.Repeat(".", width-full), state)
}

func (s *screen) again(load float64, name string, stall time.Duration) {
	s.say(fmt.Sprintf("%4.1fx %-9s the machine stood still for %d ms; once more", load, name, stall.Milliseconds()))
}

func (s *screen) done(load float64, name string, f figures) {
	s.say(fmt.Sprintf("%4.1fx %-9s offered %4.0f/s: good %4.0f, refused %4.0f, late %4.0f; p99 %4.0f ms",
		load, name, f.Offered, f.Goodput, f.Refused, f.Late, f.P99))
}

// A ticker is the goroutine that redraws the line.
type ticker struct{ quit, ended chan struct{} }

// stop ends the goroutine and waits for it. It must be called once.
func (t *ticker) stop() {
	close(t.quit)
	<-t.ended
}
