package executors

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	gozero "github.com/zeromicro/go-zero/core/executors"
	"google.golang.org/api/support/bundler"

	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/executors"
)

const (
	batchSize = 1000
	itemBytes = 24
	chunkSize = batchSize * itemBytes
	interval  = time.Second
)

// total is what handlers add up, lest they do nothing.
var total atomic.Int64

func addUp[T any](batch []T, value func(T) int) {
	sum := 0
	for _, v := range batch {
		sum += value(v)
	}
	total.Add(int64(sum))
}

// addUpAny is for handlers that are given items in interfaces.
func addUpAny[T any](batch []any, value func(T) int) {
	sum := 0
	for _, v := range batch {
		sum += value(v.(T))
	}
	total.Add(int64(sum))
}

func bulkLine[T any](name, what string, v T, value func(T) int) suite.Line {
	return suite.Line{
		Name: name,
		Work: fmt.Sprintf("hand over %s, %d of which a handler adds up at a time", what, batchSize),
		Contenders: []suite.Contender{
			contender(weirName, weirModule, func() func() bool {
				ctx := context.Background()
				b := executors.NewBulk(executors.BulkOptions[T]{Size: batchSize, Interval: interval,
					Handle: func(_ context.Context, batch []T) error { addUp(batch, value); return nil }})
				return func() bool { return b.Add(ctx, v) == nil }
			}),
			contender(gozeroName, gozeroModule, func() func() bool {
				b := gozero.NewBulkExecutor(func(batch []any) { addUpAny(batch, value) },
					gozero.WithBulkTasks(batchSize), gozero.WithBulkInterval(interval))
				return func() bool { return b.Add(v) == nil }
			}),
			contender(bundlerName, bundlerModule, func() func() bool {
				b := newBundler(v, func(batch []T) { addUp(batch, value) })
				b.BundleCountThreshold = batchSize
				return addWait(b, v)
			}),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 1, gozeroName), suite.Allocs(weirName, 0)},
	}
}

func chunkLine() suite.Line {
	v := item{1, 2, 3}
	return suite.Line{
		Name: "chunk add",
		Work: fmt.Sprintf("hand over a struct of three words, which a handler adds up by %d bytes", chunkSize),
		Contenders: []suite.Contender{
			contender(weirName, weirModule, func() func() bool {
				ctx := context.Background()
				c := executors.NewChunk(executors.ChunkOptions[item]{Bytes: chunkSize, Interval: interval,
					SizeOf: func(item) int { return itemBytes },
					Handle: func(_ context.Context, batch []item) error { addUp(batch, item.sum); return nil }})
				return func() bool { return c.Add(ctx, v) == nil }
			}),
			contender(gozeroName, gozeroModule, func() func() bool {
				c := gozero.NewChunkExecutor(func(batch []any) { addUpAny(batch, item.sum) },
					gozero.WithChunkBytes(chunkSize), gozero.WithFlushInterval(interval))
				return func() bool { return c.Add(v, itemBytes) == nil }
			}),
			contender(bundlerName, bundlerModule, func() func() bool {
				b := newBundler(v, func(batch []item) { addUp(batch, item.sum) })
				b.BundleCountThreshold = 0
				b.BundleByteThreshold = chunkSize
				return addWait(b, v)
			}),
		},
		Targets: []suite.Target{suite.Ratio(weirName, 1, gozeroName), suite.Allocs(weirName, 0)},
	}
}

func newBundler[T any](example T, handle func([]T)) *bundler.Bundler {
	b := bundler.NewBundler(example, func(batch any) { handle(batch.([]T)) })
	b.DelayThreshold = interval
	b.BundleByteThreshold = 1 << 30
	b.BufferedByteLimit = 10 * chunkSize // as much as Weir has pending by default
	return b
}

func addWait[T any](b *bundler.Bundler, v T) func() bool {
	ctx := context.Background()
	return func() bool { return b.AddWait(ctx, v, itemBytes) == nil }
}
