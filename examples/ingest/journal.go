package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
)

// errDisk is what -fail has an fsync fail with.
var errDisk = errors.New("no space left on the device, as -fail has it")

// A journal is a file of lines that only grows. It is used by one goroutine at a time,
// but for the counters.
type journal struct {
	file *os.File
	sync func() error // file.Sync
	size int64        // of what is durable
	torn bool         // there is more in the file, from a try that failed
	buf  []byte

	every  int64 // every so many fsyncs fail; 0: none
	fsyncs atomic.Int64
	lines  atomic.Int64 // made durable
}

// openJournal opens or makes a file. What a process that was killed has left is kept,
// but for half a line at the end: nobody was told that it is there.
func openJournal(name string, failEvery int) (*journal, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	j := &journal{file: file, sync: file.Sync, every: int64(failEvery)}
	if err = errors.Join(j.recover(), syncDir(filepath.Dir(name))); err != nil {
		file.Close()
		return nil, err
	}
	return j, nil
}

func (j *journal) recover() error {
	end, err := j.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	from := max(0, end-maxLine) // no line is longer
	tail := make([]byte, end-from)
	if _, err := j.file.ReadAt(tail, from); err != nil && err != io.EOF {
		return err
	}
	last := bytes.LastIndexByte(tail, '\n')
	if last < 0 && from > 0 {
		return errors.New(j.file.Name() + " is not a file of lines")
	}
	j.size, j.torn = from+int64(last)+1, true
	return j.mend()
}

// syncDir has a new file found again after a power failure.
func syncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil // which has no such thing
	}
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// append writes a batch and returns nil once it is on the disk. When it fails the file
// is as before, so that the batch may be tried again.
func (j *journal) append(batch []*post) error {
	if err := j.mend(); err != nil {
		return err
	}
	j.buf = j.buf[:0]
	lines := 0
	for _, p := range batch {
		j.buf = append(j.buf, p.text...)
		lines += p.lines
	}
	_, err := j.file.WriteAt(j.buf, j.size)
	if err == nil {
		err = j.flush()
	}
	if err != nil {
		// It is not enough to sync again: the system may have dropped the pages that
		// it could not write, and then it says that all is well.
		j.torn = true
		return errors.Join(err, j.mend())
	}
	j.size += int64(len(j.buf))
	j.lines.Add(int64(lines))
	return nil
}

// mend cuts off what a failed try has left.
func (j *journal) mend() error {
	if !j.torn {
		return nil
	}
	err := j.file.Truncate(j.size)
	j.torn = err != nil
	return err
}

func (j *journal) flush() error {
	n := j.fsyncs.Add(1)
	if j.every > 0 && n%j.every == 0 {
		return errDisk
	}
	return j.sync()
}
