// Two or more runs over each other: their gates with the differences to the first, and their lines on one axis.

import type { CompareData, Gate, PageData, Step } from "./data";
import { h, section, type Child } from "./dom";
import { Figure, type FigureLine } from "./figure";
import { moment, quantity, seconds } from "./format";
import { badge, name, table, type Column } from "./table";

type Maybe = number | null;

function gateId(gate: Gate): string {
  return `${gate.name}\u0000${gate.during}`;
}

/**
 * The difference of two independent estimates with an interval, from the interval of each (Zou and Donner 2008, "MOVER").
 * It says what sampling within the runs leaves open; it knows nothing of how runs differ from one another.
 */
export function difference(base: Gate, candidate: Gate): { by: number; low: Maybe; high: Maybe } | null {
  if (base.value === null || candidate.value === null) return null;
  const by = candidate.value - base.value;
  if (base.interval === null || candidate.interval === null) return { by, low: null, high: null };
  const [baseLow, baseHigh] = base.interval;
  const [low, high] = candidate.interval;
  return {
    by,
    low: by - Math.hypot(candidate.value - low, baseHigh - base.value),
    high: by + Math.hypot(high - candidate.value, base.value - baseLow),
  };
}

function signed(value: number, unit: string): string {
  return (value > 0 ? "+" : value < 0 ? "−" : "±") + quantity(Math.abs(value), unit);
}

function differenceCell(base: Gate | undefined, candidate: Gate | undefined): Child {
  if (base === undefined || candidate === undefined) return h("span", { class: "quiet" }, "not in both");
  const found = difference(base, candidate);
  if (found === null) return "–";
  const percent = base.value ? ` (${found.by >= 0 ? "+" : "−"}${Math.abs((found.by / base.value) * 100).toFixed(1)}%)` : "";
  const worse = candidate.comparison.startsWith(">") ? found.high !== null && found.high < 0 : found.low !== null && found.low > 0;
  const better = candidate.comparison.startsWith(">") ? found.low !== null && found.low > 0 : found.high !== null && found.high < 0;
  const verdict = worse ? "worse" : better ? "better" : "no clear difference";
  const interval = found.low === null || found.high === null ? "" : `${signed(found.low, candidate.unit)} … ${signed(found.high, candidate.unit)}`;
  return h(
    "span",
    { class: `difference ${worse ? "worse" : better ? "better" : ""}` },
    h("strong", {}, `${worse ? "▲ " : better ? "▼ " : ""}${signed(found.by, candidate.unit)}${percent}`),
    h("span", { class: "kind" }, interval === "" ? "no interval" : `${interval} · ${verdict}`),
  );
}

function valueCell(gate: Gate | undefined): Child {
  if (gate === undefined) return "–";
  return h("span", {}, badge(gate.outcome), " ", h("strong", {}, quantity(gate.value, gate.unit)));
}

function gates(data: CompareData): HTMLElement {
  const all = data.runs.map((run) => new Map((run.data.verdict?.gates ?? []).map((gate) => [gateId(gate), gate])));
  const ids = [...new Set(all.flatMap((one) => [...one.keys()]))];
  const heads: Column[] = [{ head: "Gate" }, { head: "Window" }];
  data.runs.forEach((run, i) => {
    heads.push({ head: run.label });
    if (i > 0) heads.push({ head: `Difference of ${run.label}` });
  });
  const rows = ids.map((id) => {
    const first = all.find((one) => one.has(id))!.get(id)!;
    const cells: Child[] = [name(first.name), first.during === "" ? h("span", { class: "quiet" }, "all judged time") : name(first.during)];
    all.forEach((gatesOf, i) => {
      cells.push(valueCell(gatesOf.get(id)));
      if (i > 0) cells.push(differenceCell(all[0]!.get(id), gatesOf.get(id)));
    });
    return cells;
  });
  const note = h(
    "p",
    { class: "lead" },
    "Differences against the first run, with an interval from the two gates' own (95 %). They tell what sampling within these runs leaves open; whether runs of one version differ by as much among themselves is for ",
    h("code", {}, "tidegate compare"),
    " and its stored noise to say.",
  );
  return section("gates", "Gates of each run", note, table("Gates of each run", heads, rows));
}

