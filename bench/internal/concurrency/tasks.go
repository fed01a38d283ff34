package concurrency

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/alitto/pond/v2"
	"github.com/panjf2000/ants/v2"
	conc "github.com/sourcegraph/conc/pool"
	gozero "github.com/zeromicro/go-zero/core/threading"
	"golang.org/x/sync/errgroup"

	"github.com/weirgo/weir/bench/internal/concurrency/batch"
	"github.com/weirgo/weir/bench/internal/suite"
	"github.com/weirgo/weir/threading"
)

const workers = 16

// A crew makes workers, has them do task n times, and ends them when all is done.
type crew func(n int, task func())

// taskLine has the best peer differ from run to run, so Weir is held against each.
func taskLine(s Scale) suite.Line {
	peers := []suite.Contender{
		crewOf("pond", pondModule, pondTasks, s.Tasks),
		crewOf("conc", concModule, concTasks, s.Tasks),
		crewOf(gozeroName, gozeroModule, gozeroTasks, s.Tasks),
		crewOf("errgroup", xsyncModule, errgroupTasks, s.Tasks),
		crewOf("ants", antsModule, antsTasks, s.Tasks),
	}
	var targets []suite.Target
	for _, p := range peers {
		targets = append(targets, suite.Ratio(weirName, 0.8, p.Name))
	}
	return suite.Line{
		Name: "tasks",
		Work: fmt.Sprintf("one of %d tasks that count, on %d workers", s.Tasks, workers),
		Contenders: append(peers,
			crewOf(weirName, weirModule, weirTasks, s.Tasks),
			crewOf("goroutines and a channel", "", channelTasks, s.Tasks)),
		Targets: targets,
		Rounds:  5,
	}
}

func crewOf(name, module string, c crew, n int) suite.Contender {
	return suite.Contender{Name: name, Module: module, New: func() suite.Subject {
		return &batch.Batch{Items: n, Run: func() bool {
			var done atomic.Int64
			c(n, func() { done.Add(1) })
			return done.Load() == int64(n)
		}}
	}}
}

// weirTasks leaves undone what is refused, as do others below: that is found out by
// who counts.
func weirTasks(n int, task func()) {
	ctx := context.Background()
	r := threading.NewTaskRunner(threading.TaskOptions{Workers: workers})
	for range n {
		_ = r.Schedule(ctx, task)
	}
	_ = r.Close(ctx)
}

func pondTasks(n int, task func()) {
	p := pond.NewPool(workers)
	for range n {
		_ = p.Go(task)
	}
	p.StopAndWait()
}

func concTasks(n int, task func()) {
	p := conc.New().WithMaxGoroutines(workers)
	for range n {
		p.Go(task)
	}
	p.Wait()
}

func gozeroTasks(n int, task func()) {
	r := gozero.NewTaskRunner(workers)
	for range n {
		r.Schedule(task)
	}
	r.Wait()
}

func errgroupTasks(n int, task func()) {
	var g errgroup.Group
	g.SetLimit(workers)
	do := func() error { task(); return nil }
	for range n {
		g.Go(do)
	}
	_ = g.Wait()
}

// antsTasks waits by itself, as users of ants must.
func antsTasks(n int, task func()) {
	p, err := ants.NewPool(workers)
	if err != nil {
		return
	}
	defer p.Release()
	var all sync.WaitGroup
	all.Add(n)
	do := func() { task(); all.Done() }
	for range n {
		if p.Submit(do) != nil {
			all.Done()
		}
	}
	all.Wait()
}

// channelTasks is what one would write without any of them.
func channelTasks(n int, task func()) {
	tasks := make(chan func(), 1024)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for task := range tasks {
				task()
			}
		})
	}
	for range n {
		tasks <- task
	}
	close(tasks)
	all.Wait()
}
