package browser_test

import (
	"context"
	"errors"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/limit"
)

// showAll shows a component of each level, and one of them unfolded.
func showAll(t *testing.T, l look) *tab {
	t.Helper()
	open, dry, long := named("payments"), named("trial"), named("a-name-without-any-place-to-break-it-that-is-longer-than-the-page-is-wide")
	for range 3 {
		_ = open.Do(context.Background(), func(context.Context) error {
			return errors.New("dial tcp 10.2.0.7:5432: connect: connection refused, and so on and so forth")
		})
	}
	open.Force(breaker.ForcedOpen)
	dry.Force(breaker.DryRun)
	warns := limit.NewToken(limit.TokenOptions{Name: "users", Rate: limit.PerSecond(1)})
	tab := show(t, l, open, dry, named("closed"), long, warns, panics{})
	value[int](tab, `(document.querySelector(".open").click(), 1)`)
	tab.until(`document.querySelector(".more table") !== null`)
	return tab
}

// panics is a source that does.
type panics struct{}

func (panics) Metrics(func(weir.Metric) bool) { panic("out of stock") }

// faint lists the texts whose contrast with what is behind them is less than 4.5.
const faint = `(() => {
  const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const behind = (e) => e === null ? [255, 255, 255, 1] : over(parse(getComputedStyle(e).backgroundColor), behind(e.parentElement));
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const bad = [];
  let seen = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const e = n.parentElement;
    if (!n.data.trim() || /^(SCRIPT|STYLE|NOSCRIPT|OPTION)$/.test(e.tagName) || e.closest(".unseen, .skip") || !e.checkVisibility()) continue;
    seen++;
    const back = behind(e), fore = light(over(parse(getComputedStyle(e).color), back)), ground = light(back);
    const ratio = (Math.max(fore, ground) + .05) / (Math.min(fore, ground) + .05);
    if (ratio < 4.5) bad.push(n.data.trim() + " " + ratio.toFixed(2));
  }
  const hint = getComputedStyle(document.getElementById("q"), "::placeholder");
  const back = behind(document.getElementById("q")), fore = light(over(parse(hint.color), back)), ground = light(back);
  if ((Math.max(fore, ground) + .05) / (Math.min(fore, ground) + .05) < 4.5) bad.push("placeholder");
  return seen < 50 ? ["only " + seen + " texts"] : bad;
})()`

func TestTextHasContrast(t *testing.T) {
	backgrounds := map[string]bool{}
	tab := showAll(t, desktop)
	for _, scheme := range []string{"light", "dark"} {
		l := desktop
		l.features = []*emulation.MediaFeature{media("prefers-color-scheme", scheme)}
		tab.appear(l)
		require.Empty(t, value[[]string](tab, faint), scheme)
		backgrounds[value[string](tab, "getComputedStyle(document.body).backgroundColor")] = true
	}
	require.Len(t, backgrounds, 2)
	tab.quiet()
}

// 320 px are also what 200 % zoom leaves of 640.
func TestNarrowPagesScrollInOneDirection(t *testing.T) {
	tab := showAll(t, desktop)
	for _, width := range []int64{320, 640, 960, 961, 1280, 2560} {
		tab.appear(look{width: width, height: 700})
		require.LessOrEqual(t, value[int](tab, "document.documentElement.scrollWidth"), int(width))
		cut := value[[]string](tab, `[...document.querySelectorAll("#rows > tr:not(.more) *, header *, .controls *")]
			.filter((e) => e.checkVisibility() && !e.closest(".unseen") && e.getBoundingClientRect().right > innerWidth + 1)
			.map((e) => e.tagName + " " + e.className + " " + e.textContent)`)
		require.Empty(t, cut, width)
	}
	tab.quiet()
}

func TestStatesHaveWordsAndShapesBesidesColours(t *testing.T) {
	tab := showAll(t, desktop)
	marks := value[map[string]string](tab, `Object.fromEntries([...document.querySelectorAll("#rows .mark")].map((m) =>
		[m.querySelector("path").getAttribute("d"), m.closest("tr").dataset.level]))`)
	levels := map[string]bool{}
	for _, level := range marks {
		levels[level] = true
	}
	require.Len(t, marks, 4, "as many shapes as levels")
	require.Len(t, levels, 4)
	require.Zero(t, value[int](tab, `[...document.querySelectorAll("#rows .mark")].filter((m) => !m.textContent.trim()).length`))
}

func TestNothingMovesForThoseWhoWantThat(t *testing.T) {
	tab := showAll(t, desktop)
	durations := func(features ...*emulation.MediaFeature) int {
		l := desktop
		l.features = features
		tab.appear(l)
		return value[int](tab, `[...document.querySelectorAll("*")].flatMap((e) => ["", "::before", "::after"].map((p) => getComputedStyle(e, p)))
			.filter((s) => parseFloat(s.transitionDuration) > 0 || parseFloat(s.animationDuration) > 0).length`)
	}
	require.Zero(t, durations(media("prefers-reduced-motion", "reduce")))
	require.Positive(t, durations(media("prefers-reduced-motion", "no-preference")))
}

// The roles of a table are lost where its rows are laid out as blocks, unless they
// are written down.
func TestAssistiveTechnologyHearsNamesAndATable(t *testing.T) {
	tab := showAll(t, desktop)
	for _, width := range []int64{320, 1280} {
		tab.appear(look{width: width, height: 900})
		tree, err := chromedp.Call(tab.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		require.NoError(t, err)
		roles := map[string]int{}
		for _, n := range tree.Nodes {
			if n.Ignored || n.Role == nil {
				continue
			}
			role := string(n.Role.Value)
			roles[role]++
			switch role {
			case `"button"`, `"searchbox"`, `"combobox"`, `"table"`, `"columnheader"`, `"image"`:
				require.NotNil(t, n.Name, role)
				require.NotEqual(t, `""`, string(n.Name.Value), role)
			}
		}
		require.GreaterOrEqual(t, roles[`"row"`], 7, roles)
		require.GreaterOrEqual(t, roles[`"cell"`], 24, roles)
		require.Positive(t, roles[`"table"`], roles)
		require.Positive(t, roles[`"columnheader"`], roles)
		require.Positive(t, roles[`"searchbox"`], roles)
	}
}
