"use strict";
// Draws the charts of the report and ties them to its table. Text from the runs is only ever put in as text.
const data = JSON.parse(document.getElementById("data").textContent);
const runs = data.runs;
const said = document.getElementById("said");
const SVG = "http://www.w3.org/2000/svg";
const FEW = ["#2f7ed8", "#e0823d", "#2ca25f", "#b65fcf", "#d64550", "#8c7b50", "#17a2b8", "#d65fa0"];
const SCALE = [[47, 126, 216], [38, 166, 154], [124, 179, 66], [239, 176, 58], [224, 98, 61]]; // best to worst
const worths = runs.map(run => run.objective).filter(value => value !== null);
const low = Math.min(...worths), high = quantile(worths, 0.95);
const charts = new Map(); // of each figure: the marks of each run, and the group that shows one run on top
let pinned = null, lit = null;

function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] : NaN;
}

function scaleColor(value) {
  if (value === null) return "var(--faint)";
  const at = high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) * (SCALE.length - 1) : 0;
  const left = Math.min(SCALE.length - 2, Math.floor(at)), part = at - left;
  return `rgb(${SCALE[left].map((from, i) => Math.round(from + (SCALE[left + 1][i] - from) * part)).join(",")})`;
}

function runColor(index) {
  return runs.length <= FEW.length ? FEW[index] : scaleColor(runs[index].objective);
}

function short(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e4 && size < 1e12) {
    const power = size >= 1e9 ? [1e9, "G"] : size >= 1e6 ? [1e6, "M"] : [1e3, "k"];
    return +(value / power[0]).toPrecision(4) + power[1];
  }
  return size >= 1e5 || size < 1e-3 ? value.toExponential(2).replace(/\.?0+e/, "e") : String(+value.toPrecision(4));
}

function make(parent, name, attributes = {}, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

function niceTicks(from, to, wanted) {
  const span = to - from || 1, raw = span / wanted, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map(factor => factor * power).find(size => size >= raw * 0.999);
  const ticks = [];
  for (let tick = Math.ceil(from / step - 1e-9) * step; tick <= to + step * 1e-6; tick += step) ticks.push(+tick.toPrecision(12));
  return ticks;
}

function logTicks(from, to) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++)
    for (const factor of [1, 2, 5]) {
      const tick = factor * 10 ** power;
      if (tick >= from * 0.999 && tick <= to * 1.001) ticks.push(tick);
    }
  return ticks.length > 8 ? ticks.filter(tick => Number.isInteger(+Math.log10(tick).toFixed(9))) : ticks;
}

// A scale turns a value into pixels; a logarithmic one needs values above 0.
function scaleOf(from, to, start, end, log) {
  const side = log ? Math.log : value => value;
  const a = side(from), b = side(to);
  const scale = value => start + (b > a ? (side(value) - a) / (b - a) : 0.5) * (end - start);
  scale.ticks = log ? logTicks(from, to) : niceTicks(from, to, Math.max(2, Math.round(Math.abs(end - start) / 70)));
  return scale;
}

function frame(figure, height) {
  figure.querySelector("svg")?.remove();
  const width = Math.max(260, figure.clientWidth - 24);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", figure.querySelector("figcaption").textContent);
  figure.append(svg);
  return { figure, svg, width, height, left: 54, right: width - 12, top: 10, bottom: height - 34 };
}

// The group for the marks of runs, below one for the run that is pointed at.
function layersOf(box, attributes = {}) {
  const area = make(box.svg, "g", { class: "area", ...attributes }), over = make(box.svg, "g", { class: "over", ...attributes });
  const marks = new Map();
  charts.set(box.figure, { marks, over });
  return (index, name, more) => {
    const mark = make(area, name, { class: "run", ...more });
    if (!marks.has(index)) marks.set(index, []);
    marks.get(index).push(mark);
  };
}

