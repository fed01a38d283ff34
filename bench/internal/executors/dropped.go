package executors

import (
	"context"
	"fmt"

	gozero "github.com/zeromicro/go-zero/core/executors"
	"google.golang.org/api/support/bundler"

	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/executors"
)

const bytesLeft = "B left"

// droppedLine uses each executor in the way that leaves least behind: its last act is to
// wait until everything is handled.
func droppedLine(s Scale) suite.Line {
	c := func(name, module string, use func()) suite.Contender {
		return suite.Contender{Name: name, Module: module, New: func() suite.Subject {
			return suite.Metered(func(suite.Setting) (map[string]float64, error) {
				use() // what is made only once
				before := suite.LiveHeap()
				for range s.Dropped {
					use()
				}
				return map[string]float64{bytesLeft: max(0, float64(int64(suite.LiveHeap()-before))) / float64(s.Dropped)}, nil
			})
		}}
	}
	return suite.Line{
		Name:    "dropped",
		Work:    fmt.Sprintf("what is left of each of %d executors that were used and dropped", s.Dropped),
		Metrics: []string{bytesLeft},
		Rounds:  3,
		CPUs:    []int{2},
		Contenders: []suite.Contender{
			c(weirName, weirModule, useWeir),
			c(gozeroName, gozeroModule, useGozero),
			c(bundlerName, bundlerModule, useBundler),
		},
		// The heap is not still to the byte.
		Targets: []suite.Target{suite.Metric(weirName, bytesLeft, 8)},
	}
}

func useWeir() {
	b := executors.NewBulk(executors.BulkOptions[int]{
		Handle: func(_ context.Context, batch []int) error { total.Add(int64(len(batch))); return nil }})
	_ = b.Add(context.Background(), 1)
	_ = b.Close(context.Background())
}

// useGozero adds nothing: else each executor would have a goroutine for ten seconds
// more.
func useGozero() {
	b := gozero.NewBulkExecutor(func(batch []any) { total.Add(int64(len(batch))) })
	b.Flush()
	b.Wait()
}

func useBundler() {
	b := bundler.NewBundler(0, func(batch any) { total.Add(int64(len(batch.([]int)))) })
	_ = b.Add(1, 1)
	b.Flush()
}
