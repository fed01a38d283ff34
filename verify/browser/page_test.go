package browser_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

func named(name string) *breaker.Breaker { return breaker.New(breaker.Options{Name: name}) }

func serve(t *testing.T, o weirhttp.DebugOptions) string {
	t.Helper()
	srv := httptest.NewServer(weirhttp.NewDebug(o))
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	return srv.URL + "/debug/weir"
}

func show(t *testing.T, l look, sources ...weir.Source) *tab {
	t.Helper()
	return open(t, serve(t, weirhttp.DebugOptions{Title: "orders", Sources: sources}), l)
}

// names is an expression: those of the rows, from the top.
const names = `[...document.querySelectorAll("#rows .open bdi")].map((e) => e.textContent).join("|")`

// state is an expression: that of the first row.
const state = `document.querySelector("#rows .mark").textContent`

// How long it takes depends on the machine, too, so the best of five counts.
func TestABreakerIsSeenToOpenWithinASecond(t *testing.T) {
	b := named("db")
	tab := show(t, desktop, named("other"), b)
	best := soon
	for range 5 {
		b.Force(breaker.Closed)
		tab.until(state + ` === "closed"`)
		began := time.Now()
		b.Force(breaker.Open)
		tab.until(state + ` === "open"`)
		best = min(best, time.Since(began))
	}
	require.Less(t, best, time.Second)
	require.Equal(t, "db|other", value[string](tab, names), "trouble comes first")
	require.Equal(t, "(1) orders", value[string](tab, "document.title"))
	tab.until(`document.querySelector("#rows .since").textContent.startsWith("for ")`)
	tab.quiet()
}

func TestWhatIsThrottledWhyAndSinceWhenIsSeenAtOnce(t *testing.T) {
	b := named("db")
	for b.State() != breaker.Open {
		_ = b.Do(context.Background(), func(context.Context) error { return errors.New("connection refused") })
		time.Sleep(10 * time.Millisecond)
	}
	tab := show(t, desktop, named("other"), b)
	require.Equal(t, "open", value[string](tab, state))
	require.Regexp(t, `^for \d+ (s|m \d+ s)$`, value[string](tab, `document.querySelector("#rows .since").textContent`))
	require.Regexp(t, `^connection refused \(\d+ times, last at \d\d:\d\d:\d\d\)$`, value[string](tab, `document.querySelector("#rows .why").textContent`))
	tab.quiet()
}

