package weiretcd_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weiretcd"
)

func TestRevokedLeaseIsReplacedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		pass(time.Minute)
		etcd.endLease(1)
		pass(100 * time.Millisecond)
		require.Equal(t, valueA, etcd.value(keyA))
		st := r.Stats()
		require.Equal(t, uint64(2), st.Registrations)
		require.Equal(t, int64(2), st.Lease)
		require.True(t, st.Registered)
	})
}

func TestDeletedKeyIsWrittenAgainUnderTheSameLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		pass(time.Minute)
		etcd.unset(keyA)
		synctest.Wait()
		require.Equal(t, valueA, etcd.value(keyA))
		require.Equal(t, 1, etcd.grants)
		require.Equal(t, uint64(2), r.Stats().Writes)
	})
}

func TestWhoDeletesTheKeyForEverDoesNotMakeTheRegistrarSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		for range 60_000 {
			if etcd.value(keyA) != "" {
				etcd.unset(keyA)
			}
			pass(time.Millisecond)
		}
		require.LessOrEqual(t, r.Stats().Writes, uint64(62))
		require.GreaterOrEqual(t, r.Stats().Writes, uint64(59), "nor does it give in")
		pass(time.Second)
		require.Equal(t, valueA, etcd.value(keyA))
	})
}

func TestRegistrarDoesNotFightOverItsKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		var both [2]*weiretcd.Registrar
		for i := range both {
			both[i] = weiretcd.NewRegistrar(client, options())
			require.NoError(t, both[i].Register(t.Context()))
			defer both[i].Close(context.Background())
		}
		pass(time.Hour)
		for _, r := range both {
			require.Equal(t, uint64(1), r.Stats().Writes)
		}
		// As in a restart at the same address: the old one goes last.
		require.NoError(t, both[0].Close(t.Context()))
		require.Equal(t, valueA, etcd.value(keyA))
		// And who is left writes the key once it is gone.
		require.NoError(t, both[1].Close(t.Context()))
		require.Empty(t, etcd.value(keyA))
	})
}

func TestKeyThatTheOtherOwnerLeavesIsWrittenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		var both [2]*weiretcd.Registrar
		for i := range both {
			both[i] = weiretcd.NewRegistrar(client, options())
			require.NoError(t, both[i].Register(t.Context()))
			defer both[i].Close(context.Background())
		}
		pass(time.Minute)
		require.NoError(t, both[1].Close(t.Context()))
		synctest.Wait()
		require.Equal(t, valueA, etcd.value(keyA))
	})
}

func TestInstanceIsBackAfterAnyOutage(t *testing.T) {
	for _, outage := range []time.Duration{time.Second, 9 * time.Second, 11 * time.Second, time.Hour, 100 * time.Hour} {
		for _, fresh := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				etcd, r := register(t, options())
				pass(time.Minute)
				etcd.stop()
				pass(outage)
				if fresh {
					etcd.wipe()
				}
				etcd.start()
				pass(10 * time.Second)
				require.Equal(t, valueA, etcd.value(keyA))
				require.True(t, r.Stats().Registered)
				pass(time.Hour)
				require.Equal(t, valueA, etcd.value(keyA))
				require.Equal(t, 1, etcd.leaseCount())
			})
		}
	}
}

func TestOutageBeyondTheTTLIsSeenAndTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []bool
		o := options()
		o.OnChange = func(st weiretcd.RegistrarStats) { told = append(told, st.Registered) }
		etcd, r := register(t, o)
		etcd.stop()
		pass(time.Minute)
		st := r.Stats()
		require.False(t, st.Registered)
		require.Zero(t, st.Lease)
		require.ErrorContains(t, st.LastError, "etcd does not answer")
		require.LessOrEqual(t, time.Since(st.Since), 51*time.Second)
		etcd.start()
		pass(10 * time.Second)
		require.NoError(t, r.Close(t.Context()))
		require.Equal(t, []bool{true, false, true, false}, told)
	})
}

// As after etcd was restored from a backup that has the lease, but not yet the key.
func TestKeyThatWentUnseenIsFoundMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, _ := register(t, options())
		etcd.mu.Lock()
		delete(etcd.keys, keyA)
		etcd.mu.Unlock()
		pass(36 * time.Second)
		require.Equal(t, valueA, etcd.value(keyA))
	})
}

func TestRegistrarLivesWithoutAWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		var asked atomic.Int64
		etcd.denying(func(op string) error {
			if asked.Add(1); op == "watch" || op == "get" {
				return errors.New("etcdserver: permission denied")
			}
			return nil
		})
		r := weiretcd.NewRegistrar(client, options())
		require.NoError(t, r.Register(t.Context()))
		defer r.Close(context.Background())
		pass(10 * time.Minute)
		require.Equal(t, valueA, etcd.value(keyA))
		require.Equal(t, uint64(1), r.Stats().Registrations)
		require.Less(t, asked.Load(), int64(2*10*60), "nothing spins")
		etcd.denying(nil)
		pass(10 * time.Second)
		etcd.unset(keyA)
		pass(time.Second)
		require.Equal(t, valueA, etcd.value(keyA), "it watches again")
	})
}

func TestLeaseThatIsReplacedWhileItLivesIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		pass(time.Minute)
		etcd.denying(func(op string) error {
			if op == "put" {
				return errors.New("etcdserver: too many requests")
			}
			return nil
		})
		etcd.unset(keyA)
		synctest.Wait()
		require.False(t, r.Stats().Registered)
		etcd.denying(nil)
		pass(time.Second)
		require.Equal(t, valueA, etcd.value(keyA))
		require.Equal(t, 1, etcd.leaseCount())
	})
}
