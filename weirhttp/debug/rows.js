// One row of the list, and what unfolds beneath it.

const states = ["closed", "dry-run", "disabled", "open", "forced-open"];

function newRow(id) {
  const cell = (name, ...children) => el("td", { class: name, role: "cell" }, ...children);
  const r = {
    id, level: -1, past: null, panel: null,
    mark: el("span", { class: "mark" }), since: el("div", { class: "since" }),
    name: el("bdi"), kind: el("span", { class: "kind" }), why: el("div", { class: "why" }),
    figures: el("ul", { class: "figures", role: "list" }), trend: spark(), layout: null,
  };
  r.open = el("button", { type: "button", class: "open", "aria-expanded": "false" }, r.name);
  r.open.addEventListener("click", () => unfold(r));
  r.tr = el("tr", { role: "row" },
    cell("state", r.mark, r.since), cell("what", r.open, r.kind, r.why),
    cell("glance", r.figures), cell("trend", r.trend.root));
  r.nodes = [r.tr];
  return r;
}

function unfold(r) {
  if (r.panel) {
    r.panel.root.remove();
    r.panel = null;
    r.nodes.length = 1;
  } else {
    r.panel = newPanel(r);
    r.nodes.push(r.panel.root);
    r.tr.after(r.panel.root);
    fillPanel(r);
  }
  attribute(r.open, "aria-expanded", String(r.panel !== null));
}

function updateRow(r, row, past, now) {
  Object.assign(r, { row, past, now });
  attribute(r.tr, "data-level", levelNames[row.level]);
  if (r.level !== row.level || r.state !== row.state) {
    r.mark.replaceChildren(shape(row.level), visible(row.state).replace("-", " "));
    Object.assign(r, { level: row.level, state: row.state });
  }
  const lasted = duration(Math.max(1, Math.round((now - past.since) / 1000)));
  write(r.since, row.level === 0 ? "" : `${past.exact ? "for" : "for at least"} ${lasted}`);
  write(r.name, visible(row.name) || "unnamed");
  r.name.classList.toggle("unnamed", row.name === "");
  write(r.kind, visible(row.kind));
  write(r.why, visible(local(row.why ?? "")));
  updateFigures(r);
  if (r.panel) fillPanel(r);
}

function updateFigures(r) {
  const { past, now } = r, { layout } = past.samples.at(-1);
  if (r.layout !== layout) {
    r.layout = layout;
    r.cells = layout.lead.map((l) => {
      const cell = { value: el("b"), lead: l };
      cell.root = el("li", {}, cell.value, el("span", {}, visible(l.title)));
      return cell;
    });
    r.figures.replaceChildren(...r.cells.map((c) => c.root));
    r.panel?.build();
  }
  for (const { value, lead, root } of r.cells) {
    const m = layout.metrics[lead.at];
    const points = series(past, layout, lead.at);
    const v = points.at(-1)?.[1];
    write(value, v === undefined ? "–" : m.counter ? rate(v, m.name) : number(v, m.name));
    root.classList.toggle("bad", Boolean(lead.bad) && v > 0);
    root.classList.toggle("zero", !v);
  }
  const lead = layout.lead[0];
  r.trend.root.hidden = !lead;
  if (!lead) return;
  const of = (l) => series(past, layout, l.at);
  const m = layout.metrics[lead.at];
  r.trend.draw(now, of(lead), sum(layout.lead.filter((l) => l.bad).map(of)),
    (v) => m.counter ? rate(v, m.name) : number(v, m.name));
}

// A panel has all metrics and details of a component.
function newPanel(r) {
  const p = { body: el("tbody"), details: el("dl", { class: "details" }), said: el("p", { role: "status" }) };
  const head = ["Metric", "Value", "Rate", "Last 2 minutes", "Meaning"].map((t) => el("th", { scope: "col" }, t));
  const root = el("td", { colspan: "4", role: "cell" }, p.details);
  if (r.row.force && mayForce) root.append(forceButtons(r, p), p.said);
  root.append(el("table", { "aria-label": `Metrics of ${visible(r.row.name)}` }, el("thead", {}, el("tr", {}, ...head)), p.body));
  p.root = el("tr", { class: "more", role: "row" }, root);
  p.build = () => {
    p.lines = r.layout.metrics.map((m) => {
      const line = { value: el("td"), rate: el("td"), spark: spark() };
      line.root = el("tr", {}, el("td", {}, visible(m.short)), line.value, line.rate,
        el("td", {}, line.spark.root), el("td", { title: visible(m.name) }, visible(m.help)));
      return line;
    });
    p.body.replaceChildren(...p.lines.map((l) => l.root));
  };
  p.build();
  return p;
}

function fillPanel(r) {
  const { past, panel, layout, now } = r, { values } = past.samples.at(-1);
  layout.metrics.forEach((m, i) => {
    const line = panel.lines[i], points = series(past, layout, i), v = points.at(-1)?.[1];
    write(line.value, number(values[i], m.name, plain));
    write(line.rate, m.counter ? rate(v, m.name) : "");
    line.spark.draw(now, points, [], (n) => m.counter ? rate(n, m.name) : number(n, m.name));
  });
  if (panel.shown !== past.details) {
    panel.shown = past.details;
    panel.details.replaceChildren(...past.details.flatMap((d) =>
      [el("dt", {}, visible(d.key)), el("dd", {}, el("bdi", {}, visible(local(d.value))))]));
  }
  for (const b of panel.force ?? []) attribute(b, "aria-pressed", String(b.value === r.state));
}

function forceButtons(r, p) {
  p.force = states.map((state) => {
    const b = el("button", { type: "button", value: state }, state.replace("-", " "));
    b.addEventListener("click", () => force(r, state, p.said));
    return b;
  });
  return el("fieldset", { class: "force" }, el("legend", {}, "Force"), ...p.force);
}

async function force(r, state, said) {
  if (!confirm(`Force ${visible(r.row.kind)} "${visible(r.row.name)}": ${state}?`)) return;
  try {
    const body = new URLSearchParams({ id: r.id, state });
    const answer = await fetch(location.pathname, { method: "POST", body });
    write(said, answer.ok ? `Forced: ${state}.` : `Refused: ${await answer.text()}`);
  } catch {
    write(said, "The server did not answer.");
  }
}
