package lab

import "math"

// A belief is what follows, by Bayes' rule, from the requests that were admitted about
// how many workers there are, how their service times are spread, and how long these are
// on average just now. Requests that have not come back count by their age. It is exact
// but for the grids: a hidden Markov model for each view, in the order in which requests
// were begun.
//
// What makes this possible is that requests are served in turn. If there are so many
// workers, it is known when each request was begun, and so how long its service took,
// however long the queue was. With any other number of workers the services would seem
// to depend on the queue, or a request would have come back before it was begun.
type belief struct {
	means   []float64 // in seconds; equally far apart in the logarithm
	changes float64   // how often per second the mean becomes any other
	views   []*view
	flight  []*request // in order of admission

	news   int // what happened since the views were brought up to date
	lookAt float64
}

// A request is one that was admitted.
type request struct {
	begun []float64 // by view: when its service began
	done  float64   // when it came back; notYet before
}

const notYet = -1

// A view is what follows if there are so many workers, with such service times.
type view struct {
	workers int
	kind    *kind
	dead    bool // that cannot be

	begun []*request // whose service began, those that have been taken in left out
	// What follows from those that were taken in.
	message []float64 // how probable each mean is
	log     float64   // the logarithm of how probable all that happened was
	last    float64   // when the last of them began

	share []float64 // how probable the view is with each mean, all views together
}

const (
	belowAll, aboveAll = 1e-3, 10 // seconds; means lie between
	mostWorkers        = 300
	negligible         = 1e-10
	longestTail        = 150 // requests that a view waits for one that was begun before them
)

func newBelief(kinds []*kind, changes float64) *belief {
	b := &belief{changes: changes, news: 1}
	for m := belowAll; m <= aboveAll; m *= math.Exp(tableStep) {
		b.means = append(b.means, m)
	}
	for _, k := range kinds {
		for n := 1; n < mostWorkers; n += max(1, n/10) {
			b.views = append(b.views, newView(n, k, len(b.means)))
		}
	}
	return b
}

func newView(workers int, k *kind, means int) *view {
	v := &view{workers: workers, kind: k, message: make([]float64, means), share: make([]float64, means)}
	for i := range v.message {
		v.message[i] = 1 / float64(means)
	}
	return v
}

// began takes in that a request was admitted.
func (b *belief) began(now float64) *request {
	r := &request{begun: make([]float64, len(b.views)), done: notYet}
	b.flight = append(b.flight, r)
	for i, v := range b.views {
		if len(b.flight) <= v.workers {
			v.begin(i, r, now)
		}
	}
	b.news++
	return r
}

func (v *view) begin(i int, r *request, now float64) {
	r.begun[i] = now
	if !v.dead {
		v.begun = append(v.begun, r)
	}
}

// ended takes in that a request came back.
func (b *belief) ended(r *request, now float64) {
	r.done = now
	place := 0
	for b.flight[place] != r {
		place++
	}
	for i, v := range b.views {
		switch {
		case place >= v.workers:
			v.kill() // it was not even begun
		case len(b.flight) > v.workers:
			v.begin(i, b.flight[v.workers], now)
		}
		b.settle(i, v)
	}
	b.flight = append(b.flight[:place], b.flight[place+1:]...)
	b.news++
}

func (v *view) kill() {
	v.dead, v.begun = true, nil
	clear(v.share)
}

// settle takes in for good those that came back before anything that was begun later.
func (b *belief) settle(i int, v *view) {
	for len(v.begun) > 0 && (v.begun[0].done != notYet || len(v.begun) > longestTail+v.workers) {
		r := v.begun[0]
		v.log += b.step(v.kind, v.message, r, r.begun[i], v.last, r.begun[i])
		v.last = r.begun[i]
		v.begun = v.begun[1:]
	}
}

// step brings a message from the time at which one request began to that of the next,
// which it takes in. It returns the logarithm of how probable that was.
func (b *belief) step(k *kind, message []float64, r *request, begun, last, now float64) float64 {
	b.drift(message, begun-last)
	if r.done == notYet {
		return b.weigh(message, k.beyond, now-begun)
	}
	took := max(r.done-begun, 1e-9)
	return b.weigh(message, k.density, took) - math.Log(took)
}

// weigh multiplies what is believed of the means by what a table has for a time.
func (b *belief) weigh(message, table []float64, took float64) float64 {
	if took <= 0 {
		return 0
	}
	sum := 0.0
	place, part := placeOf(took / b.means[0])
	for j, p := range message {
		if p > 0 {
			message[j] = p * look(table, place-j, part)
			sum += message[j]
		}
	}
	for j := range message {
		if message[j] /= sum; message[j] < negligible {
			message[j] = 0
		}
	}
	return math.Log(sum)
}

// drift lets time pass, in which the mean may change.
func (b *belief) drift(message []float64, dt float64) {
	p := 1 - math.Exp(-b.changes*max(0, dt))
	if p == 0 {
		return
	}
	for j := range message {
		message[j] = message[j]*(1-p) + p/float64(len(message))
	}
}

// update brings the shares of the views up to date.
func (b *belief) update(now float64) {
	const (
		everyPart  = 20 // of those in flight must have come or gone for it to matter
		moment     = 1e-4
		impossible = 25 // so much less probable, as a logarithm, that it will never matter
	)
	if b.news > 0 && b.news <= len(b.flight)/everyPart || b.news == 0 && now-b.lookAt < moment {
		return
	}
	b.news, b.lookAt = 0, now
	logs, most := make([]float64, len(b.views)), math.Inf(-1)
	for i, v := range b.views {
		if !v.dead {
			logs[i] = b.lookAhead(i, v, now)
			most = max(most, logs[i])
		}
	}
	sum := 0.0
	for i, v := range b.views {
		if !v.dead && logs[i] < most-impossible {
			v.kill()
		}
		if !v.dead {
			sum += math.Exp(logs[i] - most)
		}
	}
	for i, v := range b.views {
		if !v.dead {
			v.scale(math.Exp(logs[i]-most) / sum)
		}
	}
}

func (v *view) scale(f float64) {
	for j := range v.share {
		v.share[j] *= f
	}
}

// lookAhead sets the shares of a view to what follows from all that was begun, as if
// there were no other. It returns the logarithm of how probable all that is.
func (b *belief) lookAhead(i int, v *view, now float64) float64 {
	copy(v.share, v.message)
	log, last := v.log, v.last
	for _, r := range v.begun {
		log += b.step(v.kind, v.share, r, r.begun[i], last, now)
		last = r.begun[i]
	}
	b.drift(v.share, now-last)
	return log
}

// mean is the mean service time, in seconds.
func (b *belief) mean(now float64) float64 {
	b.update(now)
	log := 0.0
	for _, v := range b.views {
		for j, p := range v.share {
			log += p * math.Log(b.means[j])
		}
	}
	return math.Exp(log)
}
