// Wordcount counts the words in all files under a directory, with mr.MapReduce.
//
//	go run ./examples/wordcount -dir $HOME/notes -top 20
//
// The source walks the directory while workers read what it has found so far. Each
// counts into a tally of its own; one that has become large goes to the reducer, which
// adds it to the total and hands it back empty. There are two tallies per worker, so
// memory is bounded by the different words there are, whatever the files are like.
//
// A word is a run of two letters or more; small and capital ones are the same. Bytes
// that are not ASCII count as letters. Links to files are followed, and links to directories are not.
//
// Progress goes to stderr, and so does what cannot be counted: files that have
// vanished or may not be read, directories that may not be listed, links that lead
// nowhere, pipes. The rest is counted all the same. An interrupt ends it at once, and
// it says what it has counted so far.
//
// Flags:
//
//	-dir D      where the files are (default the source code of Go)
//	-top N      how many of the most frequent words to print (default 10)
//	-workers N  how many files are read at a time (default GOMAXPROCS)
//	-json       print one JSON object on stdout, and all else on stderr
//
// It exits with 0 when it has come to the end, 1 if something failed, 2 on bad flags
// and 130 when interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"go/build"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/weirgo/weir/examples/internal/program"
)

func main() { newProgram(os.Stderr).Main() }

type options struct {
	dir     string
	top     int
	workers int
}

// newProgram is given where progress goes.
func newProgram(progress io.Writer) program.Program {
	var o options
	return program.Program{
		Name: "wordcount",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&o.dir, "dir", sources(), "where the files are")
			fs.IntVar(&o.top, "top", 10, "how many of the most frequent words to print")
			fs.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "how many files are read at a time")
		},
		Check: func() error { return o.check() },
		Run: func(ctx context.Context, out io.Writer) (program.Result, error) {
			return o.run(ctx, out, progress)
		},
	}
}

// sources is where Go was built from, "" if that is not known.
func sources() string {
	if build.Default.GOROOT == "" {
		return ""
	}
	return filepath.Join(build.Default.GOROOT, "src")
}

func (o options) check() error {
	if o.dir == "" {
		return errors.New("-dir is needed: the source code of Go was not found")
	}
	if _, err := os.Stat(o.dir); err != nil {
		return err
	}
	if err := program.Between("top", o.top, 1, 1_000_000); err != nil {
		return err
	}
	return program.Between("workers", o.workers, 1, 1000)
}
