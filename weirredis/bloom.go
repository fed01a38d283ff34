package weirredis

import (
	"context"
	_ "embed" // for the scripts
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/weirgo/weir/bloom"
	"github.com/weirgo/weir/internal/ctxerr"
)

//go:embed bloom_add.lua
var bloomAddSource string

//go:embed bloom_test.lua
var bloomTestSource string

const (
	bloomHead  = 64   // bytes before the bits
	bloomBatch = 1000 // keys per call of a script
)

// Bloom is a Bloom filter in Redis, which several processes share: Test is true for
// every key that any of them added, and by mistake for a share of the others. See
// [bloom.Filter] for what that is good for, and use that one where processes need not
// agree at once: here each question costs a round trip.
//
// It is made by [NewBloom]; the zero value does not work. It is safe for concurrent use,
// starts nothing and needs no closing. Keys are any bytes; what is sent of them is a few
// numbers, and they are neither kept nor changed.
//
// The filter is one key of Redis, a string, which takes all its memory with the first key
// that is added. To zero that holds the server up, half a gigabyte for some tenths of a
// second. Its first bytes say how large it is. If processes share a name but differ in
// Capacity or FPR, or if the name holds something else, they get errors and change nothing.
//
// A filter that is gone is empty, and there is no telling: Redis must not evict it
// (maxmemory-policy noeviction or volatile-*, or a database of its own), and what a failed
// master had not passed on is forgotten.
//
// Errors are those of ctx, and of Redis; the latter name the key and wrap go-redis'
// error. What Add has failed to add, may be there or not.
type Bloom struct {
	client  redis.UniversalClient
	key     string
	layout  bloom.Layout
	timeout time.Duration
	add     *redis.Script
	test    *redis.Script
	head    []any // arguments that both scripts begin with
	adding  []any // and those of add
}

// NewBloom returns a filter. It panics if o is impossible, also if the filter would be
// too large for Redis; see Validate. It does not connect.
func NewBloom(o BloomOptions) *Bloom {
	l, err := o.layout()
	if err != nil {
		panic(err.Error())
	}
	o.defaults()
	head := fmt.Sprintf("%-*s", bloomHead, "b1 "+l.String())
	last := strconv.FormatUint(8*bloomHead+l.Bits()-1, 10)
	ttl := o.TTL / time.Millisecond
	if o.TTL%time.Millisecond > 0 {
		ttl++
	}
	return &Bloom{
		client:  o.Client,
		key:     o.Key,
		layout:  l,
		timeout: o.Timeout,
		add:     redis.NewScript(bloomAddSource),
		test:    redis.NewScript(bloomTestSource),
		head:    []any{head},
		adding:  []any{head, last, strconv.FormatInt(int64(ttl), 10)},
	}
}

// Add adds a key. It costs one call of a script, as Test and TestAndAdd do.
func (b *Bloom) Add(ctx context.Context, key []byte) error {
	_, err := b.TestAndAdd(ctx, key)
	return err
}

// Test reports whether a key was added. False is certain, true may be a mistake.
func (b *Bloom) Test(ctx context.Context, key []byte) (bool, error) {
	return b.one(ctx, b.test, b.head, key)
}

// TestAndAdd adds a key and reports whether it was there already, in one step: of several
// callers with the same new key, one is told that it was new. (Or none, if the filter
// mistakes it for an old one.) After an error it may have been added: go-redis repeats
// what a lost connection leaves open, and then the key is there already.
func (b *Bloom) TestAndAdd(ctx context.Context, key []byte) (already bool, err error) {
	return b.one(ctx, b.add, b.adding, key)
}

// AddN adds keys. It costs one call of a script for every thousand of them, so that the
// server is not held up for long. If one fails, the keys before are added, and it does
// no harm to add them once more.
func (b *Bloom) AddN(ctx context.Context, keys [][]byte) error {
	return b.each(ctx, b.add, b.adding, keys, func(int64) {})
}

// TestN reports of each key whether it was added, in calls as AddN makes them.
func (b *Bloom) TestN(ctx context.Context, keys [][]byte) ([]bool, error) {
	found := make([]bool, 0, len(keys))
	err := b.each(ctx, b.test, b.head, keys, func(all int64) { found = append(found, all == 1) })
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Delete removes whatever the name holds, be it a filter of another size or something
// else. The next key that is added begins a new filter.
func (b *Bloom) Delete(ctx context.Context) error {
	return b.call(ctx, func(ctx context.Context) error { return b.client.Unlink(ctx, b.key).Err() })
}

func (b *Bloom) one(ctx context.Context, script *redis.Script, args []any, key []byte) (all bool, err error) {
	err = b.each(ctx, script, args, [][]byte{key}, func(reply int64) { all = reply == 1 })
	return all, err
}

// each runs a script for all keys and hands on what it says of each.
func (b *Bloom) each(
	ctx context.Context, script *redis.Script, head []any, keys [][]byte, result func(int64),
) error {
	var bits [16]uint64
	for from := 0; from < len(keys) || from == 0; from += bloomBatch {
		batch := keys[from:min(len(keys), from+bloomBatch)]
		args := append(make([]any, 0, len(head)+len(batch)), head...)
		for _, key := range batch {
			args = append(args, numbers(b.layout.AppendBits(bits[:0], key)))
		}
		reply, err := b.run(ctx, script, args, len(batch))
		if err != nil {
			return err
		}
		for _, r := range reply {
			result(r)
		}
	}
	return nil
}

// numbers writes down where a key's block begins in the string, in bytes, and its bits.
func numbers(bits []uint64) string {
	const blockBits = 512
	buf := make([]byte, 0, 80)
	buf = strconv.AppendUint(buf, bloomHead+bits[0]/blockBits*(blockBits/8), 10)
	for _, bit := range bits {
		buf = appendUint(buf, ' ', bit%blockBits)
	}
	return string(buf)
}

// run runs a script for so many keys. Without any it only looks at ctx.
func (b *Bloom) run(ctx context.Context, script *redis.Script, args []any, keys int) (reply []int64, err error) {
	err = b.call(ctx, func(ctx context.Context) error {
		if keys == 0 {
			return nil
		}
		reply, err = script.Run(ctx, b.client, []string{b.key}, args...).Int64Slice()
		if err == nil && len(reply) != keys {
			err = errShort
		}
		return err
	})
	return reply, err
}

// call asks Redis, at most for as long as it may take.
func (b *Bloom) call(ctx context.Context, ask func(context.Context) error) error {
	if ctx.Err() != nil {
		return ctxerr.Err(ctx)
	}
	limited := ctx
	if b.timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, b.timeout)
		defer cancel()
	}
	if err := ask(limited); err != nil {
		if ended(ctx) {
			return ctxerr.Err(ctx)
		}
		return keyError(b.key, err)
	}
	return nil
}

// ended reports whether ctx is done, or ought to be: its connection has a timer of its own
// for the same deadline, which may be the first to ring.
func ended(ctx context.Context) bool {
	if deadline, ok := ctx.Deadline(); ok && ctx.Done() != nil && !time.Now().Before(deadline) {
		<-ctx.Done()
	}
	return ctx.Err() != nil
}
