package balance_test

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/balancer"
	_ "google.golang.org/grpc/balancer/leastrequest"
	"google.golang.org/grpc/balancer/roundrobin"

	"github.com/weirgo/weir/weirgrpc/balance"
)

// A server works on one call at a time, first come, first served.
type server struct {
	addr   string
	slow   float64 // how many times longer than the mean its calls take
	broken bool    // it fails at once
	free   time.Duration
	queue  int // calls there, the one that is worked on included
	peak   int // of queue
}

// A trial is what became of one call.
type trial struct {
	at     time.Duration
	addr   string
	took   time.Duration
	failed bool
}

// A world is clients, with a balancer each, that call servers: Poisson arrivals,
// which do not wait for answers, and exponential service times.
type world struct {
	clients []*channel
	servers map[string]*server
	mean    time.Duration // of service times
	rate    float64       // calls per second, of all clients
	rng     *rand.Rand
	epoch   time.Time
	ends    ends
	trials  []trial
}

// An end is a call that will be over.
type end struct {
	at   time.Duration
	call func()
}

type ends []end

func (e ends) Len() int           { return len(e) }
func (e ends) Less(i, j int) bool { return e[i].at < e[j].at }
func (e ends) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *ends) Push(x any)        { *e = append(*e, x.(end)) }
func (e *ends) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	*e = (*e)[:last]
	return x
}

// newWorld must be called in a synctest bubble.
func newWorld(t *testing.T, policy string, clients, servers int, utilisation float64, seed uint64) *world {
	w := &world{
		servers: map[string]*server{},
		mean:    10 * time.Millisecond,
		rng:     rand.New(rand.NewPCG(seed, 1)),
		epoch:   time.Now(),
	}
	w.rate = utilisation * float64(servers) / w.mean.Seconds()
	for range clients {
		w.clients = append(w.clients, newChannel(t, builder(policy, w.rng.Uint64()), "{}"))
	}
	for i := range servers {
		addr := "s" + strconv.Itoa(i)
		w.servers[addr] = &server{addr: addr, slow: 1}
	}
	w.resolve()
	return w
}

func builder(policy string, seed uint64) balancer.Builder {
	if policy == balance.P2C {
		b := balance.NewP2C(balance.P2COptions{})
		balance.Seed(b, seed)
		return b
	}
	return balancer.Get(policy)
}

func (w *world) resolve() {
	var addrs []string
	for addr := range w.servers {
		addrs = append(addrs, addr)
	}
	slices.Sort(addrs)
	for _, c := range w.clients {
		_ = c.resolve(endpoints(addrs...)...)
	}
	synctest.Wait()
}

func (w *world) now() time.Duration { return time.Since(w.epoch) }

func (w *world) sleepUntil(at time.Duration) { time.Sleep(at - w.now()) }

// run lets time pass.
func (w *world) run(d time.Duration) {
	until := w.now() + d
	next := w.now() + w.gap()
	for {
		if len(w.ends) > 0 && w.ends[0].at <= min(next, until) {
			e := heap.Pop(&w.ends).(end)
			w.sleepUntil(e.at)
			e.call()
			continue
		}
		if next > until {
			w.sleepUntil(until)
			return
		}
		w.sleepUntil(next)
		w.call(w.clients[w.rng.IntN(len(w.clients))])
		next += w.gap()
	}
}

func (w *world) gap() time.Duration {
	return time.Duration(w.rng.ExpFloat64() / w.rate * float64(time.Second))
}

func (w *world) call(c *channel) {
	addr, done := c.pick(context.Background())
	s := w.servers[addr]
	now := w.now()
	if s.broken {
		w.endAt(now+100*time.Microsecond, func() {
			w.trials = append(w.trials, trial{now, addr, 0, true})
			done(errBroken)
		})
		return
	}
	s.queue++
	s.peak = max(s.peak, s.queue)
	service := time.Duration(w.rng.ExpFloat64() * s.slow * float64(w.mean))
	s.free = max(s.free, now) + service
	w.endAt(s.free, func() {
		s.queue--
		w.trials = append(w.trials, trial{now, addr, w.now() - now, false})
		done(nil)
	})
}

func (w *world) endAt(at time.Duration, call func()) { heap.Push(&w.ends, end{at, call}) }

// drain waits for all calls.
func (w *world) drain() {
	for len(w.ends) > 0 {
		e := heap.Pop(&w.ends).(end)
		w.sleepUntil(e.at)
		e.call()
	}
}

// share returns what part of the calls that came in from..to went to a server, 1
// being as much as to any other.
func (w *world) share(addr string, from, to time.Duration) float64 {
	all, hits := 0, 0
	for _, t := range w.trials {
		if t.at >= from && t.at < to {
			all++
			if t.addr == addr {
				hits++
			}
		}
	}
	return float64(hits) / float64(all) * float64(len(w.servers))
}

