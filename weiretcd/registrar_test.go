package weiretcd_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weiretcd"
)

const (
	keyA   = orders + "a:80"
	valueA = `{"Op":0,"Addr":"a:80"}`
)

func options() weiretcd.RegistrarOptions {
	return weiretcd.RegistrarOptions{Prefix: "services/orders", Endpoint: weiretcd.Endpoint{Addr: "a:80"}}
}

// register registers an instance in a bubble.
func register(t *testing.T, o weiretcd.RegistrarOptions) (*fake, *weiretcd.Registrar) {
	t.Helper()
	etcd, client := newFake()
	r := weiretcd.NewRegistrar(client, o)
	require.NoError(t, r.Register(t.Context()))
	t.Cleanup(func() {
		if err := r.Close(context.Background()); err == nil {
			require.Zero(t, etcd.leaseCount())
		}
	})
	synctest.Wait()
	return etcd, r
}

func TestInstanceIsThereFromRegisterToClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		require.Equal(t, keyA, r.Key())
		require.Equal(t, valueA, etcd.value(keyA))
		st := r.Stats()
		require.Equal(t, weiretcd.RegistrarStats{Registered: true, Since: time.Now(), Lease: 1, Registrations: 1, Writes: 1}, st)

		pass(time.Hour)
		require.Equal(t, valueA, etcd.value(keyA))
		require.Equal(t, st, r.Stats())

		require.NoError(t, r.Close(t.Context()))
		require.Empty(t, etcd.value(keyA))
		require.Zero(t, etcd.leaseCount())
		require.False(t, r.Stats().Registered)
		require.NoError(t, r.Close(t.Context()))
		require.ErrorIs(t, r.Register(t.Context()), weiretcd.ErrClosed)
		require.ErrorIs(t, r.Update(t.Context(), weiretcd.Endpoint{Addr: "b:80"}), weiretcd.ErrClosed)
	})
}

func TestSecondRegisterIsContentWithTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		require.NoError(t, r.Register(t.Context()))
		require.Equal(t, 1, etcd.grants)
	})
}

func TestRegisterTriesUntilItsContextIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		etcd.stop()
		r := weiretcd.NewRegistrar(client, options())
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("enough"))
		defer cancel()
		began := time.Now()
		err := r.Register(ctx)
		require.Equal(t, time.Minute, time.Since(began))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "enough")
		require.ErrorContains(t, r.Stats().LastError, "etcd does not answer")
		require.ErrorIs(t, r.Register(ctx), context.DeadlineExceeded)

		etcd.start()
		pass(time.Minute)
		require.Empty(t, etcd.value(keyA), "nobody tries any more")
		require.NoError(t, r.Register(t.Context()))
		require.NoError(t, r.Close(t.Context()))
		require.Zero(t, etcd.leaseCount())
	})
}

func TestRegisterBecomesTrueWhenEtcdComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		etcd.stop()
		r := weiretcd.NewRegistrar(client, options())
		done := make(chan error, 1)
		go func() { done <- r.Register(context.Background()) }()
		pass(time.Hour)
		etcd.start()
		pass(10 * time.Second)
		require.NoError(t, <-done)
		require.NoError(t, r.Close(t.Context()))
	})
}

func TestCloseEndsARegister(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		etcd.stop()
		r := weiretcd.NewRegistrar(client, options())
		done := make(chan error, 1)
		go func() { done <- r.Register(context.Background()) }()
		pass(time.Hour)
		require.NoError(t, r.Close(t.Context()))
		require.ErrorIs(t, <-done, weiretcd.ErrClosed)
	})
}

func TestRegisterThatFailsGivesItsLeaseBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		etcd.denying(func(op string) error {
			if op == "put" {
				return errors.New("etcdserver: permission denied")
			}
			return nil
		})
		r := weiretcd.NewRegistrar(client, options())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, r.Register(ctx), context.DeadlineExceeded)
		synctest.Wait()
		require.Zero(t, etcd.leaseCount())
		require.ErrorContains(t, r.Stats().LastError, "permission denied")
		require.NoError(t, r.Close(t.Context()))
	})
}

func TestUpdateReplacesTheValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		require.NoError(t, r.Update(t.Context(), weiretcd.Endpoint{Addr: "a:80", Weight: 3}))
		require.Equal(t, `{"Op":0,"Addr":"a:80","Weight":3}`, etcd.value(keyA))
		pass(time.Second) // it is not written more often
		etcd.endLease(1)
		pass(100 * time.Millisecond)
		require.Equal(t, `{"Op":0,"Addr":"a:80","Weight":3}`, etcd.value(keyA))
		require.ErrorContains(t, r.Update(t.Context(), weiretcd.Endpoint{}), "host:port")
	})
}

