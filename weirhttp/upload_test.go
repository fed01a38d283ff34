package weirhttp_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirhttp"
)

// net/http removes the temporary files of an upload from the request that it made
// itself; the handler parsed the form of a copy.
func TestUploadsLeaveNoFilesBehind(t *testing.T) {
	for name, mw := range map[string]weirhttp.Middleware{
		"bare":      weirhttp.Chain(),
		"timeout":   weirhttp.Timeout(time.Minute),
		"max bytes": weirhttp.MaxBytes(1 << 24),
		"propagate": weirhttp.Propagate(weirhttp.PropagateOptions{}),
		"all": weirhttp.Chain(weirhttp.Propagate(weirhttp.PropagateOptions{}), weirhttp.Timeout(time.Minute),
			weirhttp.MaxBytes(1<<24)),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("TMPDIR", dir)
			files := func() int {
				entries, err := os.ReadDir(dir)
				require.NoError(t, err)
				return len(entries)
			}
			during := 0
			srv := start(t, mw(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.ParseMultipartForm(1024) == nil {
					during = files()
				}
			})))
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			part, err := form.CreateFormFile("f", "f")
			require.NoError(t, err)
			_, err = part.Write(make([]byte, 1<<23))
			require.NoError(t, err)
			require.NoError(t, form.Close())
			r, err := http.NewRequest(http.MethodPost, srv.URL, &body)
			require.NoError(t, err)
			r.Header.Set("Content-Type", form.FormDataContentType())
			r.Header.Set(weirhttp.HeaderTimeout, "60000")
			res, err := srv.Client().Do(r)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			srv.Close() // returns when the server is done with the request
			require.Equal(t, 1, during)
			require.Zero(t, files())
		})
	}
}
