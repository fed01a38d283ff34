// What this page remembers of each component: its samples of the last two minutes,
// and since when it has been in its state. The server remembers nothing.

const span = 120_000;
const pasts = new Map(); // by id

function remember(row, layout, now) {
  let past = pasts.get(row.id);
  if (!past) {
    past = { samples: [], details: [], first: now, state: row.state, since: now, exact: false };
    pasts.set(row.id, past);
  }
  if (past.state !== row.state) {
    // What a rate tells, the first look could not know.
    const exact = now - past.first > 2500;
    Object.assign(past, { state: row.state, since: exact ? now : past.first, exact });
  }
  if (row.since) Object.assign(past, { since: row.since, exact: true });
  if (row.details) past.details = row.details;
  past.samples.push({ t: now, layout, values: row.values.map(valueOf) });
  while (past.samples[0].t < now - span) past.samples.shift();
  return past;
}

function valueOf(v) {
  return typeof v === "number" ? v : { "NaN": NaN, "+Inf": Infinity, "-Inf": -Infinity }[v];
}

function forget(now) {
  for (const [id, past] of pasts) {
    if (past.samples.at(-1).t < now - span) pasts.delete(id);
  }
}

// valueAt is that of a column in a sample, which may have had other columns.
function valueAt(sample, layout, i) {
  return sample.values[sample.layout === layout ? i : sample.layout.index.get(layout.metrics[i].key)];
}

// series returns what a column was, as pairs of time and value: of counters the rate,
// over about a second, for samples may follow each other faster than that.
function series(past, layout, i) {
  const points = [];
  const { samples } = past;
  for (let n = 0; n < samples.length; n++) {
    const v = valueAt(samples[n], layout, i);
    if (v === undefined) continue;
    if (!layout.metrics[i].counter) {
      points.push([samples[n].t, v]);
      continue;
    }
    let before = n - 1;
    while (before > 0 && samples[n].t - samples[before].t < 900) before--;
    if (before < 0) continue;
    const was = valueAt(samples[before], layout, i);
    const seconds = (samples[n].t - samples[before].t) / 1000;
    if (was !== undefined && v >= was && seconds > 0.2) points.push([samples[n].t, (v - was) / seconds]);
  }
  return points;
}

function sum(all) {
  const byTime = new Map();
  for (const points of all) {
    for (const [t, v] of points) byTime.set(t, (byTime.get(t) ?? 0) + v);
  }
  return [...byTime].sort((a, b) => a[0] - b[0]);
}
