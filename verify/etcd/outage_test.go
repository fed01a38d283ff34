package etcd_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weiretcd"
)

func TestNoCallIsLostWhileEtcdIsGone(t *testing.T) {
	etcd := startNode(t)
	client := etcd.connect()
	one, two := startInstance(t, client), startInstance(t, client)
	r := weiretcd.NewResolver(etcd.connect(), weiretcd.ResolverOptions{CheckEvery: time.Second})
	calls := startCallers(t, r)
	calls.reach(t, one, two)

	etcd.stop()
	gone := time.After(outage())
	require.Eventually(t, func() bool { return r.Stats().Stale == 1 }, soon, 10*time.Millisecond)
	<-gone
	calls.reach(t, one, two)

	etcd.start()
	require.Eventually(t, func() bool { return r.Stats().Stale == 0 }, soon, 10*time.Millisecond)
	calls.reach(t, one, two)
	three := startInstance(t, client)
	calls.reach(t, one, two, three)
	require.Eventually(t, func() bool { return one.Stats().Registered }, soon, 10*time.Millisecond)
	require.NoError(t, one.Close(t.Context()))
	calls.reach(t, two, three)
	require.Zero(t, r.Stats().Losses)
	calls.noneFailed(t)
}

func TestNoCallIsLostWhenEtcdComesBackWithoutItsData(t *testing.T) {
	etcd := startNode(t)
	client := etcd.connect()
	one, two, three := startInstance(t, client), startInstance(t, client), startInstance(t, client)
	r := weiretcd.NewResolver(etcd.connect(), weiretcd.ResolverOptions{CheckEvery: time.Second})
	calls := startCallers(t, r)
	calls.reach(t, one, two, three)
	for range 20 { // so that the fresh one is further back for sure
		require.NoError(t, one.Update(t.Context(), weiretcd.Endpoint{Addr: one.addr}))
	}
	require.Eventually(t, func() bool { return r.Stats().Checks > 1 }, soon, 10*time.Millisecond)

	etcd.stop()
	etcd.wipe()
	etcd.start()
	require.Eventually(t, func() bool {
		return one.Stats().Registrations > 1 && two.Stats().Registrations > 1 && three.Stats().Registrations > 1
	}, soon, 10*time.Millisecond)
	require.Eventually(t, func() bool { st := r.Stats(); return st.Losses == 1 && st.Stale == 0 }, soon, 10*time.Millisecond)
	require.NoError(t, three.Close(t.Context()))
	calls.reach(t, one, two)
	calls.noneFailed(t)
}

func TestEmptyEtcdTakesNobodyAway(t *testing.T) {
	etcd := startNode(t)
	client := etcd.connect()
	for _, addr := range numbered(5) {
		_, err := client.Put(t.Context(), "services/orders/"+addr, addr)
		require.NoError(t, err)
	}
	r := weiretcd.NewResolver(client, weiretcd.ResolverOptions{CheckEvery: time.Second})
	l := listen(t, r)
	l.comesTo(t, numbered(5)...)
	etcd.stop()
	etcd.wipe()
	etcd.start()
	require.Eventually(t, func() bool { return r.Stats().Losses == 1 }, soon, 10*time.Millisecond)
	l.lowest()
	_, err := client.Put(t.Context(), "services/orders/new", "10.9.9.9:80")
	require.NoError(t, err)
	l.comesTo(t, append(numbered(5), "10.9.9.9:80")...)
	require.Equal(t, 5, l.lowest())
}

func TestChangesThatWereCompactedAwayAreFound(t *testing.T) {
	etcd := startNode(t)
	direct := etcd.connect()
	put := func(key, value string) int64 {
		r, err := direct.Put(t.Context(), "services/orders/"+key, value)
		require.NoError(t, err)
		return r.Header.Revision
	}
	for _, key := range []string{"a", "b", "c"} {
		put(key, key+":1")
	}
	between := startProxy(t, etcd.client)
	etcd.client = between.addr
	r := weiretcd.NewResolver(etcd.connect(), weiretcd.ResolverOptions{CheckEvery: time.Second})
	l := listen(t, r)
	l.comesTo(t, "a:1", "b:1", "c:1")

	between.cut()
	require.Eventually(t, func() bool { return r.Stats().Stale == 1 }, soon, 10*time.Millisecond)
	l.lowest()
	put("a", "a:2")
	put("b", "b:2")
	put("b", "b:3")
	_, err := direct.Delete(t.Context(), "services/orders/c")
	require.NoError(t, err)
	_, err = direct.Compact(t.Context(), put("d", "d:1"))
	require.NoError(t, err)
	between.open(t)
	l.comesTo(t, "a:2", "b:3", "d:1")
	require.Equal(t, 3, l.lowest(), "a changed value is never a missing endpoint")
	require.Zero(t, r.Stats().Losses)

	// And again under a watch that nobody has given up yet: the outage is too short
	// to be seen.
	between.cut()
	put("a", "a:3")
	_, err = direct.Compact(t.Context(), put("e", "e:1"))
	require.NoError(t, err)
	between.open(t)
	l.comesTo(t, "a:3", "b:3", "d:1", "e:1")
}
