// The list, the stream it comes from, and the controls.

const find = (id) => document.getElementById(id);
const rows = new Map(); // by id
const layouts = new Map(); // by number, of this stream
const asked = new URLSearchParams(location.search);
const query = {
  q: asked.get("q") ?? "", kind: asked.get("kind") ?? "",
  level: new Set((asked.get("level") ?? "").split(",").filter((l) => levelNames.includes(l))), limit: 100,
};
let stream = null, retry = 0, paused = false, mayForce = false, title = "Weir", kinds = "";

function connect() {
  stream?.close();
  clearTimeout(retry);
  if (paused) return;
  const p = parameters();
  history.replaceState(null, "", p.size ? `?${p}` : location.pathname);
  p.set("format", "events");
  p.set("limit", query.limit);
  stream = new EventSource(`?${p}`);
  stream.onopen = () => layouts.clear();
  stream.onmessage = (m) => show(JSON.parse(m.data));
  stream.onerror = () => {
    if (stream.readyState !== EventSource.CLOSED) return status("lost", "Connection lost, trying again");
    status("lost", "No answer, or as many watch as may; trying again");
    retry = setTimeout(connect, 5000);
  };
}

function parameters() {
  const p = new URLSearchParams();
  if (query.q) p.set("q", query.q);
  if (query.kind) p.set("kind", query.kind);
  if (query.level.size) p.set("level", [...query.level].join(","));
  return p;
}

function status(state, text) {
  find("link").dataset.state = state;
  write(find("link"), text);
}

function show(e) {
  status("live", `Live, ${clock(e.now)}`);
  mayForce = e.force === true;
  title = e.title;
  write(find("title"), visible(title));
  for (const [n, layout] of Object.entries(e.layouts ?? {})) {
    for (const m of layout.metrics) m.key = `${m.name} ${m.short}`;
    layout.index = new Map(layout.metrics.map((m, i) => [m.key, i]));
    layout.lead ??= [];
    layouts.set(Number(n), layout);
  }
  const order = [...new Set(e.rows.map((row) => {
    const past = remember(row, layouts.get(row.layout), e.now);
    if (!rows.has(row.id)) rows.set(row.id, newRow(row.id));
    const r = rows.get(row.id);
    updateRow(r, row, past, e.now);
    return r;
  }))];
  arrange(order);
  forget(e.now);
  summarize(e);
}

// arrange puts the rows into order. It moves only what is not in its place, and what
// has the focus keeps it.
function arrange(order) {
  const focused = document.activeElement, body = find("rows"), keep = new Set(order);
  for (const [id, r] of rows) {
    if (keep.has(r)) continue;
    for (const n of r.nodes) n.remove();
    rows.delete(id);
  }
  let at = body.firstChild;
  for (const n of order.flatMap((r) => r.nodes)) {
    if (n === at) at = at.nextSibling;
    else body.insertBefore(n, at);
  }
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
}

function summarize(e) {
  levelNames.forEach((name, i) => write(find(`level-${name}`), plain.format(e.levels[i])));
  const [, , warnings, criticals] = e.levels;
  document.title = `${warnings + criticals ? `(${warnings + criticals}) ` : ""}${visible(title)}`;
  write(find("news"), `${criticals} critical, ${warnings} warnings`);
  const some = e.rows.length < e.matched ? `The first ${plain.format(e.rows.length)} of ` : "";
  const matched = e.matched === 1 ? "1 component" : `${plain.format(e.matched)} components`;
  const of = e.matched < e.total ? `, ${plain.format(e.total)} in all` : "";
  write(find("count"), e.total === 0 ? "There is nothing to show." : e.matched === 0 ? `Nothing matches${of}.` : `${some}${matched}${of}.`);
  find("more").hidden = !some || query.limit >= 500;
  listKinds(e.kinds);
}

function listKinds(counts) {
  const select = find("kind"), now = JSON.stringify(counts);
  if (now === kinds || document.activeElement === select) return;
  kinds = now;
  const names = [...new Set([...Object.keys(counts), query.kind])].filter(Boolean).sort();
  select.replaceChildren(new Option("all", ""), ...names.map((k) =>
    new Option(`${visible(k)} (${plain.format(counts[k] ?? 0)})`, k)));
  select.value = query.kind;
}

function pause(now) {
  paused = now;
  write(find("pause-word"), paused ? "Resume" : "Pause");
  if (paused) {
    status("paused", `Paused at ${clock(Date.now())}`);
    stream?.close();
    clearTimeout(retry);
  } else {
    status("wait", "Connecting");
    connect();
  }
}

function changed() {
  query.limit = 100;
  if (paused) pause(false);
  else connect();
}

function setUp() {
  find("q").value = query.q;
  let typing = 0;
  find("q").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => { query.q = find("q").value.trim(); changed(); }, 150);
  });
  find("kind").addEventListener("change", () => { query.kind = find("kind").value; changed(); });
  find("pause").addEventListener("click", () => pause(!paused));
  find("more").addEventListener("click", () => { query.limit = Math.min(500, query.limit + 100); connect(); });
  for (const name of [...levelNames].reverse()) {
    const b = el("button", { type: "button", "aria-pressed": String(query.level.has(name)) },
      shape(levelNames.indexOf(name)), `${name} `, el("b", { id: `level-${name}` }, "–"));
    b.addEventListener("click", () => {
      if (!query.level.delete(name)) query.level.add(name);
      attribute(b, "aria-pressed", String(query.level.has(name)));
      changed();
    });
    find("levels").append(b);
  }
  document.addEventListener("keydown", key);
  document.addEventListener("visibilitychange", hidden);
}

function key(e) {
  const inField = /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName);
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.key === "/" && !inField) {
    e.preventDefault();
    find("q").select();
  } else if (e.key === "p" && !inField) {
    pause(!paused);
  } else if (e.key === "Escape" && e.target === find("q")) {
    find("q").blur();
  }
}

// Who has left this page in the background for a minute does not look.
let away = 0;
function hidden() {
  clearTimeout(away);
  if (document.hidden) away = setTimeout(() => { stream?.close(); clearTimeout(retry); }, 60_000);
  else if (stream?.readyState === EventSource.CLOSED) connect();
}

setUp();
connect();
