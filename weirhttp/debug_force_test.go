package weirhttp_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/weirhttp"
)

func anybody(*http.Request) bool { return true }

func debugOf(allow func(*http.Request) bool, sources ...weir.Source) *weirhttp.DebugHandler {
	return weirhttp.NewDebug(weirhttp.DebugOptions{Sources: sources, Allow: allow})
}

// pressed forces, from the same origin unless header says otherwise.
func pressed(t *testing.T, d http.Handler, id, state string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	form := url.Values{"id": {id}, "state": {state}}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "http://admin.example.com/debug", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if len(header) > 0 {
		r.Header.Del("Sec-Fetch-Site")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func idOf(t *testing.T, d http.Handler, name string) string {
	t.Helper()
	for _, c := range reportOf(t, d, "&limit=20000").Components {
		if c.Name == name {
			return c.ID
		}
	}
	t.Fatal("no component " + name)
	return ""
}

func TestDebugForcesABreakerWhereThatIsAllowed(t *testing.T) {
	db, search := named("db"), named("search")
	d := debugOf(anybody, search, db)
	for _, state := range []breaker.State{
		breaker.ForcedOpen, breaker.Disabled, breaker.DryRun, breaker.Open, breaker.Closed,
	} {
		require.Equal(t, http.StatusNoContent, pressed(t, d, idOf(t, d, "db"), state.String()).Code)
		require.Equal(t, state, db.State())
		require.Equal(t, breaker.Closed, search.State())
	}
}

func TestDebugForcesABreakerOfAGroup(t *testing.T) {
	g := manyBreakers(1000)
	d := debugOf(anybody, g)
	name := "http/Host-777.example.com:443"
	require.Equal(t, http.StatusNoContent, pressed(t, d, idOf(t, d, name), "forced-open").Code)
	for key, b := range g.All() {
		require.Equal(t, "http/"+key == name, b.State() == breaker.ForcedOpen, key)
	}
}

func TestDebugForcesTheOneOfTwoBreakersOfTheSameName(t *testing.T) {
	g := breaker.NewGroup[any](breaker.GroupOptions{})
	one, other := g.Get(1), g.Get("1")
	require.Equal(t, one.Name(), other.Name())
	d := debugOf(anybody, g)
	for _, b := range []*breaker.Breaker{one, other} {
		b.Force(breaker.ForcedOpen)
		first := reportOf(t, d, "&level=critical").Components
		require.Len(t, first, 1)
		require.Equal(t, http.StatusNoContent, pressed(t, d, first[0].ID, "closed").Code)
		require.Equal(t, []breaker.State{breaker.Closed, breaker.Closed}, []breaker.State{one.State(), other.State()})
	}
}

func TestDebugForcesNothingUnlessThatIsAllowed(t *testing.T) {
	db := named("db")
	var asked []string
	for _, allow := range []func(*http.Request) bool{nil, func(r *http.Request) bool { asked = append(asked, r.Method); return false }} {
		d := debugOf(allow, db)
		require.Equal(t, http.StatusForbidden, pressed(t, d, idOf(t, d, "db"), "forced-open").Code)
		require.Equal(t, breaker.Closed, db.State())
	}
	require.Equal(t, []string{"POST"}, asked)
}

func TestDebugForcesNothingForAnotherOrigin(t *testing.T) {
	db := named("db")
	d := debugOf(func(*http.Request) bool { t.Error("not even asked"); return true }, db)
	id := idOf(t, d, "db")
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example.com"},
		{"Origin", "null"}, {"Sec-Fetch-Site", "cross-site", "Origin", "http://admin.example.com"},
	} {
		require.Equal(t, http.StatusForbidden, pressed(t, d, id, "forced-open", header...).Code, header)
	}
	require.Equal(t, breaker.Closed, db.State())
}

func TestDebugForcesNothingByGET(t *testing.T) {
	db := named("db")
	d := debugOf(anybody, db)
	id := idOf(t, d, "db")
	for _, query := range []string{"", "&format=json"} {
		require.Equal(t, http.StatusOK, lookAt(t, d, "/?id="+id+"&state=forced-open"+query).Code)
	}
	// Nor does the address of a POST count.
	r := httptest.NewRequest("POST", "/?id="+id+"&state=forced-open", nil)
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, breaker.Closed, db.State())
}

func TestDebugSaysWhyItDoesNotForce(t *testing.T) {
	d := debugOf(anybody, named("db"), metrics{gauge("depth", 1)})
	id := idOf(t, d, "db")
	require.Equal(t, http.StatusBadRequest, pressed(t, d, id, "throttling").Code)
	require.Equal(t, http.StatusBadRequest, pressed(t, d, id, "").Code)
	require.Equal(t, http.StatusNotFound, pressed(t, d, "x", "open").Code)
	require.Equal(t, http.StatusNotFound, pressed(t, d, "", "open").Code)
	require.Equal(t, http.StatusConflict, pressed(t, d, idOf(t, d, ""), "open").Code)
	require.Equal(t, http.StatusBadRequest, pressed(t, d, strings.Repeat("x", 5000), "open").Code)
}

func TestDebugViewTellsWhatCanBeForced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, allow := range []func(*http.Request) bool{nil, anybody} {
			v := watch(t, debugOf(allow, named("db"), metrics{gauge("depth", 1)}), "")
			require.Equal(t, allow != nil, v.last().Force)
			require.Equal(t, []bool{true, false}, []bool{v.last().Rows[0].Force, v.last().Rows[1].Force})
			v.leave()
			<-v.gone
		}
	})
}
