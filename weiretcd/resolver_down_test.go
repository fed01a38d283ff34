package weiretcd_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/resolver"

	"github.com/weirgo/weir/weiretcd"
)

// go-zero loses the endpoint of a key whose value has changed while it did not
// watch, although etcd has it.
func TestValueThatChangedUnwatchedStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{}, "a", "b", "gone")
		etcd.stop()
		pass(30 * time.Second)
		etcd.set(orders+"a", "a:81")
		etcd.unset(orders + "gone")
		etcd.set(orders+"b", "b:81")
		etcd.set(orders+"b", "b:82")
		etcd.set(orders+"new", addr("new"))
		etcd.compact()
		etcd.start()
		pass(10 * time.Second)
		require.Equal(t, []string{"a:81", "b:82", "new:80"}, cc.has())
		require.Equal(t, 2, cc.count(), "one step, with nobody missing in between")
		require.Zero(t, r.Stats().Losses)
	})
}

func TestCompactionUnderTheWatchIsAnotherList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{}, "a", "b")
		etcd.mu.Lock()
		etcd.putLocked(orders+"a", "a:81", 0)
		etcd.compacted = etcd.header.Revision
		etcd.mu.Unlock()
		pass(100 * time.Millisecond)
		require.Equal(t, []string{"a:81", "b:80"}, cc.has())
		require.Equal(t, uint64(2), r.Stats().Lists)
		require.False(t, statsOf(r, "services/orders").Stale)
	})
}

func TestLastListStaysWhileEtcdIsGoneAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{}, "a")
		began := time.Now()
		etcd.stop()
		pass(time.Hour)
		require.Equal(t, addrs("a"), cc.has())
		require.Equal(t, 1, cc.count())
		require.Empty(t, cc.errs)
		st := statsOf(r, "services/orders")
		require.True(t, st.Stale)
		require.Error(t, st.LastError)
		// It is seen at the next check, which takes Timeout.
		since := st.StaleSince.Sub(began)
		require.GreaterOrEqual(t, since, 8*time.Second+3*time.Second)
		require.LessOrEqual(t, since, 12*time.Second+3*time.Second)
		require.Equal(t, 1, r.Stats().Stale)

		etcd.start()
		etcd.set(orders+"b", addr("b"))
		pass(10 * time.Second)
		require.Equal(t, addrs("a", "b"), cc.has())
		require.False(t, statsOf(r, "services/orders").Stale)
		require.Zero(t, statsOf(r, "services/orders").StaleSince)
	})
}

func TestListsOfAnEtcdThatIsGoneSlowDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, _ := follow(t, weiretcd.ResolverOptions{}, "a")
		etcd.denying(func(string) error { return errors.New("no") })
		pass(12 * time.Second) // it is seen by then
		pass(time.Minute)
		before := r.Stats().Failures
		pass(100 * time.Second)
		n := r.Stats().Failures - before
		require.GreaterOrEqual(t, n, uint64(9), "every 10 s at most")
		require.LessOrEqual(t, n, uint64(21), "every 5 s at least")
	})
}

func TestWatchesThatAreRefusedDoNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{}, "a")
		etcd.denying(func(op string) error {
			if op == "watch" {
				return errors.New("etcdserver: permission denied")
			}
			return nil
		})
		etcd.compact() // what it watches now ends by that
		etcd.set(orders+"b", addr("b"))
		etcd.compact()
		pass(10 * time.Minute)
		require.LessOrEqual(t, r.Stats().Lists, uint64(130))
		require.Equal(t, addrs("a", "b"), cc.has(), "it is listed nevertheless")
		require.ErrorContains(t, statsOf(r, "services/orders").LastError, "permission denied")
	})
}

func TestWatchThatEtcdDoesNotConfirmIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		etcd.set(orders+"a", addr("a"))
		etcd.hooked = func(op string) {
			if op == "get" {
				etcd.stop() // after this answer
			}
		}
		r := weiretcd.NewResolver(client, weiretcd.ResolverOptions{})
		cc, built := build(t, r, "etcd:///services/orders")
		defer built.Close()
		pass(3 * time.Second)
		require.Equal(t, addrs("a"), cc.has())
		require.True(t, statsOf(r, "services/orders").Stale)
	})
}

func TestClientOfAnEtcdThatWasNeverThereLearnsWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		etcd.stop()
		r := weiretcd.NewResolver(client, weiretcd.ResolverOptions{})
		began := time.Now()
		cc, built := build(t, r, "etcd:///services/orders")
		require.Zero(t, time.Since(began), "Build does not wait")
		pass(3 * time.Second)
		require.Nil(t, cc.has())
		require.Len(t, cc.errs, 1)
		require.ErrorContains(t, cc.errs[0], "weiretcd: etcd does not answer")
		began = time.Now()
		built.Close()
		require.Zero(t, time.Since(began), "nor does Close")
		require.Zero(t, r.Stats().Targets)
	})
}

func TestClientThatWasIdleFindsWhatItHadThoughEtcdIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		etcd.set(orders+"a", addr("a"))
		r := weiretcd.NewResolver(client, weiretcd.ResolverOptions{})
		_, built := build(t, r, "etcd:///services/orders")
		synctest.Wait()
		built.Close()
		require.Zero(t, r.Stats().Targets)

		etcd.stop()
		cc, built := build(t, r, "etcd:///services/orders")
		defer built.Close()
		pass(3 * time.Second)
		require.Equal(t, addrs("a"), cc.has())
		require.Empty(t, cc.errs)
		require.True(t, statsOf(r, "services/orders").Stale)
	})
}

func TestGRPCMayAskAsOftenAsItLikes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		etcd.set(orders+"a", addr("a"))
		r := weiretcd.NewResolver(client, weiretcd.ResolverOptions{CheckEvery: -1})
		_, built := build(t, r, "etcd:///services/orders")
		defer built.Close()
		pass(time.Hour)
		require.Zero(t, r.Stats().Checks, "nothing is checked unless somebody asks")
		for range 9_999 {
			built.ResolveNow(resolver.ResolveNowOptions{})
			pass(time.Millisecond)
		}
		require.Equal(t, uint64(10), r.Stats().Checks)

		etcd.stop()
		built.ResolveNow(resolver.ResolveNowOptions{})
		pass(4 * time.Second)
		require.True(t, statsOf(r, "services/orders").Stale, "it finds out at once that etcd is gone")
	})
}

func TestKeysThatNoWatchToldOfAreFoundByCounting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{}, "a", "b")
		etcd.mu.Lock()
		delete(etcd.keys, orders+"a")
		etcd.mu.Unlock()
		pass(12*time.Second + time.Second + 100*time.Millisecond)
		require.Equal(t, addrs("b"), cc.has())
		require.Equal(t, uint64(2), r.Stats().Lists)
	})
}

func TestChangesThatHaveNotSettledAreHandedOutWhenEtcdGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{Settle: time.Hour}, "a")
		etcd.set(orders+"b", addr("b"))
		synctest.Wait()
		etcd.stop()
		pass(time.Minute)
		require.Equal(t, addrs("a", "b"), cc.has())
		require.True(t, statsOf(r, "services/orders").Stale)
	})
}
