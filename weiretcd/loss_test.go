package weiretcd_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weiretcd"
)

func TestEmptyListIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{}, "a", "b")
		etcd.unset(orders)
		pass(24 * time.Hour)
		require.Equal(t, addrs("a", "b"), cc.has())
		st := statsOf(r, "services/orders")
		require.True(t, st.Empty)
		require.True(t, st.Stale)
		require.Equal(t, 2, st.Endpoints)

		etcd.set(orders+"c", addr("c"))
		pass(10 * time.Millisecond)
		require.Equal(t, addrs("c"), cc.has())
		st = statsOf(r, "services/orders")
		require.False(t, st.Empty || st.Stale)
	})
}

func TestEmptyListIsBelievedAfterKeepLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{KeepLast: time.Minute}, "a")
		etcd.unset(orders)
		pass(10*time.Millisecond + time.Minute - 1)
		require.Equal(t, addrs("a"), cc.has())
		pass(1)
		require.Equal(t, []string{}, cc.has())
		st := statsOf(r, "services/orders")
		require.True(t, st.Empty)
		require.False(t, st.Stale)
		pass(time.Hour)
		require.Equal(t, 2, cc.count())
	})
}

func TestKeepLastDoesNotRunWhileEtcdIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, _, cc := follow(t, weiretcd.ResolverOptions{KeepLast: time.Minute}, "a")
		etcd.unset(orders)
		pass(time.Second)
		etcd.stop()
		pass(time.Hour)
		etcd.start()
		pass(time.Minute - time.Second)
		require.Equal(t, addrs("a"), cc.has())
		pass(15 * time.Second)
		require.Equal(t, []string{}, cc.has())
	})
}

func TestNegativeKeepLastBelievesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{KeepLast: -1}, "a")
		etcd.unset(orders)
		pass(10 * time.Millisecond)
		require.Equal(t, []string{}, cc.has())
		require.False(t, statsOf(r, "services/orders").Stale)
	})
}

func TestFreshEtcdDoesNotTakeTheInstancesAway(t *testing.T) {
	for _, keep := range []time.Duration{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			etcd, r, cc := follow(t, weiretcd.ResolverOptions{KeepLast: keep}, "a", "b", "c")
			etcd.stop()
			pass(20 * time.Second)
			etcd.wipe()
			etcd.start()
			pass(11 * time.Second)
			require.Equal(t, addrs("a", "b", "c"), cc.has())
			require.Equal(t, uint64(1), r.Stats().Losses)
			require.True(t, statsOf(r, "services/orders").Stale)

			etcd.set(orders+"b", addr("b"))
			etcd.set("services/orders/other-key", addr("a"))
			pass(30 * time.Second)
			require.Equal(t, addrs("a", "b", "c"), cc.has(), "one of them must not bear the load of all")
			require.Equal(t, 1, cc.count())
			pass(30 * time.Second)
			require.Equal(t, addrs("a", "b"), cc.has(), "who has not come back within a minute is gone")
			require.False(t, statsOf(r, "services/orders").Stale)
			require.Equal(t, uint64(1), r.Stats().Losses)
		})
	}
}

func TestInstancesThatEtcdHasLostGoHoweverOftenWatchesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{}, "a", "b")
		etcd.wipe()
		etcd.set(orders+"b", addr("b"))
		pass(20 * time.Second)
		require.Equal(t, addrs("a", "b"), cc.has())
		for range 60 {
			etcd.set(orders+"b", addr("b"))
			etcd.compact()
			pass(30 * time.Second)
		}
		require.Equal(t, uint64(62), r.Stats().Lists)
		require.Equal(t, uint64(1), r.Stats().Losses)
		require.Equal(t, addrs("b"), cc.has())
		require.False(t, statsOf(r, "services/orders").Stale)
	})
}

func TestInstancesHaveTheirMinuteWhileEtcdAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, _, cc := follow(t, weiretcd.ResolverOptions{}, "a", "b")
		etcd.wipe()
		etcd.set(orders+"b", addr("b"))
		pass(20 * time.Second)
		etcd.stop()
		pass(time.Hour)
		etcd.start()
		pass(30 * time.Second)
		require.Equal(t, addrs("a", "b"), cc.has(), "who could not come back")
		pass(30 * time.Second)
		require.Equal(t, addrs("b"), cc.has())
	})
}

// The real client resumes its watch at a revision that a fresh etcd reaches one day,
// and is silent until then.
func TestFreshEtcdIsFoundWithoutAnOutageBeingSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{}, "a", "b")
		etcd.wipe()
		etcd.set(orders+"c", addr("c"))
		pass(12*time.Second + 100*time.Millisecond)
		require.Equal(t, addrs("a", "b", "c"), cc.has())
		require.Equal(t, uint64(1), r.Stats().Losses)
	})
}

func TestAnotherEtcdIsFoundThoughItIsFurtherOn(t *testing.T) {
	for _, change := range []func(*fake){
		func(e *fake) { e.header.ClusterId++ },
		func(e *fake) { e.header.RaftTerm-- },
	} {
		synctest.Test(t, func(t *testing.T) {
			etcd, r, cc := follow(t, weiretcd.ResolverOptions{}, "a", "b")
			etcd.mu.Lock()
			clear(etcd.keys)
			change(etcd)
			etcd.header.Revision += 1000
			etcd.mu.Unlock()
			pass(12*time.Second + 100*time.Millisecond)
			require.Equal(t, uint64(1), r.Stats().Losses)
			require.Equal(t, addrs("a", "b"), cc.has())
		})
	}
}

func TestClientThatWasIdleFindsWhatItHadThoughEtcdIsFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		etcd.set(orders+"a", addr("a"))
		etcd.set(orders+"b", addr("b"))
		r := weiretcd.NewResolver(client, weiretcd.ResolverOptions{})
		_, built := build(t, r, "etcd:///services/orders")
		synctest.Wait()
		built.Close()

		etcd.wipe()
		etcd.set(orders+"b", addr("b"))
		cc, built := build(t, r, "etcd:///services/orders")
		defer built.Close()
		synctest.Wait()
		require.Equal(t, addrs("a", "b"), cc.has())
		pass(time.Minute)
		require.Equal(t, addrs("b"), cc.has())
	})
}

// A check that was asked before a change and answered after it is no loss.
func TestCheckThatOverlapsAChangeIsNoLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r, cc := follow(t, weiretcd.ResolverOptions{}, "a")
		etcd.mu.Lock()
		etcd.late = time.Second
		etcd.mu.Unlock()
		for i := range 600 {
			etcd.set(orders+"b", addr("b"))
			if i%2 == 1 {
				etcd.unset(orders + "b")
			}
			pass(100 * time.Millisecond)
		}
		require.Equal(t, addrs("a"), cc.has())
		require.Zero(t, r.Stats().Losses)
		require.Zero(t, r.Stats().Failures)
		require.Equal(t, uint64(1), r.Stats().Lists)
	})
}
