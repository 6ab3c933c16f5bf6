// Ties the pictures, the legend and the tables together.
function light(index) {
  if (index === lit) return;
  lit = index;
  for (const old of document.querySelectorAll("tr.on")) old.classList.remove("on");
  document.body.classList.toggle("dimmed", index !== null);
  for (const { marks, over } of charts.values()) over.replaceChildren(...(marks.get(index) ?? []).map(mark => mark.cloneNode()));
  if (index === null) return;
  rowsOf("settings")[index].classList.add("on");
  for (const place of settings[index].runs) rowsOf("runs")[place].classList.add("on");
  const setting = settings[index];
  said.textContent = `${setting.label}: ${chosen.metric} ${measured(setting)}` + (setting.state ? `, ${setting.state}` : "");
}

function rest() {
  light(pinned);
  if (pinned === null) said.textContent = said.dataset.rest;
}

function pin(index) {
  pinned = index === pinned ? null : index;
  rest();
}

const rowsOf = (() => {
  const found = new Map();
  return name => {
    if (!found.has(name)) found.set(name, [...document.querySelectorAll(`#${name} tbody tr`)].sort((a, b) => a.dataset.place - b.dataset.place));
    return found.get(name);
  };
})();

function sortBy(head) {
  const table = head.closest("table"), at = [...head.parentNode.children].indexOf(head), body = table.tBodies[0];
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of head.parentNode.children) other.setAttribute("aria-sort", other === head ? (up ? "ascending" : "descending") : "none");
  const worth = row => row.cells[at].dataset.value;
  body.append(...[...body.rows].sort((one, two) => {
    const a = worth(one), b = worth(two);
    if (a === "" || b === "") return (a === "") - (b === ""); // what is missing comes last, either way
    const order = Number.isFinite(+a) && Number.isFinite(+b) ? a - b : a.localeCompare(b);
    return up ? order : -order;
  }));
}

function drawLegend() {
  const buttons = groups.length < 2 ? [] : groups.map(group => {
    const button = document.createElement("button"), shown = !chosen.hidden.has(group.name);
    button.type = "button";
    button.setAttribute("aria-pressed", shown);
    button.title = "click: hide or show; double click: this one only";
    const svg = make(button, "svg", { viewBox: "0 0 26 10" });
    make(svg, "line", { ...lineLook(group, 2.2), x1: 0, x2: 26, y1: 5, y2: 5 });
    button.append(group.name === "" ? "(none)" : group.name);
    button.addEventListener("click", () => { if (!chosen.hidden.delete(group.name)) chosen.hidden.add(group.name); drawAll(); $("legend").children[groups.indexOf(group)].focus(); });
    button.addEventListener("dblclick", () => { chosen.hidden = new Set(groups.filter(other => other !== group).map(other => other.name)); drawAll(); });
    return button;
  });
  $("legend").replaceChildren(...buttons);
}

function drawAll() {
  drawLegend();
  objectiveChart();
  lossChart();
  scheduleCharts();
  for (const figure of document.querySelectorAll("figure[data-map]")) heatChart(figure, data.maps[+figure.dataset.map]);
  settings.forEach((setting, index) => {
    const row = rowsOf("settings")[index];
    row.hidden = !isShown(setting);
    row.querySelector(".swatch").style.background = setting.group.color;
    for (const place of setting.runs) {
      rowsOf("runs")[place].hidden = row.hidden;
      rowsOf("runs")[place].querySelector(".swatch").style.background = setting.group.color;
    }
  });
  if (pinned !== null && !isShown(settings[pinned])) pinned = null;
  lit = undefined;
  light(pinned);
}

function choice(id, options, start, change) {
  const box = $(id);
  for (const option of options) box.add(new Option(option === ALL ? "nothing" : option, option, option === start, option === start));
  box.closest("label").hidden = options.length < 2;
  box.addEventListener("change", () => { change(box.value); regroup(); drawAll(); });
}

const byKeys = [...data.keys, ...(data.sweeps.length ? ["sweep"] : [])];
choice("color", [...byKeys, ALL], chosen.color, value => { chosen.color = value; chosen.hidden.clear(); });
choice("metric", data.metrics, chosen.metric, value => { chosen.metric = value; });
choice("against", byKeys, chosen.against, value => { chosen.against = value; });
$("objective").hidden = !byKeys.length;
$("filter").closest("label").hidden = settings.length < 2;
$("bests").closest("label").hidden = settings.every(setting => setting.chosen) || !settings.some(setting => setting.chosen);
$("bests").checked = settings.length > FEW && settings.some(setting => setting.chosen);
$("filter").addEventListener("input", event => { chosen.filter = event.target.value; drawAll(); });
for (const id of ["log", "bests"]) $(id).addEventListener("change", drawAll);
for (const name of ["settings", "runs"]) rowsOf(name).forEach((row, place) => {
  const swatch = document.createElement("span"), index = name === "settings" ? place : runs[place].setting;
  swatch.className = "swatch";
  row.cells[0].prepend(swatch);
  row.addEventListener("pointerenter", () => light(index));
  row.addEventListener("pointerleave", rest);
  row.addEventListener("focus", () => light(index));
  row.addEventListener("click", () => pin(index));
  row.addEventListener("keydown", event => {
    const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (next) { event.preventDefault(); let other = row[next]; while (other?.hidden) other = other[next]; other?.focus(); }
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pin(index); }
  });
});
for (const table of document.querySelectorAll(".table")) table.addEventListener("keydown", event => {
  if (event.target === table && event.key === "ArrowDown") { event.preventDefault(); table.querySelector("tbody tr:not([hidden])")?.focus(); }
});
for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => sortBy(button.closest("th")));
for (const button of document.querySelectorAll(".copy")) button.addEventListener("click", async () => {
  const text = button.parentNode.querySelector("pre").textContent;
  try { await navigator.clipboard.writeText(text); button.textContent = "copied"; }
  catch { getSelection().selectAllChildren(button.parentNode.querySelector("pre")); button.textContent = "selected"; }
});
document.addEventListener("keydown", event => { if (event.key === "Escape") { pinned = null; rest(); } });
let waiting = 0;
window.addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(drawAll, 120); });
regroup();
drawAll();
document.body.dataset.ready = "true";
