// The pictures: the objective against a key, losses as bands over seeds, schedules as saved, maps of two keys.
const FEW = 12; // settings, up to which all of them are drawn at first
const MANY = 40; // settings, from which on bands are drawn for the best setting of each schedule only
const LATE = 0.4; // of the steps, from which on every loss is in sight

function shownSettings() { return settings.map((setting, index) => ({ setting, index })).filter(one => isShown(one.setting)); }

function drawnSettings() {
  const shown = shownSettings(), bests = shown.filter(one => one.setting.chosen);
  return $("bests").checked && bests.length ? bests : shown;
}

// Of each group and each value of the key the best setting: one line for each group, with the deviation over seeds.
function objectiveChart() {
  const figure = $("objective"), key = chosen.against;
  if (figure.hidden) return;
  const box = frame(figure, figure.clientWidth < 500 ? 260 : 320);
  figure.querySelector("span").textContent = `${chosen.metric}, other keys at their best; bars: deviation over seeds`;
  const found = new Map();
  for (const { setting, index } of shownSettings()) {
    if (setting.mean === null || setting.diverged) continue;
    const place = `${setting.group.name}\n${valueOf(setting, key)}\n${setting.comparison}`;
    if (!found.has(place) || isBetter(setting.mean, found.get(place).setting.mean)) found.set(place, { setting, index, text: valueOf(setting, key) });
  }
  const points = [...found.values()];
  if (!points.length) return empty(box, "no run has completed yet");
  const numeric = points.every(point => point.text.trim() !== "" && Number.isFinite(+point.text));
  const names = [...new Set(points.map(point => point.text))].sort((a, b) => numeric ? a - b : data.keys.includes(key) ? data.values[data.keys.indexOf(key)].indexOf(a) - data.values[data.keys.indexOf(key)].indexOf(b) : 0);
  const from = +names[0], to = +names[names.length - 1], log = numeric && from > 0 && (to / from >= 10 || key === "optimizer.lr" && to > from);
  const room = (box.right - box.left) / (names.length + 1), wide = Math.max(3, Math.floor(room / 6.5));
  const x = numeric ? scaleOf(from, to, box.left + 22, box.right - 22, log) : text => box.left + room * (names.indexOf(text) + 1);
  const at = point => x(numeric ? +point.text : point.text);
  const ends = points.flatMap(({ setting }) => [setting.mean - (setting.deviation ?? 0), setting.mean + (setting.deviation ?? 0)]);
  const all = points.map(point => point.setting.mean), best = least(all), usual = quantile(all, 0.8);
  const top = most(ends) > best + 4 * (usual - best) && usual > best ? best + 2.5 * (usual - best) : most(ends);
  const low = Math.min(least(ends), best), y = scaleOf(low, top > low ? top : low + 1, box.bottom - 8, box.top + 6, false);
  const few = numeric && names.length <= 7 ? names.map(name => [x(+name), name]) : undefined;
  const apart = few?.every((tick, i) => i === 0 || tick[0] - few[i - 1][0] > 8 + 6.5 * tick[1].length);
  const cut = most(ends) > top ? `; values above ${short(top)} lie outside` : "";
  axes(box, x, y, `${key}${log ? " (log)" : ""}${cut}`, numeric ? (apart ? few : undefined) : names.map(name => [x(name), name.length > wide ? name.slice(0, wide - 1) + "…" : name]));
  const mark = layersOf(box, clipOf(box));
  for (const group of groups) {
    for (const comparison of new Set(points.map(point => point.setting.comparison))) {
      const own = points.filter(point => point.setting.group === group && point.setting.comparison === comparison).sort((a, b) => at(a) - at(b));
      if (numeric && own.length > 1) mark(-1, "path", { ...lineLook(group, 1.8), d: pathOf(own.map(point => [at(point), y(point.setting.mean)])) });
    }
  }
  const shift = new Map(groups.map((group, i) => [group, numeric ? 0 : (i - (groups.length - 1) / 2) * Math.min(9, room / (groups.length + 1))]));
  for (const point of points) {
    point.x = at(point) + shift.get(point.setting.group);
    point.y = y(point.setting.mean);
    const spread = point.setting.deviation;
    if (spread !== null) mark(point.index, "path", { stroke: point.setting.group.color, "stroke-width": 1.4, d: `M${point.x} ${y(point.setting.mean - spread)}V${y(point.setting.mean + spread)}m-4 0h8M${point.x - 4} ${y(point.setting.mean - spread)}h8` });
    mark(point.index, "circle", { class: "dot", cx: point.x, cy: point.y, r: 4, style: `fill:${point.setting.group.color}` });
  }
  listen(box, points, point => `${point.setting.label}: ${chosen.metric} ${measured(point.setting)}`);
}

