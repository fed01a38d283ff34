package weirhttp_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirhttp"
)

func FuzzRetryAfterIsNeverNegativeNorAbsurd(f *testing.F) {
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, text := range []string{
		"", "0", "7", "-7", "+7", " 7", "1.5", "00000000000000000000007", "9223372036854775807", "18446744073709551616",
		strings.Repeat("9", 400), "Sat, 01 Jan 2000 00:00:09 GMT", "Saturday, 01-Jan-00 00:00:09 GMT", "Sat Jan  1 00:00:09 2000",
		"Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "soon", "\x00",
	} {
		f.Add(text, "")
		f.Add(text, "Sat, 01 Jan 2000 00:00:00 GMT")
		f.Add(text, "Fri, 31 Dec 9999 23:59:59 GMT")
	}
	f.Fuzz(func(t *testing.T, text, date string) {
		wait, ok := weirhttp.RetryAfterOf(text, date, now)
		require.GreaterOrEqual(t, wait, time.Duration(0))
		require.LessOrEqual(t, wait, weirhttp.LongestWait)
		if n, err := strconv.ParseUint(text, 10, 63); err == nil && n < 1<<30 && !strings.ContainsAny(text, "+_") {
			require.True(t, ok)
			require.Equal(t, time.Duration(n)*time.Second, wait)
			return
		}
		until, err := http.ParseTime(text)
		if err != nil {
			require.Equal(t, text != "" && strings.Trim(text, "0123456789") == "", ok)
			return
		}
		require.True(t, ok)
		since := now
		if theirs, err := http.ParseTime(date); err == nil {
			since = theirs
		}
		if d := until.Sub(since); d >= 0 && d < weirhttp.LongestWait {
			require.Equal(t, d, wait)
		} else if d < 0 {
			require.Zero(t, wait)
		}
	})
}
