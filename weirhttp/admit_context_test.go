package weirhttp_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirhttp"
)

// gone is a context that the handler ends while it runs: cancelled, as when the
// client leaves, or past its deadline.
type gone struct {
	ctx context.Context
	end func()
}

func clientLeaves() gone {
	ctx, cancel := context.WithCancel(context.Background())
	return gone{ctx, cancel}
}

func deadlinePasses() gone {
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(time.Hour))
	return gone{ctx, func() { time.Sleep(time.Hour + 1); cancel() }}
}

func TestAdmitCountsAnAbortByWhetherTheClientIsThere(t *testing.T) {
	g := &guard{}
	h := weirhttp.Admit(g, weirhttp.AdmitOptions{})(panicking(http.ErrAbortHandler))
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { call(h, get()) })
	require.Equal(t, []weir.Outcome{weir.Failure}, g.seen())

	g, client := &guard{}, clientLeaves()
	h = weirhttp.Admit(g, weirhttp.AdmitOptions{})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		client.end()
		panic(http.ErrAbortHandler)
	}))
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { call(h, get().WithContext(client.ctx)) })
	require.Equal(t, []weir.Outcome{weir.Ignored}, g.seen())
}

func TestAdmitHoldsNothingAgainstAClientThatLeft(t *testing.T) {
	for _, c := range []struct {
		status int // 0: none written
		want   weir.Outcome
	}{
		{0, weir.Ignored}, {200, weir.Success}, {404, weir.Success}, {499, weir.Ignored},
		{500, weir.Ignored}, {502, weir.Ignored}, {503, weir.Ignored}, {504, weir.Ignored},
		{429, weir.Overloaded},
	} {
		t.Run(strconv.Itoa(c.status), func(t *testing.T) {
			g, client := &guard{}, clientLeaves()
			call(weirhttp.Admit(g, weirhttp.AdmitOptions{})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				client.end()
				if c.status != 0 {
					w.WriteHeader(c.status)
				}
			})), get().WithContext(client.ctx))
			require.Equal(t, []weir.Outcome{c.want}, g.seen())
		})
	}
}

func TestAdmitCountsAPassedDeadlineAsFailureWhateverWasWritten(t *testing.T) {
	for _, status := range []int{0, 200, 404, 503} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, late := &guard{}, deadlinePasses()
				call(weirhttp.Admit(g, weirhttp.AdmitOptions{})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					late.end()
					if status != 0 {
						w.WriteHeader(status)
					}
				})), get().WithContext(late.ctx))
				require.Equal(t, []weir.Outcome{weir.Failure}, g.seen())
			})
		})
	}
}

func TestAdmitSeesTheDeadlineOfATimeoutOutsideAndInside(t *testing.T) {
	for _, status := range []int{0, 200} {
		synctest.Test(t, func(t *testing.T) {
			outside, inside := &guard{}, &guard{}
			call(weirhttp.Chain(
				weirhttp.Admit(outside, weirhttp.AdmitOptions{}),
				weirhttp.Timeout(time.Second),
				weirhttp.Admit(inside, weirhttp.AdmitOptions{}),
			)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if status != 0 {
					w.WriteHeader(status)
				}
				<-r.Context().Done()
			})), get())
			require.Equal(t, []weir.Outcome{weir.Failure}, inside.seen())
			require.Equal(t, []weir.Outcome{weir.Failure}, outside.seen())
		})
	}
}

func TestAdmitNoticesThatARealClientLeft(t *testing.T) {
	settled := make(chan weir.Outcome, 1)
	g := guardFunc(func(context.Context) (weir.Permit, error) {
		return weir.PermitFunc(func(o weir.Outcome) { settled <- o }), nil
	})
	srv := start(t, weirhttp.Admit(g, weirhttp.AdmitOptions{})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		w.WriteHeader(http.StatusBadGateway)
	})))
	conn := dial(t, srv)
	_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).Close())
	require.Equal(t, weir.Ignored, <-settled)
}