// p99 is of the calls that came in from..to.
func (w *world) p99(from, to time.Duration) time.Duration {
	var took []time.Duration
	for _, t := range w.trials {
		if t.at >= from && t.at < to {
			took = append(took, t.took)
		}
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

const (
	leastRequest = "least_request_experimental"
	roundRobin   = roundrobin.Name
)

// scenarios run for 10 s, then something happens, and then for 20 s more.
const (
	happens = 10 * time.Second
	ending  = 30 * time.Second
)

// live lets a world live through a scenario.
func live(t *testing.T, policy string, clients int, utilisation float64, seed uint64, happen func(*world)) (w *world) {
	synctest.Test(t, func(t *testing.T) {
		w = newWorld(t, policy, clients, 10, utilisation, seed)
		w.run(happens)
		happen(w)
		w.run(ending - happens)
		w.drain()
	})
	return w
}

func eachSeed(t *testing.T, test func(t *testing.T, seed uint64)) {
	for seed := range uint64(3) {
		t.Run("seed "+strconv.Itoa(int(seed)), func(t *testing.T) { test(t, seed) })
	}
}

func slowDown(w *world) { w.servers["s3"].slow = 10 }
func breakOne(w *world) { w.servers["s3"].broken = true }
func addOne(w *world) {
	w.servers["s3x"] = &server{addr: "s3x", slow: 1}
	w.resolve()
}
func nothing(*world) {}

func TestSlowServerLosesItsCallsWithinTwoSeconds(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		w := live(t, balance.P2C, 1, 0.2, seed, slowDown)
		for from := happens + 2*time.Second; from < ending; from += 2 * time.Second {
			require.Less(t, w.share("s3", from, from+2*time.Second), 1./3)
		}
		p99 := w.p99(happens, ending)
		even := live(t, roundRobin, 1, 0.2, seed, slowDown).p99(happens, ending)
		least := live(t, leastRequest, 1, 0.2, seed, slowDown).p99(happens, ending)
		t.Logf("p99 %v, round_robin %v, least_request %v; share %.3f of fair",
			p99, even, least, w.share("s3", happens, ending))
		require.LessOrEqual(t, p99, even/2)
		require.LessOrEqual(t, p99, least/2)
		require.Less(t, p99, 100*time.Millisecond, "ten times the mean")
	})
}

func TestServerThatFailsAtOnceLosesItsCalls(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		w := live(t, balance.P2C, 1, 0.2, seed, breakOne)
		for from := happens + 2*time.Second; from < ending; from += 2 * time.Second {
			require.Less(t, w.share("s3", from, from+2*time.Second), 1./3)
		}
		failed, least := w.failed(), live(t, leastRequest, 1, 0.2, seed, breakOne).failed()
		t.Logf("share %.3f of fair; %d calls failed, with least_request %d; p99 %v",
			w.share("s3", happens, ending), failed, least, w.p99(happens, ending))
		require.Less(t, failed, least/4)
	})
}

func TestServerThatJoinsGetsItsShareAndIsNotOverrun(t *testing.T) {
	for _, clients := range []int{1, 20} {
		eachSeed(t, func(t *testing.T, seed uint64) {
			w := live(t, balance.P2C, clients, 0.2, seed, addOne)
			joined := w.servers["s3x"]
			first := w.share("s3x", happens, happens+time.Second)
			early := w.share("s3x", happens, happens+5*time.Second)
			t.Logf("%d clients: share of fair in 1 s %.2f, in 5 s %.2f, then %.2f; queue %d at most",
				clients, first, early, w.share("s3x", happens+5*time.Second, ending), joined.peak)
			require.Less(t, first, 0.6)
			require.InDelta(t, 1, early, 0.5)
			require.InDelta(t, 1, w.share("s3x", happens+5*time.Second, ending), 0.5)
			require.LessOrEqual(t, joined.peak, 6)
		})
	}
}

func TestManyClientsThatKnowLittleEachFindTheSlowServer(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		w := live(t, balance.P2C, 20, 0.5, seed, slowDown)
		require.Less(t, w.share("s3", happens+3*time.Second, ending), 1./3)
		require.Less(t, w.p99(happens+3*time.Second, ending), 250*time.Millisecond)
	})
}

func TestEqualServersGetEqualSharesAndShortQueues(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		w := live(t, balance.P2C, 1, 0.7, seed, nothing)
		for addr := range w.servers {
			require.InDelta(t, 1, w.share(addr, 0, ending), 0.2, addr)
		}
		p99 := w.p99(0, ending)
		least := live(t, leastRequest, 1, 0.7, seed, nothing).p99(0, ending)
		even := live(t, roundRobin, 1, 0.7, seed, nothing).p99(0, ending)
		t.Logf("p99 %v, least_request %v, round_robin %v", p99, least, even)
		require.Less(t, p99, least*5/4)
		require.Less(t, p99, even)
	})
}

func TestServerThatWasBadGetsItsShareAgain(t *testing.T) {
	for name, bad := range map[string]func(*world){"slow": slowDown, "broken": breakOne} {
		t.Run(name, func(t *testing.T) {
			w := live(t, balance.P2C, 1, 0.2, 1, func(w *world) {
				bad(w)
				w.run(10 * time.Second)
				w.servers["s3"].slow, w.servers["s3"].broken = 1, false
			})
			back := w.share("s3", 35*time.Second, 40*time.Second)
			t.Logf("share of fair 15 s to 20 s after: %.2f", back)
			require.InDelta(t, 1, back, 0.5)
		})
	}
}

func (w *world) failed() (n int) {
	for _, t := range w.trials {
		if t.failed {
			n++
		}
	}
	return n
}
