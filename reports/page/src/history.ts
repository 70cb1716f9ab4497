// Many runs of one scenario, oldest first: the trend of each gate, and where it changed.

import type { HistoryData, Outcome, Trend } from "./data";
import { h, section, type Child } from "./dom";
import { Figure } from "./figure";
import { quantity } from "./format";
import { badge, name, outcomeClass, table } from "./table";
import { lineColour, theme } from "./theme";

function changeText(data: HistoryData, trend: Trend): HTMLElement | null {
  if (trend.changes.length === 0) return null;
  const items = trend.changes.map((change) => {
    const run = data.runs[trend.points[change.at]!.run]!;
    const percent = change.before === 0 ? "" : ` (${change.after > change.before ? "+" : ""}${(((change.after - change.before) / Math.abs(change.before)) * 100).toFixed(1)} %)`;
    return h(
      "li",
      {},
      "changed at ",
      name(run.started_at || run.directory),
      ` (tidegate ${run.version}): ${quantity(change.before, trend.unit)} before, ${quantity(change.after, trend.unit)} since${percent}, p = ${change.p.toFixed(3)}`,
    );
  });
  return h("ul", { class: "changes" }, ...items);
}

function strip(data: HistoryData, trend: Trend): HTMLElement {
  const cells = trend.points.map((point) => {
    const run = data.runs[point.run]!;
    const cell = h("span", { class: `cell ${outcomeClass(point.outcome)}` });
    cell.title = `${run.started_at}: ${point.outcome}`;
    return cell;
  });
  const counts = new Map<Outcome, number>();
  for (const point of trend.points) counts.set(point.outcome, (counts.get(point.outcome) ?? 0) + 1);
  const said = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
  return h("div", { class: "outcomes" }, h("span", { class: "cells", role: "img", "aria-label": said }, ...cells), h("span", { class: "quiet" }, said));
}

function trendTable(data: HistoryData, trend: Trend): HTMLElement {
  const changed = new Set(trend.changes.map((change) => change.at));
  const rows = trend.points.map((point, i) => {
    const run = data.runs[point.run]!;
    return [
      name(run.started_at || "–"),
      badge(point.outcome),
      quantity(point.value, trend.unit),
      point.interval === null ? "" : `${quantity(point.interval[0], trend.unit)} … ${quantity(point.interval[1], trend.unit)}`,
      quantity(point.limit, trend.unit),
      changed.has(i) ? "change" : "",
      name(run.directory),
    ];
  });
  const heads = [
    { head: "Started" },
    { head: "Outcome" },
    { head: "Value", numeric: true },
    { head: "Interval", numeric: true },
    { head: "Limit", numeric: true },
    { head: "Change" },
    { head: "Run directory" },
  ];
  return table(`${trend.name} over the runs`, heads, rows);
}

function figure(data: HistoryData, trend: Trend): HTMLElement {
  const runOf = (x: number) => data.runs[trend.points[Math.round(x)]?.run ?? -1];
  const low = trend.points.map((point) => point.interval?.[0] ?? null);
  const high = trend.points.map((point) => point.interval?.[1] ?? null);
  const one = new Figure({
    title: trend.during === "" ? trend.name : `${trend.name} · ${trend.during}`,
    note: h("span", {}, "The value of each run, oldest first, with its interval; the dashed line is the limit, a vertical line a change point."),
    x: trend.points.map((_point, i) => i),
    xHead: "Run",
    xText: (x) => (Number.isInteger(x) ? (runOf(x)?.started_at.slice(0, 10) ?? "") : ""),
    unit: trend.unit,
    lines: [
      { label: "value", values: trend.points.map((point) => point.value), colour: 0 },
      { label: "limit", values: trend.points.map((point) => point.limit), colour: 6, dash: [5, 4], width: 1.5 },
    ],
    table: trendTable(data, trend),
    paint: (plot) => {
      const { ctx } = plot;
      ctx.save();
      ctx.fillStyle = lineColour(0);
      ctx.globalAlpha = 0.25;
      low.forEach((from, i) => {
        const to = high[i];
        if (from === null || to === null || to === undefined) return;
        const x = plot.valToPos(i, "x", true);
        const y = plot.valToPos(to, "y", true);
        ctx.fillRect(x - 3, y, 6, Math.max(1, plot.valToPos(from, "y", true) - y));
      });
      ctx.globalAlpha = 1;
      ctx.strokeStyle = theme().mark;
      ctx.lineWidth = 1.5 * (devicePixelRatio || 1);
      for (const change of trend.changes) {
        const x = Math.round(plot.valToPos(change.at - 0.5, "x", true));
        ctx.beginPath();
        ctx.moveTo(x, plot.bbox.top);
        ctx.lineTo(x, plot.bbox.top + plot.bbox.height);
        ctx.stroke();
      }
      ctx.restore();
    },
  });
  return h("div", { class: "trend" }, one.element, strip(data, trend), changeText(data, trend));
}

function runTable(data: HistoryData): HTMLElement {
  const rows = [...data.runs].reverse().map((run) => [
    name(run.started_at || "–"),
    badge(run.verdict),
    name(run.version),
    name(run.seed),
    name(run.machine),
    h("span", {}, ...run.reasons.slice(0, 2).map((reason) => h("span", { class: "reason" }, reason))),
    name(run.directory),
  ]);
  const heads = [
    { head: "Started" },
    { head: "Verdict" },
    { head: "Tidegate" },
    { head: "Seed" },
    { head: "Machine" },
    { head: "Reasons", wide: true },
    { head: "Run directory" },
  ];
  return section("runs", "Runs, newest first", table("Runs", heads, rows));
}

function changeList(data: HistoryData): HTMLElement {
  const changed = data.trends.filter((trend) => trend.changes.length > 0);
  if (changed.length === 0) return h("p", { class: "counts" }, "No gate has a change point.");
  const items = changed.map((trend) => h("li", {}, name(trend.name), trend.during === "" ? "" : h("span", {}, " during ", name(trend.during)), changeText(data, trend)));
  return h("ul", { class: "reasons" }, ...items);
}

export function historyPage(data: HistoryData): Child[] {
  const last = data.runs[data.runs.length - 1];
  const word = last?.verdict ?? "NO VERDICT";
  const cells = data.runs.map((run) => {
    const cell = h("span", { class: `cell ${outcomeClass(run.verdict)}` });
    cell.title = `${run.started_at}: ${run.verdict}`;
    return cell;
  });
  return [
    h(
      "header",
      { class: `verdict ${outcomeClass(word)}` },
      h("div", { class: "verdict-line" }, badge(word, true), h("div", {}, h("h1", {}, name(last?.name ?? "no runs"), ": history"), h("p", { class: "counts" }, `${data.runs.length} runs; the badge is the newest`))),
      ...data.notices.map((notice) => h("p", { class: "notice" }, notice)),
      h("div", { class: "outcomes" }, h("span", { class: "cells", role: "img", "aria-label": "Verdicts, oldest first" }, ...cells)),
      changeList(data),
    ),
    section("trends", "Gates over time", h("div", { class: "charts two" }, ...data.trends.map((trend) => figure(data, trend)))),
    runTable(data),
  ];
}
