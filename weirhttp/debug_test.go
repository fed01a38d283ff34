package weirhttp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

func TestDebugPageIsClosedToAllButItself(t *testing.T) {
	w := lookAt(t, weirhttp.Debug(), "/debug/weir")
	require.Equal(t, http.StatusOK, w.Code)
	h := w.Header()
	require.Equal(t, "text/html; charset=utf-8", h.Get("Content-Type"))
	require.Equal(t, strconv.Itoa(w.Body.Len()), h.Get("Content-Length"))
	require.Equal(t, "no-store", h.Get("Cache-Control"))
	require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
	require.Equal(t, "no-referrer", h.Get("Referrer-Policy"))
	require.Equal(t, "DENY", h.Get("X-Frame-Options"))
	require.Equal(t, "same-origin", h.Get("Cross-Origin-Opener-Policy"))
	require.Equal(t, "same-origin", h.Get("Cross-Origin-Resource-Policy"))

	inner := func(tag string) string {
		m := regexp.MustCompile("(?s)<" + tag + ">(.*)</" + tag + ">").FindStringSubmatch(w.Body.String())
		sum := sha256.Sum256([]byte(m[1]))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	require.Equal(t, "default-src 'none'; script-src "+inner("script")+"; style-src "+inner("style")+
		"; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"+
		"; require-trusted-types-for 'script'; trusted-types 'none'", h.Get("Content-Security-Policy"))
}

func TestDebugPageIsTheSameWhateverItIsAbout(t *testing.T) {
	hostile := weirhttp.NewDebug(weirhttp.DebugOptions{
		Title: "<script>alert(1)</script>", Sources: []weir.Source{named("</script><script>alert(1)</script>")},
	})
	require.Equal(t, lookAt(t, weirhttp.Debug(), "/").Body.String(), lookAt(t, hostile, "/?q=</script>").Body.String())
}

func TestDebugPageWantsNothingFromElsewhere(t *testing.T) {
	body := lookAt(t, weirhttp.Debug(), "/").Body.String()
	for _, link := range regexp.MustCompile(`(?i)(src|href|url)\s*[=(]\s*["']?[^\s>]*`).FindAllString(body, -1) {
		require.Regexp(t, `^href="(data:|#components|\?format=json)`, link)
	}
	elsewhere := strings.NewReplacer("http://www.w3.org/2000/svg", "").Replace(body)
	require.NotContains(t, elsewhere, "http:")
	require.NotContains(t, elsewhere, "https:")
	for _, sink := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style="} {
		require.NotContains(t, body, sink)
	}
}

func TestDebugPageHasAllItsFiles(t *testing.T) {
	body := lookAt(t, weirhttp.Debug(), "/").Body.String()
	files, err := filepath.Glob("debug/*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		if filepath.Ext(name) != ".html" {
			require.Contains(t, body, strings.ReplaceAll(string(text), "\r\n", "\n"), name)
		}
	}
	require.NotContains(t, body, "{{")
}

func TestDebugKnowsItsMethods(t *testing.T) {
	d := weirhttp.Debug(named("db"))
	for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"} {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequest(method, "/?format=json", nil))
		require.Equal(t, http.StatusMethodNotAllowed, w.Code)
		require.Equal(t, "GET, HEAD, POST", w.Header().Get("Allow"))
	}
}

func TestDebugAnswersHEADAsGETWithoutABody(t *testing.T) {
	srv := httptest.NewServer(weirhttp.Debug(named("db")))
	defer srv.Close()
	for query, contentType := range map[string]string{
		"":               "text/html; charset=utf-8",
		"?format=json":   "application/json",
		"?format=events": "text/event-stream; charset=utf-8",
	} {
		resp, err := srv.Client().Head(srv.URL + "/" + query)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, contentType, resp.Header.Get("Content-Type"))
		require.Empty(t, body(t, resp))
	}
}

func TestDebugRefusesWhatItDoesNotUnderstand(t *testing.T) {
	d := weirhttp.Debug(named("db"))
	for _, query := range []string{
		"format=xml", "format=json&level=bad", "format=json&limit=0", "format=json&limit=x", "format=json&seconds=0",
		"format=json&seconds=61", "format=json&seconds=NaN", "format=json&seconds=-1", "format=json&seconds=x",
		"format=json&q=" + strings.Repeat("x", 201), "format=json&q=" + strings.Repeat("x+", 9), "format=events&level=bad",
	} {
		w := lookAt(t, d, "/?"+query)
		require.Equal(t, http.StatusBadRequest, w.Code, query)
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	}
}

func TestDebugShowsWhatIsAddedUntilItIsRemoved(t *testing.T) {
	a, b := named("a"), named("b")
	d := weirhttp.Debug(a)
	d.Add(b, a)
	require.Equal(t, []string{"a", "b"}, reportOf(t, d, "").names())
	d.Remove(a, named("a"), nil)
	require.Equal(t, []string{"b"}, reportOf(t, d, "").names())
	d.Add(a)
	require.Equal(t, []string{"b", "a"}, reportOf(t, d, "").names())
}

func TestDebugTakesSourcesThatCannotBeCompared(t *testing.T) {
	m := metrics{gauge("depth", 1)}
	d := weirhttp.Debug(m, m)
	d.Remove(m)
	require.Equal(t, 2, reportOf(t, d, "").Total)
}

func TestDebugTellsSourcesOfTheSameNameApart(t *testing.T) {
	d := weirhttp.Debug(named(""), named(""), limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1}))
	r := reportOf(t, d, "")
	require.Equal(t, map[string]int{"breaker": 2, "concurrency": 1}, r.Kinds)
	require.NotEqual(t, r.Components[0].ID, r.Components[1].ID)
	again := reportOf(t, d, "")
	for i, c := range r.Components {
		require.Equal(t, c.ID, again.Components[i].ID)
	}
}

func TestDebugPanicsOnWhatIsImpossible(t *testing.T) {
	require.PanicsWithValue(t, "weirhttp: DebugOptions.Sources must not hold nil", func() { weirhttp.Debug(nil) })
	require.PanicsWithValue(t, "weirhttp: Debug with a nil Source", func() { weirhttp.Debug().Add(nil) })
	require.NoError(t, weirhttp.DebugOptions{MaxViewers: -1}.Validate())
	require.Error(t, weirhttp.DebugOptions{Sources: []weir.Source{nil}}.Validate())
}

func TestDebugIsCalledAfterTheProgramUnlessToldOtherwise(t *testing.T) {
	require.Contains(t, reportOf(t, weirhttp.Debug(), "").Title, filepath.Base(os.Args[0]))
	require.Equal(t, "orders", reportOf(t, weirhttp.NewDebug(weirhttp.DebugOptions{Title: "orders"}), "").Title)
}