function axes(box, x, y, xName, xLabels) {
  for (const tick of y.ticks) {
    make(box.svg, "line", { class: "grid", x1: box.left, x2: box.right, y1: y(tick), y2: y(tick) });
    make(box.svg, "text", { x: box.left - 6, y: y(tick) + 4, "text-anchor": "end" }, short(tick));
  }
  for (const [at, text] of xLabels ?? x.ticks.map(tick => [x(tick), short(tick)]))
    make(box.svg, "text", { x: at, y: box.bottom + 15, "text-anchor": "middle" }, text);
  make(box.svg, "text", { x: (box.left + box.right) / 2, y: box.height - 4, "text-anchor": "middle" }, xName);
  make(box.svg, "line", { class: "grid", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom });
}

// The point under the pointer, of all the points of a chart.
function listen(box, points, tell) {
  const find = event => {
    const area = box.svg.getBoundingClientRect(), zoom = box.width / area.width;
    const px = (event.clientX - area.left) * zoom, py = (event.clientY - area.top) * zoom;
    let best = null, nearest = 40 * 40;
    for (const point of points) {
      const distance = (point.x - px) ** 2 + (point.y - py) ** 2;
      if (distance < nearest) { nearest = distance; best = point; }
    }
    return best;
  };
  box.svg.addEventListener("pointermove", event => {
    const point = find(event);
    if (point) { light(point.run); said.textContent = tell(point); } else rest();
  });
  box.svg.addEventListener("pointerleave", rest);
  box.svg.addEventListener("click", event => pin(find(event)?.run ?? null));
}

function lineChart(figure, layers) {
  const box = frame(figure, figure.clientWidth < 500 ? 240 : 300);
  const wanted = figure.querySelector("input")?.checked;
  const curves = layers.flatMap(layer => runs.map((run, index) => ({ layer, index, steps: run[layer.field][0], values: run[layer.field][1] })));
  const all = curves.flatMap(curve => curve.values);
  charts.delete(figure);
  if (!all.length) { make(box.svg, "text", { x: box.left, y: 40 }, "nothing was logged"); return; }
  const positive = all.filter(value => value > 0), log = wanted && positive.length > 0;
  const usual = quantile(all, 0.95), most = all.reduce((a, b) => Math.max(a, b), -Infinity), least = all.reduce((a, b) => Math.min(a, b), Infinity);
  // One run that went astray must not flatten the others; the logarithmic scale shows it all.
  const top = !log && usual > 0 && most > 4 * usual ? 1.5 * usual : most;
  const bottom = log ? positive.reduce((a, b) => Math.min(a, b), Infinity) : layers[0].fromZero ? Math.min(0, least) : least;
  const lastStep = curves.reduce((most, curve) => Math.max(most, curve.steps[curve.steps.length - 1] ?? 0), 1);
  const x = scaleOf(0, lastStep, box.left, box.right, false);
  const y = scaleOf(bottom, top > bottom ? top : bottom + 1, box.bottom, box.top + 8, log);
  axes(box, x, y, top < most ? `step (values above ${short(top)} lie outside; see the log scale)` : "step");
  const clip = make(make(box.svg, "clipPath", { id: `clip-${figure.id}` }), "rect",
    { x: box.left - 5, y: box.top - 5, width: box.right - box.left + 10, height: box.bottom - box.top + 6 });
  const mark = layersOf(box, { "clip-path": `url(#${clip.parentNode.id})` });
  const points = [];
  const dots = curves.reduce((sum, curve) => sum + (curve.layer.dots ? curve.values.length : 0), 0) <= 4000;
  for (const curve of curves.reverse()) { // the best run last, on top
    const seen = curve.steps.map((step, i) => ({ run: curve.index, step, value: curve.values[i], layer: curve.layer, x: x(step), y: y(log && curve.values[i] <= 0 ? bottom : curve.values[i]) }));
    const color = runColor(curve.index);
    if (seen.length) mark(curve.index, "path", { stroke: color, "stroke-width": curve.layer.width, "stroke-opacity": curve.layer.opacity,
      d: "M" + seen.map(point => `${point.x.toFixed(1)} ${point.y.toFixed(1)}`).join("L") });
    if (curve.layer.dots && dots) for (const point of seen)
      mark(curve.index, "circle", { cx: point.x.toFixed(1), cy: point.y.toFixed(1), r: 3, style: `fill:${color}` });
    for (const point of seen) if (point.y >= box.top - 5) points.push(point);
  }
  listen(box, points, point => `${runs[point.run].label}: ${point.layer.name} ${short(point.value)} at step ${point.step}`);
}