func TestHostileNamesAreText(t *testing.T) {
	hostile := []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(2)>`, `"quoted" 'too' \ & &lt;`, "new\nline\tand \u202egnirts",
		strings.Repeat("long", 2500), `</title></script><svg onload=alert(3)>`,
	}
	var sources []weir.Source
	for _, name := range hostile {
		sources = append(sources, named(name))
	}
	url := serve(t, weirhttp.DebugOptions{Title: hostile[0], Sources: sources})
	tab := open(t, url, desktop)
	got := value[string](tab, names)
	require.Contains(t, got, hostile[0])
	require.Contains(t, got, hostile[1])
	require.Contains(t, got, hostile[2])
	require.Contains(t, got, `new\nline\u0009and \u202egnirts`)
	require.Contains(t, got, hostile[5])
	require.Equal(t, hostile[0], value[string](tab, `document.getElementById("title").textContent`))
	require.Equal(t, hostile[0], value[string](tab, "document.title"))
	require.Equal(t, 1, value[int](tab, "document.scripts.length"))
	require.Zero(t, value[int](tab, `document.querySelectorAll("main img, main script, main svg[onload]").length`))
	require.False(t, value[bool](tab, "document.documentElement.scrollWidth > innerWidth"), "10 kB are no reason to scroll")
	tab.quiet()
}

// The other tests hold that nothing violates the policy; this one that there is one.
func TestPolicyForbidsWhatANameCouldTry(t *testing.T) {
	tab := show(t, desktop, named("db"))
	for _, attempt := range []string{
		`document.getElementById("rows").innerHTML = "<b>x</b>"`,
		`document.body.append(Object.assign(document.createElement("script"), { src: "https://example.com/x.js" }))`,
	} {
		_, err := chromedp.Run(tab.ctx, chromedp.Evaluate[any](attempt))
		require.Error(t, err, attempt)
	}
	value[int](tab, `(document.body.append(Object.assign(document.createElement("img"), { src: "https://example.com/x.png" })), 1)`)
	for deadline := time.Now().Add(soon); !strings.Contains(strings.Join(tab.said(), "\n"), "policy: img-src"); time.Sleep(20 * time.Millisecond) {
		require.True(t, time.Now().Before(deadline), tab.said())
	}
}

func TestKeysFilterAndPause(t *testing.T) {
	db := named("db")
	tab := show(t, desktop, named("search"), db, limit.NewConcurrency(limit.ConcurrencyOptions{Name: "reports", Max: 1}))
	tab.write("/")
	tab.until(`document.activeElement.id === "q"`)
	tab.write("DB")
	tab.until(names + ` === "db"`)
	require.Contains(t, value[string](tab, `document.getElementById("count").textContent`), "1 component, 3 in all.")
	require.Equal(t, "?q=DB", value[string](tab, "location.search"), "a reload, or a link, shows the same")
	tab.write("p/") // are letters here
	tab.until(`document.getElementById("count").textContent.startsWith("Nothing matches")`)
	tab.press(kb.Backspace + kb.Backspace)
	tab.until(names + ` === "db"`)
	tab.press(kb.Escape)
	tab.until(`document.activeElement === document.body`)

	tab.write("p")
	tab.until(`document.getElementById("link").textContent.startsWith("Paused")`)
	db.Force(breaker.ForcedOpen)
	time.Sleep(1500 * time.Millisecond) // an event would have come by now
	require.Equal(t, "closed", value[string](tab, state))
	tab.write("p")
	tab.until(state + ` === "forced open"`)
	tab.quiet()
}

func TestEverythingCanBeReachedByTab(t *testing.T) {
	tab := show(t, desktop, named("a"), named("b"))
	var path []string
	for range 10 {
		tab.press(kb.Tab)
		path = append(path, value[string](tab, `(document.activeElement.id || document.activeElement.textContent).trim()`))
	}
	path[2], path[3], path[4], path[5] = "critical", "warning", "notice", "ok" // and how many
	require.Equal(t, []string{
		"Skip to the components", "pause", "critical", "warning", "notice", "ok", "q", "kind", "a", "b",
	}, path)
	tab.press(kb.Enter)
	tab.until(`document.activeElement.getAttribute("aria-expanded") === "true"`)
	tab.until(`document.querySelector(".more table").innerText.includes("calls success")`)
	tab.press(kb.Enter)
	tab.until(`document.querySelector(".more") === null`)
	tab.quiet()
}

func TestWhatHasTheFocusKeepsItWhenRowsMove(t *testing.T) {
	a, b := named("a"), named("b")
	tab := show(t, desktop, a, b)
	value[int](tab, `(document.querySelectorAll(".open")[0].focus(), 1)`)
	b.Force(breaker.ForcedOpen)
	tab.until(names + ` === "b|a"`)
	a.Force(breaker.ForcedOpen)
	tab.until(names + ` === "a|b"`)
	require.Equal(t, "a", value[string](tab, "document.activeElement.textContent"))
	tab.quiet()
}

func TestLevelsAndKindsAreFilters(t *testing.T) {
	open := named("open")
	open.Force(breaker.ForcedOpen)
	tab := show(t, desktop, named("closed"), open, limit.NewConcurrency(limit.ConcurrencyOptions{Name: "reports", Max: 1}))
	click := func(selector string) { tab.do(chromedp.Click(chromedp.CSS(selector))) }
	click("#levels button:first-child")
	tab.until(names + ` === "open"`)
	click("#levels button:last-child")
	tab.until(names + ` === "open|closed|reports"`)
	click("#levels button:first-child")
	tab.until(names + ` === "closed|reports"`)
	value[int](tab, `(() => { const k = document.getElementById("kind"); k.value = "concurrency"; k.dispatchEvent(new Event("change")); return 1 })()`)
	tab.until(names + ` === "reports"`)
	require.Equal(t, "?kind=concurrency&level=ok", value[string](tab, "location.search"))
	tab.do(chromedp.Reload())
	tab.until(names + ` === "reports"`)
	tab.until(`document.getElementById("kind").value === "concurrency"`)
	tab.quiet()
}

func TestOneOfTenThousandIsFound(t *testing.T) {
	g := breaker.NewGroup[string](breaker.GroupOptions{})
	for i := range 10_000 {
		g.Get("host-" + strconv.Itoa(i))
	}
	tab := show(t, desktop, g)
	tab.until(`document.querySelectorAll("#rows > tr").length === 100`)
	require.Contains(t, value[string](tab, `document.getElementById("count").textContent`), "The first 100 of 10,001 components.")
	tab.do(chromedp.Click(chromedp.CSS("#more")))
	tab.until(`document.querySelectorAll("#rows > tr").length === 200`)
	g.Get("host-7777").Force(breaker.ForcedOpen)
	tab.until(state + ` === "forced open"`)
	tab.write("/host-7778")
	tab.until(names + ` === "/host-7778"`)
	tab.quiet()
}

func TestABreakerIsForcedWhereThatIsAllowed(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		b := named("db")
		url := serve(t, weirhttp.DebugOptions{Sources: []weir.Source{b}, Allow: func(*http.Request) bool { return allowed }})
		tab := open(t, url, desktop)
		answer := make(chan bool, 2)
		require.NoError(t, chromedp.Listen(tab.ctx, func(ev any) {
			if _, ok := ev.(*page.EventJavascriptDialogOpening); ok {
				accept := <-answer
				go func() {
					_, _ = chromedp.Call(tab.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: accept})
				}()
			}
		}))
		value[int](tab, `(document.querySelector(".open").click(), 1)`)
		tab.until(`document.querySelector(".more table") !== null`)
		buttons := value[string](tab, `[...document.querySelectorAll(".force button")].map((b) => b.textContent).join("|")`)
		if !allowed {
			require.Empty(t, buttons)
			continue
		}
		require.Equal(t, "closed|dry run|disabled|open|forced open", buttons)
		force := func(answered bool) {
			answer <- answered
			value[int](tab, `(setTimeout(() => document.querySelector(".force button:last-child").click()), 1)`)
		}
		force(false)
		time.Sleep(300 * time.Millisecond)
		require.Equal(t, breaker.Closed, b.State(), "asked, and said no")
		force(true)
		tab.until(state + ` === "forced open"`)
		require.Equal(t, breaker.ForcedOpen, b.State())
		tab.until(`document.querySelector(".force + p").textContent === "Forced: forced-open."`)
		tab.quiet()
	}
}

func TestPageComesBackWhenTheServerDoes(t *testing.T) {
	b := named("db")
	handler := weirhttp.Debug(b)
	srv := httptest.NewServer(handler)
	addr := srv.Listener.Addr().String()
	tab := open(t, srv.URL, desktop)
	srv.CloseClientConnections()
	srv.Close()
	tab.until(`document.getElementById("link").dataset.state === "lost"`)
	next := &http.Server{Addr: addr, Handler: handler}
	done := make(chan error)
	go func() { done <- next.ListenAndServe() }()
	b.Force(breaker.ForcedOpen)
	tab.until(state + ` === "forced open"`)
	require.Equal(t, "live", value[string](tab, `document.getElementById("link").dataset.state`))
	require.NoError(t, next.Shutdown(context.Background()))
	require.ErrorIs(t, <-done, http.ErrServerClosed)
}
