// Scales, axes and marks, as SVG. Text from the runs is only ever put in as text.
const SVG = "http://www.w3.org/2000/svg";
const charts = new Map(); // of each figure: the marks of each setting, and the group that shows one setting on top

function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] : NaN;
}

function least(values) { return values.reduce((a, b) => Math.min(a, b), Infinity); }
function most(values) { return values.reduce((a, b) => Math.max(a, b), -Infinity); }

function short(value) {
  if (value === null || value === undefined) return "-";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e4 && size < 1e12) {
    const power = size >= 1e9 ? [1e9, "G"] : size >= 1e6 ? [1e6, "M"] : [1e3, "k"];
    return +(value / power[0]).toPrecision(4) + power[1];
  }
  return size >= 1e5 || size < 1e-3 ? value.toExponential(2).replace(/\.?0+e/, "e") : String(+value.toPrecision(4));
}

function measured(setting) {
  return short(setting.mean) + (setting.deviation === null ? "" : ` ± ${short(setting.deviation)}`) + ` (${setting.count} of ${setting.runs.length})`;
}

function make(parent, name, attributes = {}, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

// The widest round step that gives enough ticks.
function niceTicks(from, to, wanted) {
  const span = to - from || 1, power = 10 ** Math.floor(Math.log10(span));
  const sizes = [5, 2.5, 2, 1, 0.5, 0.25, 0.2, 0.1, 0.05].map(part => part * power);
  const first = step => Math.ceil(from / step - 1e-9), last = step => Math.floor(to / step + 1e-6);
  const step = sizes.find(size => last(size) - first(size) + 1 >= wanted) ?? sizes[sizes.length - 1];
  const ticks = [];
  for (let i = first(step); i <= last(step); i++) ticks.push(+(i * step).toPrecision(12));
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
  scale.ticks = log ? logTicks(from, to) : niceTicks(from, to, Math.max(3, Math.round(Math.abs(end - start) / 110)));
  return scale;
}

function frame(figure, height) {
  figure.querySelector("svg")?.remove();
  const width = Math.max(240, figure.clientWidth - 24);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", figure.querySelector("figcaption span")?.textContent ?? figure.querySelector("figcaption").textContent);
  figure.append(svg);
  charts.delete(figure);
  return { figure, svg, width, height, left: 54, right: width - 12, top: 10, bottom: height - 34 };
}

function empty(box, text) { make(box.svg, "text", { x: box.left, y: 40 }, text); }

// The group for the marks of settings, below one for the setting that is pointed at.
function layersOf(box, attributes = {}) {
  const area = make(box.svg, "g", { class: "area", ...attributes }), over = make(box.svg, "g", { class: "over", ...attributes });
  const marks = new Map();
  charts.set(box.figure, { marks, over });
  return (index, name, more) => {
    const mark = make(area, name, { ...more, class: `mark ${more.class ?? ""}` });
    if (!marks.has(index)) marks.set(index, []);
    marks.get(index).push(mark);
  };
}

function lineLook(group, width) {
  const dashes = group.dashes && group.dashes.split(" ").map(length => (length * width).toFixed(1)).join(" ");
  return { class: "line", stroke: group.color, "stroke-width": width, ...(dashes && { "stroke-dasharray": dashes }) };
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
function listen(box, points, describe) {
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
    if (point) { light(point.index); said.textContent = describe(point); } else rest();
  });
  box.svg.addEventListener("pointerleave", rest);
  box.svg.addEventListener("click", event => pin(find(event)?.index ?? null));
}
