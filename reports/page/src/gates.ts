// The gates table, with each interval drawn against its limit, and what the generator did to deserve being believed.

import type { Gate, Validity, Verdict } from "./data";
import { h, section, type Child } from "./dom";
import { grouped, quantity, rate, seconds, share } from "./format";
import { badge, name, outcomeClass, table } from "./table";

const room = 0.18; // of the span, left free at both ends of a bar

/** The interval as a bar, the value as a dot, the limit as a line, on a scale of their own. */
function intervalBar(gate: Gate): Child {
  const { value, limit, interval } = gate;
  if (value === null || limit === null) return null;
  const ends = interval ?? [value, value];
  const lowest = Math.min(value, limit, ...ends);
  const highest = Math.max(value, limit, ...ends);
  const span = highest - lowest || Math.abs(highest) || 1;
  const from = lowest >= 0 && lowest < span ? 0 : lowest - span * room;
  const to = highest + span * room;
  const percent = (x: number) => `${(((x - from) / (to - from)) * 100).toFixed(2)}%`;
  const good = gate.comparison.startsWith(">") ? `left:${percent(limit)};right:0` : `left:0;width:${percent(limit)}`;
  const width = `calc(max(3px, ${percent(from + ends[1] - ends[0])}))`;
  return h(
    "span",
    { class: `interval ${outcomeClass(gate.outcome)}`, "aria-hidden": "true" },
    h("span", { class: "allowed", style: good }),
    h("span", { class: "range", style: `left:${percent(ends[0])};width:${width}` }),
    h("span", { class: "value", style: `left:${percent(value)}` }),
    h("span", { class: "limit", style: `left:${percent(limit)}` }),
  );
}

function intervalText(gate: Gate): string {
  if (gate.interval === null) return "";
  return `${quantity(gate.interval[0], gate.unit)} … ${quantity(gate.interval[1], gate.unit)}`;
}

function row(gate: Gate): Child[] {
  const text = intervalText(gate);
  return [
    badge(gate.outcome),
    h("span", {}, name(gate.name), h("span", { class: "kind" }, gate.kind)),
    gate.during === "" ? h("span", { class: "quiet" }, "all judged time") : name(gate.during),
    h("strong", {}, quantity(gate.value, gate.unit)),
    gate.limit === null ? "" : `${gate.comparison} ${quantity(gate.limit, gate.unit)}`,
    h("span", { class: "interval-cell" }, intervalBar(gate), h("span", { class: "quiet" }, text)),
    gate.samples === 0 ? "" : grouped(gate.samples),
    gate.reason,
  ];
}

function intervalHead(gates: Gate[]): string {
  const known = new Set(gates.filter((gate) => gate.interval !== null).map((gate) => gate.confidence));
  return known.size === 1 ? `${share([...known][0]!)} interval and limit` : "Interval and limit";
}

export function gates(verdict: Verdict): HTMLElement {
  if (verdict.gates.length === 0) {
    return section("gates", "Gates", h("p", { class: "quiet" }, "The scenario has no gates: nothing was judged."));
  }
  const columns = [
    { head: "Outcome" },
    { head: "Gate" },
    { head: "Window" },
    { head: "Value", numeric: true },
    { head: "Limit", numeric: true },
    { head: intervalHead(verdict.gates) },
    { head: "Samples", numeric: true },
    { head: "Reason", wide: true },
  ];
  return section("gates", "Gates", table("Gates", columns, verdict.gates.map(row)), generator(verdict.validity));
}

/** The generator may not decide: whether it was fit to judge by, in one line. */
function generator(validity: Validity): HTMLElement {
  const facts: [string, string][] = [
    ["Offered", rate(validity.offered_per_s)],
    ["Achieved", rate(validity.achieved_per_s)],
    ["Lateness p99", seconds(validity.lateness_p99_s)],
    ["Dropped", grouped(validity.dropped_iterations)],
    ["CPU of its core", share(validity.generator_cpu)],
    ["Waited for a core", share(validity.run_queue_wait)],
  ];
  if (validity.tick_s) facts.push(["Tick", seconds(validity.tick_s)]);
  if (validity.machine_busy) facts.push(["Machine in use", share(validity.machine_busy)]);
  if (validity.machine_stolen) facts.push(["Machine given to others", share(validity.machine_stolen)]);
  const list = h("dl", { class: "facts" });
  for (const [label, value] of facts) list.append(h("div", {}, h("dt", {}, label), h("dd", {}, value)));
  return h(
    "div",
    { class: "generator" },
    h("h3", {}, "Load generator ", badge(validity.outcome)),
    list,
    ...validity.reasons.map((reason) => h("p", { class: "notice" }, reason)),
  );
}