function steps(data: CompareData): HTMLElement | null {
  const names = [...new Set(data.runs.flatMap((run) => run.data.steps.map((step) => step.name)))];
  if (names.length === 0) return null;
  const heads: Column[] = [{ head: "Request or poll" }];
  for (const run of data.runs) {
    for (const what of ["p50", "p99"]) heads.push({ head: `${what} ${run.label}`, numeric: true });
  }
  const time = (value: Maybe | undefined) => (value === null || value === undefined ? "–" : seconds(value));
  const rows = names.map((step) => [
    name(step),
    ...data.runs.flatMap((run) => {
      const found: Step | undefined = run.data.steps.find((one) => one.name === step);
      return [time(found?.response.p50), time(found?.response.p99)];
    }),
  ]);
  return section("requests", "Requests of each run", table("Requests of each run", heads, rows));
}

/** Every run's values at the times of all runs. */
function onOneAxis(runs: PageData[]): { x: number[]; at: (run: PageData, values: Maybe[]) => Maybe[] } {
  const x = [...new Set(runs.flatMap((run) => run.time))].sort((a, b) => a - b);
  const at = (run: PageData, values: Maybe[]) => {
    const known = new Map(run.time.map((time, i) => [time, values[i] ?? null]));
    return x.map((time) => known.get(time) ?? null);
  };
  return { x, at };
}

function charts(data: CompareData): HTMLElement {
  const runs = data.runs.map((run) => run.data);
  const { x, at } = onOneAxis(runs);
  const span = (x[x.length - 1] ?? 0) - (x[0] ?? 0);
  const wanted = new Map<string, { title: string; unit: string; label: string }>();
  for (const run of runs) {
    for (const chart of run.charts) {
      const label = chart.id === "rate" ? "achieved" : chart.id.startsWith("latency:") ? "p99" : null;
      if (label !== null && !wanted.has(chart.id)) wanted.set(chart.id, { title: chart.title, unit: chart.unit, label });
    }
  }
  const figures = [...wanted].map(([id, chart]) => {
    const lines: FigureLine[] = data.runs.flatMap((run, i) => {
      const values = run.data.charts.find((one) => one.id === id)?.lines.find((line) => line.label === chart.label)?.values;
      return values === undefined ? [] : [{ label: run.label, values: at(run.data, values), colour: i, ...(i % 2 ? { dash: [6, 3] } : {}) }];
    });
    return new Figure({
      title: `${chart.title}, ${chart.label}`,
      note: "Each run on its own clock; zero is the start of load.",
      x,
      xHead: "Run clock",
      xText: (time) => moment(time, span),
      unit: chart.unit,
      lines,
    }).element;
  });
  return section("timeline", "Over each other", h("div", { class: "charts" }, ...figures));
}

export function comparePage(data: CompareData): Child[] {
  const first = data.runs[0]?.data.run;
  const cards = data.runs.map((run) => {
    const verdict = run.data.verdict;
    return h(
      "li",
      {},
      badge(verdict?.verdict ?? "NO VERDICT"),
      h("strong", {}, name(run.label)),
      h("span", { class: "quiet" }, name(run.data.run.started_at), " · seed ", name(run.data.run.seed), " · tidegate ", run.data.run.version),
      ...(verdict?.reasons ?? []).slice(0, 3).map((reason) => h("span", { class: "reason" }, reason)),
    );
  });
  return [
    h(
      "header",
      { class: "verdict is-not-judged" },
      h("h1", {}, "Comparison: ", name(first?.title || first?.name || "")),
      ...data.notices.map((notice) => h("p", { class: "notice" }, notice)),
      h("ul", { class: "cards" }, ...cards),
    ),
    gates(data),
    charts(data),
    steps(data),
  ];
}
