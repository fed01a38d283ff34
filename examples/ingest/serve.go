package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/weirgo/weir/examples/internal/program"
)

// A serving is the server as a program of its own.
type serving struct {
	settings
	addr  string
	file  string
	naive bool
	grace time.Duration
	stdin io.Reader // if set, the end of it is a SIGTERM
}

// listening is what a server says first, before its address.
const listening = "listening on "

// newServing has its own idea of signals, for the end by a signal is a good one.
func newServing(stdin io.Reader) program.Program {
	var s serving
	tied := false
	return program.Program{
		Name: "ingest serve",
		Flags: func(fs *flag.FlagSet) {
			s.settings.flags(fs)
			fs.StringVar(&s.addr, "addr", "127.0.0.1:8080", "where to listen")
			fs.StringVar(&s.file, "file", "lines.log", "where the lines go")
			fs.BoolVar(&s.naive, "naive", false, "sync the file for each request")
			fs.DurationVar(&s.grace, "grace", 30*time.Second, "how long to drain after SIGTERM")
			fs.BoolVar(&tied, "stdin", false, "take the end of stdin for a SIGTERM")
		},
		Check: func() error {
			if tied {
				s.stdin = stdin
			}
			return errors.Join(s.settings.check(), program.Between("grace", s.grace.Seconds(), 0, 3600))
		},
		Run: func(_ context.Context, out io.Writer) (program.Result, error) {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return s.run(ctx, out)
		},
	}
}

// run serves until ctx or stdin ends, or the listener fails.
func (s serving) run(ctx context.Context, out io.Writer) (program.Result, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ln, err := net.Listen("tcp", s.addr)
	if err != nil {
		return nil, err
	}
	defer ln.Close()
	sink, err := s.open()
	if err != nil {
		return nil, err
	}
	if s.stdin != nil {
		go func() {
			_, _ = io.Copy(io.Discard, s.stdin)
			stop()
		}()
	}
	server := newServer(ln, sink)
	go func() {
		server.serve()
		stop()
	}()
	fmt.Fprintf(out, "%shttp://%s\n", listening, ln.Addr())
	<-ctx.Done()
	end := farewell{Drained: sink.figures().pending()}
	err = server.drain(s.grace)
	end.figures = sink.figures()
	end.Lost = end.pending()
	if err != nil {
		fmt.Fprintln(out, end.Verdict()) // which nobody else does then
	}
	return end, err
}

func (s serving) open() (sink, error) {
	if s.naive {
		return newNaive(s.file)
	}
	j, err := openJournal(s.file, s.fail)
	if err != nil {
		return nil, err
	}
	return newGrouped(j, s.settings), nil
}