function pathOf(places) { return "M" + places.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L"); }

function clipOf(box) {
  const clip = make(box.svg, "clipPath", { id: `clip-${box.figure.id}` });
  make(clip, "rect", { x: box.left - 5, y: box.top - 5, width: box.right - box.left + 10, height: box.bottom - box.top + 6 });
  return { "clip-path": `url(#${clip.id})` };
}

// The mean over seeds at each step, with the lowest and the highest.
function bandOf(setting, field) {
  const at = new Map();
  for (const place of setting.runs) {
    const [steps, values] = runs[place][field];
    steps.forEach((step, i) => { if (!at.has(step)) at.set(step, []); at.get(step).push(values[i]); });
  }
  const full = most([...at.values()].map(values => values.length));
  return [...at].filter(([, values]) => values.length === full || setting.runs.length > full).sort((a, b) => a[0] - b[0])
    .map(([step, values]) => ({ step, value: mean(values), low: least(values), high: most(values) }));
}

function curveChart(figure, layers, chosenOnes) {
  const box = frame(figure, figure.clientWidth < 500 ? 250 : 320);
  const curves = layers.flatMap(layer => chosenOnes.map(one => ({ layer, ...one, points: layer.curve(one.setting) }))).filter(curve => curve.points.length);
  const all = curves.flatMap(curve => curve.points.map(point => point.value));
  if (!all.length) return empty(box, "nothing was logged");
  const positive = all.filter(value => value > 0), log = figure.querySelector("#log")?.checked && positive.length > 0;
  const last = most(curves.map(curve => curve.points[curve.points.length - 1].step)) || 1;
  // The first steps, or one run that diverged, must not flatten the others; the logarithmic scale shows it all.
  const later = curves.flatMap(curve => curve.points.filter(point => point.step >= LATE * last).map(point => point.high ?? point.value));
  const usual = quantile(later, 0.97), highest = most(all), lowest = least(all);
  const top = chosenOnes.length > 1 && !log && !layers[0].fromZero && later.length && highest > 1.2 * usual && usual > 0 ? 1.1 * usual : highest;
  const bottom = log ? least(positive) : layers[0].fromZero ? Math.min(0, lowest) : lowest;
  const x = scaleOf(0, last, box.left, box.right, false);
  const y = scaleOf(bottom, top > bottom ? top : bottom + 1, box.bottom, box.top + 8, log), heightOf = value => y(log && value <= 0 ? bottom : value);
  axes(box, x, y, top < highest ? `step (values above ${short(top)} lie outside; see the log scale)` : "step");
  const mark = layersOf(box, clipOf(box)), points = [];
  const bands = chosenOnes.length <= MANY, dots = curves.reduce((sum, curve) => sum + (curve.layer.dots ? curve.points.length : 0), 0) <= 1500;
  for (const curve of curves.reverse()) { // the best setting last, on top
    const { group, runs: own } = curve.setting, seen = curve.points.map(point => ({ ...point, index: curve.index, layer: curve.layer, x: x(point.step), y: heightOf(point.value) }));
    if (curve.layer.band && own.length > 1 && (bands || curve.setting.chosen)) mark(curve.index, "path", { style: `fill:${group.color}`, "fill-opacity": 0.16, class: "band",
      d: pathOf([...seen.map(point => [point.x, heightOf(point.high)]), ...seen.map(point => [point.x, heightOf(point.low)]).reverse()]) + "Z" });
    mark(curve.index, "path", { ...lineLook(group, curve.layer.width), "stroke-opacity": curve.layer.opacity * (bands || curve.setting.chosen ? 1 : 0.45), d: pathOf(seen.map(point => [point.x, point.y])) });
    if (curve.layer.dots && dots) for (const point of seen) mark(curve.index, "circle", { class: "dot", cx: point.x.toFixed(1), cy: point.y.toFixed(1), r: 2.6, style: `fill:${group.color}` });
    for (const point of seen) if (point.y >= box.top - 5) points.push(point);
  }
  listen(box, points, point => `${settings[point.index].label}: ${point.layer.name} ${short(point.value)} at step ${point.step}`);
}

function lossChart() {
  curveChart($("losses"), [
    { name: "validation loss", width: 1.8, opacity: 1, dots: true, band: true, curve: setting => bandOf(setting, "val") },
    { name: "training loss", width: 0.9, opacity: 0.45, curve: setting => bandOf(setting, "train") },
  ], drawnSettings());
}

// Each schedule once, however many settings share it; a figure for whatever else is scheduled.
function scheduleCharts() {
  scheduleChart($("schedules"), "learning rate", setting => setting.lr);
  data.scheduled.forEach((name, i) => scheduleChart($(`scheduled-${i}`), name, setting => setting.others?.[name] ?? [[], []]));
}

function scheduleChart(figure, name, drawn) {
  const seen = new Set();
  const once = drawnSettings().filter(({ setting }) => {
    const text = `${setting.group.name} ${JSON.stringify(drawn(setting))}`;
    return seen.has(text) ? false : seen.add(text);
  });
  const curve = setting => drawn(setting)[0].map((step, i) => ({ step, value: drawn(setting)[1][i] }));
  curveChart(figure, [{ name, width: 1.7, opacity: 0.95, fromZero: true, curve }], once);
}

function heatChart(figure, map) {
  const widest = Math.max(...map.rows.map(row => row.length)), probe = frame(figure, 10), left = Math.min(probe.width * 0.4, 16 + 6.6 * widest);
  const tall = Math.max(26, Math.min(46, 320 / map.rows.length)), box = frame(figure, 44 + tall * map.rows.length);
  const wide = (box.width - left - 4) / map.columns.length, room = text => Math.max(2, Math.floor(text / 6.6));
  const cut = (text, space) => text.length > room(space) ? text.slice(0, room(space) - 1) + "…" : text;
  const worths = map.cells.flat().map(([value]) => value).filter(value => value !== null), low = least(worths), high = quantile(worths, 0.95);
  map.rows.forEach((row, r) => {
    make(box.svg, "text", { x: left - 6, y: 4 + tall * (r + 0.5) + 4, "text-anchor": "end" }, cut(row, left));
    map.columns.forEach((column, c) => {
      const [value, count] = map.cells[r][c], dark = value === null ? 0 : 1 - Math.min(1, high > low ? (value - low) / (high - low) : 0);
      const cell = make(box.svg, "rect", { x: left + wide * c + 1, y: 5 + tall * r, width: Math.max(1, wide - 2), height: tall - 2, rx: 4,
        style: value === null ? "fill:var(--line)" : `fill:color-mix(in oklab, #0072b2 ${Math.round(15 + 75 * dark)}%, #ffffff)` });
      if (value === null) make(box.svg, "text", { x: left + wide * (c + 0.5), y: 4 + tall * (r + 0.5) + 4, "text-anchor": "middle" }, "–");
      else if (wide > 44) make(box.svg, "text", { x: left + wide * (c + 0.5), y: 4 + tall * (r + 0.5) + 4, "text-anchor": "middle", style: `fill:${dark > 0.55 ? "#ffffff" : "#10151d"};font-weight:600;pointer-events:none` }, short(value));
      cell.addEventListener("pointerenter", () => { said.textContent = `${map.down}=${row}, ${map.across}=${column}: ` + (value === null ? "no setting whose seeds all completed" : `${data.objective} ${short(value)}` + (count > 1 ? `, the best of ${count} settings` : "")); });
    });
  });
  map.columns.forEach((column, c) => make(box.svg, "text", { x: left + wide * (c + 0.5), y: 18 + tall * map.rows.length, "text-anchor": "middle" }, cut(column, wide)));
  make(box.svg, "text", { x: left + (box.width - left) / 2, y: 36 + tall * map.rows.length, "text-anchor": "middle" }, `${map.across} across, ${map.down} down; dark is low`);
}
