package limit

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"github.com/weirgo/weir/internal/ctxerr"
)

// MemoryOptions configures a [Memory].
type MemoryOptions struct {
	// Name tells this memory apart in metrics.
	Name string

	// MaxKeys is how many keys may be kept of token limits, and again of period
	// limits. The default is 1,048,576. It is spread evenly over up to 64 shards.
	MaxKeys int
}

const (
	defaultMaxKeys = 1 << 20
	maxShards      = 64
	keysPerShard   = 64 // at least, so that shards fill evenly enough
)

// Validate returns what makes the options impossible, nil if nothing does.
func (o MemoryOptions) Validate() error {
	if o.MaxKeys < 0 {
		return errMaxKeys
	}
	return nil
}

// Memory is a [Store] in the memory of this process. One may serve many limiters;
// those that have a Name do not see each other's keys.
//
// A key costs memory from its first event until it is idle, which means that all
// its events are forgotten: its buckets full again, its window over. New keys
// look for idle ones among a few others and drop them. If MaxKeys are kept and
// none is found idle, a new key is a stranger: all strangers of one of the
// shards share one state, and so are limited as if they were one key. So a flood
// of keys neither costs memory, nor lets anybody through who is being limited,
// nor escapes limits itself; [MemoryStats] counts it.
//
// If limiters with different limits share a key, what one takes the others see:
// buckets are compared one by one, in their order, and count events; windows and
// sliding windows last as long as the longest one in use. The key is then allowed
// no more than by the most generous of each.
//
// A call takes one lock, of one shard, and for a known key allocates nothing. A
// key takes 86 to 256 bytes, and those of its text; one with several buckets 24
// more for each, one that is being refused 16 to 64 more. The clock of token limits is monotonic: setting the computer's
// clock changes nothing. Use NewMemory to make one. A Memory must not be copied.
// There is no goroutine and nothing to close.
type Memory struct {
	opts    MemoryOptions
	seed    maphash.Seed
	epoch   time.Time
	tokens  tables[tokens]
	windows tables[windows]
}

// NewMemory returns an empty memory. It panics if o is impossible; see Validate.
func NewMemory(o MemoryOptions) *Memory {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	if o.MaxKeys == 0 {
		o.MaxKeys = defaultMaxKeys
	}
	return &Memory{opts: o, seed: maphash.MakeSeed(), epoch: time.Now()}
}

// tables are the shards of a kind of limit, made when they are first needed.
type tables[S any] struct {
	once   sync.Once
	shards []table[S] // a power of two
	shift  uint       // 64 - log2(len(shards))
}

func (ts *tables[S]) init(maxKeys int) {
	ts.once.Do(func() {
		n, shift := shardsFor(maxKeys)
		ts.shards, ts.shift = make([]table[S], n), shift
		for i := range ts.shards {
			ts.shards[i].most = maxKeys / n
		}
	})
}

// shardsFor returns how many shards so many keys are spread over, a power of two,
// and what shifts a hash to the number of one.
func shardsFor(maxKeys int) (n int, shift uint) {
	n, shift = 1, 64
	for n < maxShards && 2*n*keysPerShard <= maxKeys {
		n, shift = 2*n, shift-1
	}
	return n, shift
}

func (m *Memory) init() {
	m.tokens.init(m.opts.MaxKeys)
	m.windows.init(m.opts.MaxKeys)
}

// of returns the shard of a hash: its high bits choose it, the low ones the cell.
func (ts *tables[S]) of(hash uint64) (*table[S], int) {
	i := int(hash >> ts.shift)
	return &ts.shards[i], i
}

// MemoryStats is a snapshot of a [Memory]. Keys is a gauge, the others are
// counters that only grow.
type MemoryStats struct {
	Keys    int    // keys kept now, some of which may be idle
	Evicted uint64 // idle keys dropped
	Shared  uint64 // decisions about keys for which there was no room
}

// Stats locks one shard after the other for a moment.
func (m *Memory) Stats() MemoryStats {
	var st MemoryStats
	m.init()
	m.tokens.count(&st)
	m.windows.count(&st)
	return st
}

func (ts *tables[S]) count(st *MemoryStats) {
	for i := range ts.shards {
		t := &ts.shards[i]
		t.mu.Lock()
		st.Keys += t.used
		st.Evicted += t.evicted
		st.Shared += t.shared
		t.mu.Unlock()
	}
}

// TakeTokens implements [Store]. It returns an error only for impossible buckets
// and a done ctx.
func (m *Memory) TakeTokens(ctx context.Context, key string, n int, within time.Duration, buckets []Bucket) (Taken, error) {
	if err := ctxerr.Err(ctx); err != nil {
		return Taken{}, err
	}
	var few [4]rule
	rules, err := rulesOf(few[:0], buckets)
	if err != nil {
		return Taken{}, err
	}
	m.init()
	v := view{mem: m}
	return v.takeTokens(key, n, within, rules), nil
}

// TakeWindow implements [Store]. It returns an error only for impossible windows,
// a negative n, and a done ctx.
func (m *Memory) TakeWindow(ctx context.Context, key string, n int, w Window) (Taken, error) {
	if err := ctxerr.Err(ctx); err != nil {
		return Taken{}, err
	}
	if n < 0 {
		return Taken{}, ErrCost
	}
	if err := w.Validate(); err != nil {
		return Taken{}, err
	}
	m.init()
	now := time.Now()
	v := view{mem: m}
	return v.takeWindow(key, n, &w, w.span(now), now.UnixNano()), nil
}
