package browser_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// browser is the context of the one browser that all tests share, nil if there is
// none on this machine.
var browser context.Context

func TestMain(m *testing.M) {
	path := installed()
	if path == "" && os.Getenv("CI") != "" {
		fmt.Println("no browser found, and CI wants one: apt-get install chromium")
		os.Exit(1)
	}
	stop := func() {}
	if path != "" {
		browser, stop = start(path)
	}
	code := m.Run()
	stop()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Println(err)
			code = 1
		}
	}
	os.Exit(code)
}

// installed returns the browser's path, "" if there is none.
func installed() string {
	for _, name := range []string{
		os.Getenv("WEIR_BROWSER"), "chromium", "chromium-browser", "chromium-headless-shell",
		"google-chrome", "google-chrome-stable", "chrome",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func start(path string) (ctx context.Context, stop func()) {
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.Headless, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-dev-shm-usage", true), // containers have little of it
	}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // a browser refuses to run as root with one
	}
	allocator, freeAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	return ctx, func() {
		closeBrowser()
		freeAllocator()
	}
}

// soon is how long anything may take that is to happen at all.
const soon = time.Minute

// A tab is a page that is open, and what its console and its policy said.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	messages []string // guarded by mu
}

// A look is how a tab shows what it shows.
type look struct {
	width, height int64
	features      []*emulation.MediaFeature
}

var desktop = look{width: 1280, height: 900}

func media(name, value string) *emulation.MediaFeature {
	return &emulation.MediaFeature{Name: name, Value: value}
}

// open opens the page, and fails the test at its end if the console has said a word.
func open(t *testing.T, url string, l look) *tab {
	t.Helper()
	if browser == nil {
		t.Skip("there is no browser on this machine: install chromium")
	}
	ctx, cancel := chromedp.NewContext(browser)
	ctx, stop := context.WithTimeout(ctx, 3*soon)
	b := &tab{t: t, ctx: ctx}
	t.Cleanup(func() {
		stop()
		cancel()
	})
	b.appear(l)
	_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `addEventListener("securitypolicyviolation", (e) => console.error("policy: " + e.violatedDirective + " " + e.blockedURI))`,
	})
	require.NoError(t, err)
	console := chromedp.Console(ctx)
	go func() {
		for m, err := range console {
			if err != nil {
				return
			}
			b.mu.Lock()
			b.messages = append(b.messages, m.String())
			b.mu.Unlock()
		}
	}()
	b.do(chromedp.Navigate(url))
	b.until(`document.querySelectorAll("#rows > tr").length > 0`)
	return b
}

// appear changes how the tab shows what it shows.
func (b *tab) appear(l look) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(l.width, l.height))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: l.features})
	require.NoError(b.t, err)
	// Two frames later it has been laid out.
	b.do(chromedp.Evaluate[chromedp.Void](`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`, chromedp.EvalAwaitPromise))
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, steps...))
}

func (b *tab) said() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.messages...)
}

// quiet requires that neither console nor policy had anything to say.
func (b *tab) quiet() {
	b.t.Helper()
	require.Empty(b.t, b.said())
}

// value returns what the expression is in the page.
func value[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	require.NoError(b.t, err, expression)
	return v
}

// until waits until the expression is true in the page.
func (b *tab) until(expression string) {
	b.t.Helper()
	for deadline := time.Now().Add(soon); !value[bool](b, expression); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatal("never true: ", expression, "\n", value[string](b, "document.body.innerText"), b.said())
		}
	}
}

// press presses keys that write nothing, such as Tab.
func (b *tab) press(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// write presses keys that write, unless the page makes something else of them: one
// event each, as a keyboard does, so that what prevents the key prevents the letter.
func (b *tab) write(text string) {
	b.t.Helper()
	for _, r := range text {
		key := string(r)
		for _, e := range []input.DispatchKeyEventParams{
			{Type: input.DispatchKeyEventTypeKeyDown, Key: key, Text: key}, {Type: input.DispatchKeyEventTypeKeyUp, Key: key},
		} {
			_, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, e)
			require.NoError(b.t, err)
		}
	}
}
