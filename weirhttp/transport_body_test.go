package weirhttp_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirhttp"
)

// brokenBody yields some text and then fails.
func brokenBody(err error) io.ReadCloser {
	return io.NopCloser(io.MultiReader(strings.NewReader("half"), failingReader{err}))
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

func TestTransportCountsABodyThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want [3]uint64
	}{
		"reset":          {errReset, [3]uint64{0, 1, 0}},
		"unexpected end": {io.ErrUnexpectedEOF, [3]uint64{0, 1, 0}},
		"cancelled":      {context.Canceled, [3]uint64{0, 0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			b := &base{answer: func(_ int, r *http.Request) (*http.Response, error) {
				resp := respond(r, 200, "")
				resp.Body = brokenBody(c.err)
				return resp, nil
			}}
			tr := weirhttp.NewTransport(b, weirhttp.TransportOptions{})
			resp, err := tr.RoundTrip(getting(t))
			require.NoError(t, err)
			got, err := io.ReadAll(resp.Body)
			require.Equal(t, c.err, err, "the error reaches the caller as it is")
			require.Equal(t, "half", string(got))
			require.Equal(t, c.want, counted(t, tr))
			require.NoError(t, resp.Body.Close())
			require.Equal(t, c.want, counted(t, tr))
			require.Len(t, b.requests(), 1, "what the caller has begun to read is not repeated")
			finished(t, tr, b)
		})
	}
}

func TestTransportTrustsABodyThatHasBeenComingForASecond(t *testing.T) {
	for gap, want := range map[time.Duration][3]uint64{
		second / 2: {0, 1, 0},
		second:     {1, 0, 0},
	} {
		t.Run(gap.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reads := 0
				b := &base{answer: func(_ int, r *http.Request) (*http.Response, error) {
					resp := respond(r, 200, "")
					resp.Body = io.NopCloser(readerFunc(func(p []byte) (int, error) {
						if reads++; reads > 1 {
							return 0, errReset
						}
						time.Sleep(gap)
						return 1, nil
					}))
					return resp, nil
				}}
				tr := weirhttp.NewTransport(b, weirhttp.TransportOptions{})
				resp, err := tr.RoundTrip(getting(t))
				require.NoError(t, err)
				_, err = io.Copy(io.Discard, resp.Body)
				require.Equal(t, errReset, err)
				resp.Body.Close()
				require.Equal(t, want, counted(t, tr))
				finished(t, tr, b)
			})
		})
	}
}

func TestTransportCountsABodyThatHangsUntilTheDeadline(t *testing.T) {
	for name, c := range map[string]struct {
		limit int // the same with a limit, whose permit ends with the context
		read  bool
		want  [3]uint64
	}{
		"waited for":          {0, true, [3]uint64{0, 1, 0}},
		"waited for, limited": {1, true, [3]uint64{0, 1, 0}},
		"left lying, limited": {1, false, [3]uint64{1, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &base{answer: func(_ int, r *http.Request) (*http.Response, error) {
					resp := respond(r, 200, "")
					resp.Body = io.NopCloser(readerFunc(func([]byte) (int, error) {
						<-r.Context().Done()
						synctest.Wait()
						return 0, r.Context().Err()
					}))
					return resp, nil
				}}
				tr := weirhttp.NewTransport(b, atMost(c.limit))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				resp, err := tr.RoundTrip(getting(t).WithContext(ctx))
				require.NoError(t, err)
				if c.read {
					_, err = io.ReadAll(resp.Body)
					require.ErrorIs(t, err, context.DeadlineExceeded)
				} else {
					time.Sleep(time.Hour)
				}
				require.Equal(t, c.want, counted(t, tr))
				resp.Body.Close()
				finished(t, tr, b)
			})
		})
	}
}
