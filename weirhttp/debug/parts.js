// The pieces that the page is built of. Text goes into text nodes alone, whatever
// it looks like.

const levelNames = ["ok", "notice", "warning", "critical"];

// A level has a shape, for those who do not see its colour.
const shapes = [
  "M8 3a5 5 0 1 0 .01 0z M8 5a3 3 0 1 1-.01 0z",
  "M8 1l7 7-7 7-7-7z M8 3.8L3.8 8 8 12.2 12.2 8z",
  "M8 1l7.5 14H.5z",
  "M5 1h6l4 4v6l-4 4H5l-4-4V5z",
];

function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

function svg(name, attributes = {}, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

function write(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

function attribute(e, name, value) {
  if (e.getAttribute(name) !== value) e.setAttribute(name, value);
}

function shape(level) {
  const path = svg("path", { d: shapes[level], fill: "currentColor", "fill-rule": "evenodd" });
  return svg("svg", { class: "shape", viewBox: "0 0 16 16", "aria-hidden": "true", "data-level": levelNames[level] }, path);
}

const width = 120, height = 32;

// A spark is a line of the last two minutes, with a second one of what went wrong.
function spark() {
  const area = svg("path", { class: "area" }), line = svg("path", { class: "line" }), bad = svg("path", { class: "bad" });
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img" }, area, line, bad);
  const most = el("span");
  const root = el("div", { class: "spark" }, picture, most);

  function path(points, now, top) {
    return points.map(([t, v], i) => {
      const x = width * (1 - (now - t) / span), y = height - 1 - (height - 2) * Math.max(0, v) / top;
      return `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    }).join("");
  }

  function draw(now, good, wrong, say) {
    good = good.filter(([, v]) => Number.isFinite(v));
    const top = Math.max(0, ...good.map((p) => p[1]), ...wrong.map((p) => p[1]));
    const d = path(good, now, top || 1);
    attribute(line, "d", d);
    attribute(area, "d", good.length > 1
      ? `${d}L${(width * (1 - (now - good.at(-1)[0]) / span)).toFixed(1)} ${height}L${(width * (1 - (now - good[0][0]) / span)).toFixed(1)} ${height}z` : "");
    attribute(bad, "d", wrong.some((p) => p[1] > 0) ? path(wrong, now, top || 1) : "");
    write(most, top > 0 ? `max ${say(top)}` : "");
    attribute(picture, "aria-label", top > 0 ? `Last two minutes, at most ${say(top)}` : "Nothing in the last two minutes");
  }
  return { root, draw };
}
