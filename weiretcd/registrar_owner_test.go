package weiretcd_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/weirgo/weir/weiretcd"
)

// other is what another process writes under the key.
const other = "other:80"

func TestLostLeaseDoesNotTakeTheKeyFromAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		etcd.set(keyA, other)
		pass(time.Minute)
		etcd.endLease(1)
		pass(time.Minute)
		require.Equal(t, other, etcd.value(keyA))
		require.Equal(t, int64(2), r.Stats().Lease, "it is ready to write")
		require.Equal(t, uint64(1), r.Stats().Writes)

		etcd.unset(keyA)
		synctest.Wait()
		require.Equal(t, valueA, etcd.value(keyA))
	})
}

func TestOutageDoesNotTakeTheKeyFromAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		etcd.stop()
		pass(time.Hour)
		etcd.wipe()
		etcd.set(keyA, other)
		etcd.start()
		pass(time.Hour)
		require.True(t, r.Stats().Registered)
		require.Equal(t, other, etcd.value(keyA))
	})
}

func TestCloseLeavesTheKeyOfAnotherProcessAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		etcd.set(keyA, other)
		pass(time.Minute)
		etcd.endLease(1)
		pass(time.Minute)
		require.NoError(t, r.Close(t.Context()))
		require.Equal(t, other, etcd.value(keyA))
	})
}

func TestKeyThatAnotherProcessWritesBeforeItsTurnIsLeftAlone(t *testing.T) {
	for _, missed := range []bool{false, true} { // whether the watch tells of it
		synctest.Test(t, func(t *testing.T) {
			etcd, r := register(t, options())
			etcd.unset(keyA) // just written: it waits for the second to be over
			pass(100 * time.Millisecond)
			etcd.set(keyA, other)
			if missed {
				etcd.mu.Lock()
				etcd.history = etcd.history[:len(etcd.history)-1]
				etcd.mu.Unlock()
			}
			pass(2 * time.Second)
			if !missed {
				etcd.mu.Lock()
				require.Zero(t, etcd.gets, "there is nothing to look for any more")
				etcd.mu.Unlock()
			}
			pass(time.Minute)
			require.Equal(t, other, etcd.value(keyA))
			require.Equal(t, uint64(1), r.Stats().Writes)
		})
	}
}

func TestKeyThatAnotherProcessWritesInTheVeryMomentIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		pass(time.Minute)
		etcd.hooked = func(op string) { // it has seen that the key is gone
			if op == "put" {
				etcd.mu.Lock()
				etcd.hooked = nil
				etcd.mu.Unlock()
				etcd.set(keyA, other)
			}
		}
		etcd.unset(keyA)
		pass(time.Minute)
		require.Equal(t, other, etcd.value(keyA))
		require.Equal(t, uint64(1), r.Stats().Writes)
		require.Equal(t, int64(1), r.Stats().Lease)
	})
}

// In between, nothing watches.
func TestKeyThatGoesWhileTheRegistrarBeginsAnewIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, _ := register(t, options())
		etcd.set(keyA, other)
		pass(time.Minute)
		etcd.hooked = func(op string) { // it has seen the key of the other
			if op == "watch" {
				etcd.mu.Lock()
				etcd.hooked = nil
				etcd.mu.Unlock()
				etcd.unset(keyA)
			}
		}
		etcd.endLease(1)
		pass(5 * time.Second)
		require.Equal(t, valueA, etcd.value(keyA))
	})
}

func TestUpdateWaitsForTheKeyThatAnotherProcessHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		etcd.set(keyA, other)
		pass(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, r.Update(ctx, weiretcd.Endpoint{Addr: "a:80", Weight: 3}), context.DeadlineExceeded)
		require.Equal(t, other, etcd.value(keyA))
		require.Equal(t, uint64(1), r.Stats().Registrations)
		etcd.unset(keyA)
		synctest.Wait()
		require.Equal(t, `{"Op":0,"Addr":"a:80","Weight":3}`, etcd.value(keyA))
	})
}

func TestFirstRegistrationTakesOverWhatAnotherLeftUnderTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		etcd.set(keyA, other)
		r := weiretcd.NewRegistrar(client, options())
		require.NoError(t, r.Register(t.Context()))
		require.Equal(t, valueA, etcd.value(keyA))
		require.NoError(t, r.Close(t.Context()))
		require.Empty(t, etcd.value(keyA))
	})
}

func TestKeyUnderAnEarlierLeaseOfItsOwnIsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		pass(time.Minute)
		etcd.denying(func(op string) error {
			if op == "put" {
				return rpctypes.ErrTooManyRequests
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Error(t, r.Update(ctx, weiretcd.Endpoint{Addr: "a:80", Weight: 3}), "which costs it the session, not the lease")
		require.Equal(t, valueA, etcd.value(keyA))
		etcd.denying(nil)
		pass(5 * time.Second)
		require.Equal(t, `{"Op":0,"Addr":"a:80","Weight":3}`, etcd.value(keyA))
		require.Equal(t, 1, etcd.leaseCount())
	})
}

func TestKeyThatAnAttemptWroteWithoutKnowingIsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		pass(time.Minute)
		etcd.mu.Lock()
		etcd.lose = 1
		etcd.mu.Unlock()
		etcd.denying(func(op string) error {
			if op == "revoke" {
				return rpctypes.ErrTooManyRequests
			}
			return nil
		})
		etcd.endLease(1)
		pass(time.Second)
		require.Equal(t, uint64(2), r.Stats().Writes)
		pass(time.Minute) // the lease of that attempt ends
		require.Equal(t, valueA, etcd.value(keyA))
		require.Equal(t, uint64(2), r.Stats().Writes, "and takes nothing with it")
		etcd.denying(nil)
	})
}

func TestRegistrarThatMayNotReadRegistersAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		etcd.denying(func(op string) error {
			if op == "watch" || op == "get" {
				return rpctypes.ErrPermissionDenied
			}
			return nil
		})
		pass(time.Minute)
		etcd.endLease(1)
		pass(time.Second)
		require.Equal(t, valueA, etcd.value(keyA))
		require.NoError(t, r.Update(t.Context(), weiretcd.Endpoint{Addr: "a:80", Weight: 3}))
	})
}
