package lab

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/weirgo/weir/internal/simulate"
)

// A kind is one of the ways in which service times are spread, known to within a tenth of
// a service time. The tables are over the logarithm of a time in multiples of the mean.
type kind struct {
	draw    simulate.Distribution
	density []float64 // of the logarithm
	beyond  []float64 // the share of services that take longer
	spread  float64   // the squared coefficient of variation

	ends    map[int][]float64    // by workers: when a busy service has finished one more
	answers map[[2]int][]float64 // by workers and queue: how long answers take, in order
}

const (
	tableStep  = 0.05 // of the logarithm, from entry to entry
	tableHalf  = 400  // entries on either side of the mean
	tableDraws = 400_000
	leastShare = 1e-6 // nothing is quite impossible
)

// kinds returns the ways that the rows have.
func kinds() []*kind {
	return []*kind{
		newKind(simulate.Light), newKind(simulate.Exponential), newKind(simulate.Bimodal), newKind(simulate.Pareto),
	}
}

func newKind(draw simulate.Distribution) *kind {
	k := &kind{
		draw: draw, density: make([]float64, 2*tableHalf+1), beyond: make([]float64, 2*tableHalf+1),
		ends: map[int][]float64{}, answers: map[[2]int][]float64{},
	}
	shares := k.count()
	left := 1.0
	for i, share := range shares {
		low, high := shares[max(0, i-1)], shares[min(i+1, len(shares)-1)]
		k.density[i] = max(leastShare, (low+2*share+high)/4/tableStep)
		k.beyond[i] = max(leastShare, left-share/2)
		left -= share
	}
	return k
}

// count returns which share of services each entry of a table stands for.
func (k *kind) count() []float64 {
	rng := rand.New(rand.NewPCG(1, 1))
	shares := make([]float64, 2*tableHalf+1)
	sum, squares := 0.0, 0.0
	for range tableDraws {
		x := k.draw(rng)
		sum, squares = sum+x, squares+x*x
		i := int(math.Round(math.Log(x)/tableStep)) + tableHalf
		shares[min(max(i, 0), len(shares)-1)] += 1.0 / tableDraws
	}
	mean := sum / tableDraws
	k.spread = squares/tableDraws/mean/mean - 1
	return shares
}

// placeOf returns where in a table a multiple of the mean is: behind which entry, counted
// from the mean, and how far on the way to the next.
func placeOf(x float64) (i int, part float64) {
	place := math.Log(x) / tableStep
	whole := math.Floor(place)
	return int(whole), place - whole
}

func look(table []float64, i int, part float64) float64 {
	i = min(max(i+tableHalf, 0), len(table)-2)
	return table[i]*(1-part) + table[i+1]*part
}

const answersSeen = 4000

// late returns how probable it is that a request takes longer than it has, in service
// times, if it is the n-th in flight.
func (k *kind) late(workers, n int, left float64) float64 {
	key := [2]int{workers, max(0, n-workers)}
	answers, ok := k.answers[key]
	if !ok {
		answers = k.simulate(workers, key[1])
		k.answers[key] = answers
	}
	i, _ := slices.BinarySearch(answers, left)
	return float64(len(answers)-i) / float64(len(answers))
}

// simulate returns how long requests take that meet busy workers and a queue.
func (k *kind) simulate(workers, queue int) []float64 {
	rng := rand.New(rand.NewPCG(uint64(workers), uint64(queue)))
	ends := k.busy(workers)
	last := len(ends) - queue - 1
	answers := make([]float64, answersSeen)
	for i := range answers {
		wait := 0.0
		if queue > 0 { // and comes when one has just ended, as most do who are admitted then
			from := i * last / answersSeen
			wait = ends[from+queue] - ends[from]
		}
		answers[i] = wait + k.draw(rng)
	}
	slices.Sort(answers)
	return answers
}

// busy returns when services end of workers who all have work all the time.
func (k *kind) busy(workers int) []float64 {
	if ends, ok := k.ends[workers]; ok {
		return ends
	}
	rng := rand.New(rand.NewPCG(uint64(workers), 0))
	var ends []float64
	for range workers {
		now := 0.0
		for range 4*answersSeen/workers + 64 {
			now += k.draw(rng)
			ends = append(ends, now)
		}
	}
	slices.Sort(ends)
	ends = ends[len(ends)/20 : len(ends)*9/10] // while all are at work, and out of step
	k.ends[workers] = ends
	return ends
}

// room returns the least limit with which workers do all but a share of what they could.
// It is that of M/M/c/L, with a queue that is longer by as much as variance makes it.
func room(workers int, rho, spread, idle float64) int {
	const longest = 400
	lost := 1.0
	for busy := 1; busy <= workers; busy++ { // Erlang's formula B
		lost = rho * float64(workers) * lost / (float64(busy) + rho*float64(workers)*lost)
	}
	queue := 0
	for queue < longest && (1-lost)*rho < (1-idle)*min(1, rho) {
		lost = rho * lost / (1 + rho*lost)
		queue++
	}
	return workers + int(math.Ceil(float64(queue)*(1+spread)/2))
}
