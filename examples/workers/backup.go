package main

import (
	"compress/flate"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"math/rand/v2"
	"sync/atomic"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/threading"
)

const (
	chunkSize = 64 << 10

	// What goes wrong: two things that no code foresees.
	unhashable     = 3
	uncompressible = 5
)

// A chunk is a piece of the data, and its hash once that is known.
type chunk struct {
	index int
	data  []byte
	sum   [sha256.Size]byte
}

// newChunk makes up data that can be compressed by half.
func newChunk(index int) chunk {
	data, rng := make([]byte, chunkSize), rand.New(rand.NewPCG(uint64(index), 0))
	for i := 0; i < len(data); i += 8 {
		letters := rng.Uint64()
		for j := range 8 {
			data[i+j] = 'a' + byte(letters>>(8*j))%16
		}
	}
	return chunk{index: index, data: data}
}

func (c chunk) hashed() chunk {
	if c.index == unhashable {
		panic("no hash for this chunk")
	}
	c.sum = sha256.Sum256(c.data)
	return c
}

// A backup is the two runners, one behind the other.
type backup struct {
	hasher   *threading.StableRunner[chunk, chunk]
	storer   *threading.TaskRunner
	manifest hash.Hash // of the hashes of the chunks, in order

	pushed, next int // chunks that have gone in and come out
	lost         int // of these, those whose hashing has panicked

	hashed, stored atomic.Int64
	size           atomic.Int64 // bytes after compression
	reported       atomic.Int64 // panics of tasks
}

func newBackup(workers int) *backup {
	b := &backup{manifest: sha256.New()}
	b.hasher = threading.NewStableRunner(threading.StableOptions{Workers: workers}, chunk.hashed)
	b.storer = threading.NewTaskRunner(threading.TaskOptions{
		Name: "storer", Workers: workers, Queue: 4 * workers,
		OnPanic: func(*weir.Panic) { b.reported.Add(1) },
	})
	return b
}

// feed makes chunks until ctx ends, and has each of them hashed.
func (b *backup) feed(ctx context.Context) error {
	for ctx.Err() == nil {
		err := b.hasher.Push(ctx, newChunk(b.pushed))
		if err == nil {
			b.pushed++
		} else if ctx.Err() == nil {
			return err
		}
	}
	return b.hasher.Close(context.WithoutCancel(ctx))
}

// drain takes the chunks with their hashes, in order, until feed has ended and
// none is left, and has each of them stored.
func (b *backup) drain(ctx context.Context) error {
	for c, err := range b.hasher.All(ctx) {
		if err := b.take(ctx, c, err); err != nil {
			return err
		}
		b.next++
	}
	return b.storer.Close(ctx)
}

func (b *backup) take(ctx context.Context, c chunk, err error) error {
	var panicked *weir.Panic
	switch {
	case errors.As(err, &panicked):
		b.lost++ // and this was its place
		return nil
	case err != nil:
		return err
	case c.index != b.next:
		return fmt.Errorf("chunk %d came where chunk %d should be", c.index, b.next)
	}
	b.manifest.Write(c.sum[:])
	b.hashed.Add(1)
	return b.storer.Schedule(ctx, func() { b.store(c) })
}

// store compresses a chunk, and counts its bytes instead of keeping them.
func (b *backup) store(c chunk) {
	if c.index == uncompressible {
		panic("no room for this chunk")
	}
	w, err := flate.NewWriter(counter{&b.size}, flate.DefaultCompression)
	if err != nil {
		panic(err) // there is such a level
	}
	_, _ = w.Write(c.data) // a counter has no errors
	_ = w.Close()
	b.stored.Add(1)
}

type counter struct{ bytes *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.bytes.Add(int64(len(p)))
	return len(p), nil
}
