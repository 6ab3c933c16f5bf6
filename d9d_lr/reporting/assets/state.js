"use strict";
// What is shown: the chosen colour key and metric, the filter, the groups that are hidden, the setting that is lit.
const data = JSON.parse(document.getElementById("data").textContent);
const { settings, runs } = data;
const $ = id => document.getElementById(id);
const said = $("said");
const ALL = "all";
const chosen = { color: data.scheduleKeys[0] ?? data.keys[0] ?? ALL, metric: data.objective, against: data.against, filter: "", hidden: new Set() };
let groups = [], pinned = null, lit = null;

function mean(values) { return values.reduce((sum, value) => sum + value, 0) / values.length; }

function deviation(values) {
  if (values.length < 2) return null;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

function valueOf(setting, key) {
  if (key === ALL) return ALL;
  return key === "sweep" ? setting.sweep : setting.values[data.keys.indexOf(key)];
}

// The groups of the legend, each with its look; numbers stand by size, words as they come.
function regroup() {
  const names = [...new Set(settings.map(setting => valueOf(setting, chosen.color)))];
  const numeric = names.every(name => name !== "" && Number.isFinite(+name));
  if (numeric) names.sort((a, b) => a - b);
  groups = names.map((name, place) => ({ name, color: data.colors[place % data.colors.length], dashes: data.dashes[place % data.dashes.length].join(" ") }));
  for (const setting of settings) {
    setting.group = groups[names.indexOf(valueOf(setting, chosen.color))];
    const found = setting.runs.map(place => runs[place].metrics[chosen.metric]).filter(value => value !== undefined);
    setting.mean = found.length ? mean(found) : null;
    setting.deviation = deviation(found);
    setting.count = found.length;
  }
}

function isShown(setting) {
  if (chosen.hidden.has(setting.group.name)) return false;
  const text = `${setting.label} ${setting.state}`.toLowerCase();
  return chosen.filter.toLowerCase().split(/\s+/).every(word => text.includes(word));
}

// Lower is better, but for what counts hits.
function isBetter(one, other) { return /accuracy|score|f1/.test(chosen.metric) ? one > other : one < other; }
