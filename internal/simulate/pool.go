package simulate

import (
	"container/heap"
	"math"
	"time"
)

// A job is a request that was admitted.
type job struct {
	req    Request
	settle func(late bool)
	done   float64 // when it is done, in seconds of the clock that the pool keeps
}

// A pool works on jobs. Its methods get the time in seconds.
type pool interface {
	add(now float64, j *job)
	next() float64 // when a job is done next
	finish(now float64) *job
	change(now, slowness float64, workers int)
}

// jobs is a heap of those that are worked on, the next to be done on top.
type jobs []*job

func (h jobs) Len() int           { return len(h) }
func (h jobs) Less(i, j int) bool { return h[i].done < h[j].done }
func (h jobs) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *jobs) Push(x any)        { *h = append(*h, x.(*job)) }
func (h *jobs) Pop() any {
	last := len(*h) - 1
	j := (*h)[last]
	*h = (*h)[:last]
	return j
}

// A line is a pool whose workers take one job at a time, first come, first served.
type line struct {
	mean     float64
	slowness float64
	workers  int
	working  jobs
	waiting  []*job
}

func (p *line) add(now float64, j *job) {
	p.waiting = append(p.waiting, j)
	p.start(now)
}

func (p *line) start(now float64) {
	for len(p.waiting) > 0 && len(p.working) < p.workers {
		j := p.waiting[0]
		p.waiting = p.waiting[1:]
		j.done = now + j.req.service*p.mean*p.slowness
		heap.Push(&p.working, j)
	}
}

func (p *line) next() float64 {
	if len(p.working) == 0 {
		return math.Inf(1)
	}
	return p.working[0].done
}

func (p *line) finish(now float64) *job {
	j := heap.Pop(&p.working).(*job)
	p.start(now)
	return j
}

func (p *line) change(now, slowness float64, workers int) {
	p.slowness, p.workers = slowness, workers
	p.start(now)
}

// A shared pool works on all jobs at once, each as fast as one worker at most. Its
// own clock counts the service that each job has had.
type shared struct {
	mean     float64
	slowness float64
	workers  int
	working  jobs
	served   float64 // service per job so far
	at       float64 // when served was brought up to date
}

func (p *shared) speed() float64 {
	if len(p.working) == 0 {
		return 0
	}
	return min(1, float64(p.workers)/float64(len(p.working))) / (p.mean * p.slowness)
}

func (p *shared) advance(now float64) {
	p.served += (now - p.at) * p.speed()
	p.at = now
}

func (p *shared) add(now float64, j *job) {
	p.advance(now)
	j.done = p.served + j.req.service
	heap.Push(&p.working, j)
}

func (p *shared) next() float64 {
	if len(p.working) == 0 {
		return math.Inf(1)
	}
	return p.at + max(0, p.working[0].done-p.served)/p.speed()
}

func (p *shared) finish(now float64) *job {
	p.advance(now)
	return heap.Pop(&p.working).(*job)
}

func (p *shared) change(now, slowness float64, workers int) {
	p.advance(now)
	p.slowness, p.workers = slowness, workers
}

func (sc *Scenario) pool() pool {
	if sc.Sharing {
		return &shared{mean: sc.Mean.Seconds(), slowness: 1, workers: sc.Workers}
	}
	return &line{mean: sc.Mean.Seconds(), slowness: 1, workers: sc.Workers}
}

func seconds(s float64) time.Duration {
	if s > 9e9 {
		return math.MaxInt64
	}
	return time.Duration(math.Round(s * float64(time.Second)))
}
