package weiretcd_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weiretcd"
)

// A model is what a plain map says, beside everything that can happen to etcd.
type model struct {
	etcd *fake
	rnd  *rand.Rand
	want map[string]string
	bad  map[string]bool // keys whose value makes no sense now; the good one before stays
}

func (m *model) upTo(d time.Duration) time.Duration { return time.Duration(m.rnd.Int64N(int64(d))) }

func (m *model) change() {
	key := string(rune('a' + m.rnd.IntN(8)))
	switch m.rnd.IntN(10) {
	case 0, 1, 2:
		m.etcd.unset(orders + key)
		delete(m.want, key)
		delete(m.bad, key)
	case 3:
		m.etcd.compact()
	default:
		m.want[key] = fmt.Sprintf("%s:%d", key, 1+m.rnd.IntN(3))
		m.etcd.set(orders+key, m.want[key])
		delete(m.bad, key)
	}
}

// spoil overwrites a value that has been seen.
func (m *model) spoil() {
	key := string(rune('a' + m.rnd.IntN(8)))
	if m.want[key] != "" {
		m.etcd.set(orders+key, "{")
		m.bad[key] = true
	}
}

// forget is what a resolver does that is built anew: it sees no good value.
func (m *model) forget() {
	for key := range m.bad {
		delete(m.want, key)
	}
	clear(m.bad)
}

// outage lets some changes happen unseen.
func (m *model) outage() {
	m.etcd.stop()
	for range m.rnd.IntN(10) {
		pass(m.upTo(10 * time.Second))
		m.change()
	}
	m.etcd.start()
}

func (m *model) sorted() []string {
	list := slices.AppendSeq([]string{}, maps.Values(m.want))
	slices.Sort(list)
	return list
}

// A reload under events that are still arriving is where go-zero deadlocks.
func TestGRPCHasWhatEtcdHasInTheEndWhateverHappened(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			etcd, client := newFake()
			m := &model{etcd: etcd, rnd: rand.New(rand.NewPCG(seed, 1)), want: map[string]string{}, bad: map[string]bool{}}
			r := weiretcd.NewResolver(client, weiretcd.ResolverOptions{KeepLast: -1})
			cc, built := build(t, r, "etcd:///services/orders")
			defer func() { built.Close() }()
			for range 40 {
				for range m.rnd.IntN(20) {
					m.change()
					pass(m.upTo(20 * time.Millisecond))
				}
				if m.rnd.IntN(4) == 0 {
					m.outage()
				}
				if m.rnd.IntN(10) == 0 {
					built.Close() // as when gRPC is idle
					m.change()
					m.forget()
					cc, built = build(t, r, "etcd:///services/orders")
				}
				pass(15 * time.Second)
				m.spoil()
				pass(time.Second)
				require.Equal(t, m.sorted(), cc.has(), "seed %d", seed)
			}
			require.Zero(t, r.Stats().Losses)
		})
	}
}
