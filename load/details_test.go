package load_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/load"
)

func TestDetailsTellWhichSignalsCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := func() (float64, error) { return 0, errors.New("no such file") }
		calm := func() (float64, error) { return 0, nil }
		s := load.New(load.Options{Signals: []load.Signal{
			{Name: "disk", Read: broken}, {Name: "calm", Read: calm}, {Name: "net", Read: broken},
		}})
		for range 4 {
			p, err := s.Allow(t.Context())
			require.NoError(t, err)
			p.Done(0)
			time.Sleep(time.Second)
		}
		var got []string
		s.Details(func(key, value string) bool {
			got = append(got, key+": "+value)
			return true
		})
		require.Equal(t, []string{"reason: signal disk: no such file", "reason: signal net: no such file"}, got)
		told := 0
		s.Details(func(string, string) bool { told++; return false })
		require.Equal(t, 1, told)
	})
}
