// How numbers and times read. A unit is told by the end of a metric's name.

const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

function duration(s) {
  const a = Math.abs(s);
  if (a === 0) return "0 s";
  if (a < 1e-3) return `${short.format(s * 1e6)} µs`;
  if (a < 1) return `${short.format(s * 1e3)} ms`;
  if (a < 60) return `${short.format(s)} s`;
  if (a < 3600) return `${Math.floor(s / 60)} m ${Math.floor(s % 60)} s`;
  if (a < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} m`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s % 86400 / 3600)} h`;
}

function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  for (; Math.abs(n) >= 1024 && i < units.length - 1; i++) n /= 1024;
  return `${short.format(n)} ${units[i]}`;
}

function number(v, name, format = short) {
  if (Number.isNaN(v)) return "NaN";
  if (!Number.isFinite(v)) return v > 0 ? "∞" : "−∞";
  if (/_seconds(_total)?$/.test(name)) return duration(v);
  if (/_bytes(_total)?$/.test(name)) return bytes(v);
  if (/_ratio$/.test(name)) return `${short.format(v * 100)} %`;
  if (/_per_second$/.test(name)) return `${short.format(v)}/s`;
  return format.format(v);
}

// rate is how fast a counter grows. A second is never quite a second, so one digit
// after the point is all that can be known.
function rate(v, name) {
  if (v === undefined) return "–";
  return `${number(v < 10 ? Math.round(v * 10) / 10 : v, name)}/s`;
}

function clock(ms) {
  return new Date(ms).toLocaleTimeString("en-GB");
}

// local puts the times of a text into the reader's.
function local(text) {
  return text.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (t) => {
    const day = t.slice(0, 10) === new Date().toISOString().slice(0, 10) ? "" : `${t.slice(0, 10)} `;
    return Number.isNaN(Date.parse(t)) ? t : day + clock(Date.parse(t));
  });
}

// visible writes out characters that would act on the text around them, or not be
// seen: control characters and those that change the direction.
function visible(text) {
  return text.replace(/[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu,
    (c) => c === "\n" ? "\\n" : `\\u${c.codePointAt(0).toString(16).padStart(4, "0")}`);
}