function valueChart(figure, key) {
  const box = frame(figure, 240), at = data.keys.indexOf(key);
  const done = runs.map((run, index) => ({ run: index, text: run.values[at], objective: run.objective })).filter(point => point.objective !== null);
  if (!done.length) { make(box.svg, "text", { x: box.left, y: 40 }, "no run has completed yet"); return; }
  const sizes = done.map(point => Number(point.text)), numeric = done.every((point, i) => point.text.trim() !== "" && Number.isFinite(sizes[i]));
  const names = [...new Set(done.map(point => point.text))], worst = Math.max(...done.map(point => point.objective)), best = Math.min(...done.map(point => point.objective));
  const from = Math.min(...sizes), to = Math.max(...sizes), log = numeric && from > 0 && to / from >= 30;
  const room = (box.right - box.left) / (names.length + 1);
  const x = numeric ? scaleOf(from, to, box.left + 16, box.right - 16, log) : text => box.left + room * (names.indexOf(text) + 1);
  const y = scaleOf(best, worst > best ? worst : best + 1, box.bottom - 10, box.top + 6, false);
  const fits = Math.max(3, Math.floor(room / 6.5));
  const few = numeric && names.length <= 6 ? names.map(name => [x(Number(name)), name]).sort((a, b) => a[0] - b[0]) : undefined;
  const apart = few?.every((tick, i) => i === 0 || tick[0] - few[i - 1][0] > 8 + 6.5 * tick[1].length);
  axes(box, x, y, log ? `${key} (log)` : key, numeric ? (apart ? few : undefined) : names.map(name => [x(name), name.length > fits ? name.slice(0, fits - 1) + "…" : name]));
  const groups = new Map();
  for (const [i, point] of done.entries()) {
    const place = numeric ? sizes[i] : point.text;
    point.x = x(place); point.y = y(point.objective);
    if (!groups.has(place)) groups.set(place, []);
    groups.get(place).push(point.objective);
  }
  const means = [...groups].map(([place, found]) => [x(place), y(found.reduce((a, b) => a + b) / found.length)]).sort((a, b) => a[0] - b[0]);
  if (numeric) make(box.svg, "path", { fill: "none", stroke: "var(--soft)", "stroke-dasharray": "4 3", d: "M" + means.map(mean => mean.join(" ")).join("L") });
  const mark = layersOf(box);
  for (const point of done.toReversed()) mark(point.run, "circle", { cx: point.x, cy: point.y, r: 4, style: `fill:${runColor(point.run)}`, "fill-opacity": 0.85 });
  listen(box, done, point => `${runs[point.run].label}: ${data.objective} ${short(point.objective)}`);
}

