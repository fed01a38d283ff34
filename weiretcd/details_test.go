package weiretcd_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDetailsTellWhetherTheInstanceIsRegisteredAndSinceWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		etcd, r := register(t, options())
		told := func() (values map[string]string) {
			values = map[string]string{}
			r.Details(func(key, value string) bool { values[key] = value; return true })
			return values
		}
		require.Equal(t, map[string]string{"state": "registered", "since": time.Now().UTC().Format(time.RFC3339Nano)}, told())
		etcd.stop()
		pass(time.Minute)
		got := told()
		require.Equal(t, "not registered", got["state"])
		require.Equal(t, r.Stats().Since.UTC().Format(time.RFC3339Nano), got["since"])
		require.Equal(t, r.Stats().LastError.Error(), got["reason"])
		for stop := 1; stop <= 3; stop++ {
			n := 0
			r.Details(func(string, string) bool { n++; return n < stop })
			require.Equal(t, stop, n)
		}
		etcd.start()
		pass(10 * time.Second)
	})
}