func TestUpdateBeforeRegisterIsWhatIsRegistered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, client := newFake()
		r := weiretcd.NewRegistrar(client, options())
		require.NoError(t, r.Update(t.Context(), weiretcd.Endpoint{Addr: "a:80", Weight: 3}))
		// And one that comes while Register is under way is not lost either.
		etcd.hooked = func(op string) {
			if op == "put" {
				etcd.mu.Lock()
				etcd.hooked = nil
				etcd.mu.Unlock()
				require.NoError(t, r.Update(t.Context(), weiretcd.Endpoint{Addr: "a:80", Weight: 4}))
			}
		}
		require.NoError(t, r.Register(t.Context()))
		synctest.Wait()
		require.Equal(t, `{"Op":0,"Addr":"a:80","Weight":4}`, etcd.value(keyA))
		require.NoError(t, r.Close(t.Context()))
	})
}

func TestUpdateDuringAnOutageComesTrueAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		etcd.stop()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, r.Update(ctx, weiretcd.Endpoint{Addr: "a:80", Weight: 3}), context.DeadlineExceeded)
		done := make(chan error, 1)
		go func() { done <- r.Update(context.Background(), weiretcd.Endpoint{Addr: "a:80", Weight: 4}) }()
		pass(time.Minute)
		etcd.start()
		pass(10 * time.Second)
		require.NoError(t, <-done)
		require.Equal(t, `{"Op":0,"Addr":"a:80","Weight":4}`, etcd.value(keyA))
	})
}

func TestCloseIsBoundedAndSaysWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		etcd.stop()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		require.ErrorIs(t, r.Close(ctx), context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(began))
		err := r.Close(t.Context())
		require.Equal(t, 4*time.Second, time.Since(began))
		require.ErrorContains(t, err, `weiretcd: key services/orders/a:80 stays until its TTL is over: weiretcd: etcd does not answer`)
		etcd.start()
		require.NoError(t, r.Close(t.Context()), "another Close tries again")
		require.Empty(t, etcd.value(keyA))
	})
}

func TestPanicOfOnChangeCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		var caught []any
		o.OnChange = func(weiretcd.RegistrarStats) { panic("lost") }
		o.OnPanic = func(p *weir.Panic) { caught = append(caught, p.Value) }
		etcd, r := register(t, o)
		pass(time.Second)
		etcd.endLease(1)
		pass(100 * time.Millisecond)
		require.Equal(t, valueA, etcd.value(keyA))
		require.NoError(t, r.Close(t.Context()))
		require.Equal(t, uint64(4), r.Stats().Panics)
		require.Equal(t, []any{"lost", "lost", "lost", "lost"}, caught)
	})
}

func TestPlainValueIsTheAddressAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.Plain, o.ID, o.Prefix = true, "7", "services/orders/"
		etcd, _ := register(t, o)
		require.Equal(t, "a:80", etcd.value(orders+"7"))
	})
}

func TestRegistrarRefusesImpossibleOptions(t *testing.T) {
	_, client := newFake()
	require.PanicsWithValue(t, "weiretcd: NewRegistrar needs a client", func() {
		weiretcd.NewRegistrar(nil, options())
	})
	require.PanicsWithValue(t, "weiretcd: RegistrarOptions needs a Prefix", func() {
		weiretcd.NewRegistrar(client, weiretcd.RegistrarOptions{})
	})
	for text, change := range map[string]func(*weiretcd.RegistrarOptions){
		"Prefix":                func(o *weiretcd.RegistrarOptions) { o.Prefix = "/" },
		"printable":             func(o *weiretcd.RegistrarOptions) { o.ID = "a\nb" },
		"TTL must be":           func(o *weiretcd.RegistrarOptions) { o.TTL = -1 },
		"Timeout must not":      func(o *weiretcd.RegistrarOptions) { o.Timeout = -1 },
		"where to listen":       func(o *weiretcd.RegistrarOptions) { o.Endpoint.Addr = "[::]:80" },
		"is not host:port":      func(o *weiretcd.RegistrarOptions) { o.Endpoint.Addr = ":80" },
		"neither Weight nor":    func(o *weiretcd.RegistrarOptions) { o.Plain, o.Endpoint.Weight = true, 1 },
		"Metadata is not JSON":  func(o *weiretcd.RegistrarOptions) { o.Endpoint.Metadata = "{" },
		"an endpoint of 100026": func(o *weiretcd.RegistrarOptions) { o.Endpoint.Metadata = `"` + strings.Repeat("x", 99990) + `"` },
		"weight -1":             func(o *weiretcd.RegistrarOptions) { o.Endpoint.Weight = -1 },
	} {
		o := options()
		change(&o)
		require.ErrorContains(t, o.Validate(), text)
	}
	require.NoError(t, options().Validate())
}

func TestRegistrarMetricsTellWhatStatsTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, r := register(t, options())
		var source weir.Source = r
		got := map[string]float64{}
		source.Metrics(func(m weir.Metric) bool {
			got[fmt.Sprint(m.Name, m.Labels)] = m.Value
			return true
		})
		require.Equal(t, map[string]float64{
			"weir_etcd_registered[{key services/orders/a:80}]":               1,
			"weir_etcd_registrations_total[{key services/orders/a:80}]":      1,
			"weir_etcd_writes_total[{key services/orders/a:80}]":             1,
			"weir_etcd_registrar_failures_total[{key services/orders/a:80}]": 0,
		}, got)
		n := 0
		source.Metrics(func(weir.Metric) bool { n++; return false })
		require.Equal(t, 1, n)
	})
}