function heatChart(figure, map) {
  const widest = Math.max(...map.rows.map(row => row.length));
  const probe = frame(figure, 10), left = Math.min(probe.width * 0.4, 16 + 6.6 * widest);
  const tall = Math.max(26, Math.min(46, 320 / map.rows.length)), box = frame(figure, 44 + tall * map.rows.length);
  const wide = (box.width - left - 4) / map.columns.length, room = text => Math.max(2, Math.floor(text / 6.6));
  const cut = (text, space) => text.length > room(space) ? text.slice(0, room(space) - 1) + "…" : text;
  map.rows.forEach((row, r) => {
    make(box.svg, "text", { x: left - 6, y: 4 + tall * (r + 0.5) + 4, "text-anchor": "end" }, cut(row, left));
    map.columns.forEach((column, c) => {
      const [mean, count] = map.cells[r][c];
      const cell = make(box.svg, "rect", { x: left + wide * c + 1, y: 5 + tall * r, width: Math.max(1, wide - 2), height: tall - 2, rx: 4,
        style: `fill:${mean === null ? "var(--line)" : scaleColor(mean)}` });
      if (wide > 44 && mean !== null) make(box.svg, "text", { x: left + wide * (c + 0.5), y: 4 + tall * (r + 0.5) + 4, "text-anchor": "middle", style: "fill:#10151d;font-weight:600;pointer-events:none" }, short(mean));
      cell.addEventListener("pointerenter", () => { said.textContent = `${map.down}=${row}, ${map.across}=${column}: ` + (mean === null ? "no completed run" : `${data.objective} ${short(mean)}` + (count > 1 ? `, mean of ${count} runs` : "")); });
    });
  });
  map.columns.forEach((column, c) => make(box.svg, "text", { x: left + wide * (c + 0.5), y: 18 + tall * map.rows.length, "text-anchor": "middle" }, cut(column, wide)));
  make(box.svg, "text", { x: left + (box.width - left) / 2, y: 36 + tall * map.rows.length, "text-anchor": "middle" }, `${map.across} across, ${map.down} down`);
}

function light(index) {
  if (index === lit) return;
  lit = index;
  for (const old of document.querySelectorAll("tr.on")) old.classList.remove("on");
  document.body.classList.toggle("dimmed", index !== null);
  for (const { marks, over } of charts.values()) over.replaceChildren(...(marks.get(index) ?? []).map(mark => mark.cloneNode()));
  if (index === null) return;
  document.querySelector(`tr[data-run="${index}"]`).classList.add("on");
  const run = runs[index];
  said.textContent = `${run.label}: ${run.status}` + (run.objective === null ? "" : `, ${data.objective} ${short(run.objective)}`);
}

function rest() {
  light(pinned);
  if (pinned === null) said.textContent = said.dataset.rest;
}

function pin(index) {
  pinned = index === pinned ? null : index;
  rest();
}

function sortBy(head) {
  const table = head.closest("table"), at = [...head.parentNode.children].indexOf(head), body = table.tBodies[0];
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of head.parentNode.children) other.setAttribute("aria-sort", other === head ? (up ? "ascending" : "descending") : "none");
  const worth = row => row.cells[at].dataset.value ?? row.cells[at].textContent;
  const rows = [...body.rows].sort((one, two) => {
    const a = worth(one), b = worth(two);
    if (a === "" || b === "") return (a === "") - (b === ""); // what is missing comes last, either way
    const numeric = Number.isFinite(+a) && Number.isFinite(+b);
    const order = numeric ? a - b : a.localeCompare(b);
    return up ? order : -order;
  });
  body.append(...rows);
}

function drawAll() {
  lineChart(document.getElementById("schedules"), [{ field: "lr", name: "learning rate", width: 1.6, opacity: 0.9, fromZero: true }]);
  lineChart(document.getElementById("losses"), [
    { field: "val", name: "validation loss", width: 2, opacity: 1, dots: true },
    { field: "train", name: "training loss", width: 1, opacity: 0.45 },
  ]);
  for (const figure of document.querySelectorAll("figure[data-key]")) valueChart(figure, figure.dataset.key);
  for (const figure of document.querySelectorAll("figure[data-map]")) heatChart(figure, data.maps[+figure.dataset.map]);
  lit = undefined;
  light(pinned);
}

for (const row of document.querySelectorAll("tbody tr")) {
  const index = +row.dataset.run;
  row.querySelector(".swatch").style.background = runColor(index);
  row.addEventListener("pointerenter", () => light(index));
  row.addEventListener("pointerleave", rest);
  row.addEventListener("click", () => pin(index));
}
for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => sortBy(button.closest("th")));
document.getElementById("log").addEventListener("change", drawAll);
let waiting = 0;
window.addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(drawAll, 120); });
drawAll();
document.body.dataset.ready = "true";
