// The knee: what the system did at each rate that it was offered. A capacity search measured it step by step; another run
// that offered clearly different rates is gathered by them.

import type { CapacityEntry, ChartData, PageData } from "./data";
import { h, section, type Child } from "./dom";
import { Figure } from "./figure";
import { quantity, rate } from "./format";
import { name, table } from "./table";

const steps = 24;
type Maybe = number | null;

function line(chart: ChartData | undefined, label: string): Maybe[] | undefined {
  return chart?.lines.find((one) => one.label === label)?.values;
}

function median(values: number[]): Maybe {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

interface Knee {
  rates: number[];
  achieved: Maybe[];
  latencies: { label: string; values: Maybe[] }[];
}

/** Points of the timeline gathered by their offered rate; of each gathering the median. */
function knee(data: PageData): Knee | null {
  const chart = data.charts.find((one) => one.id === "rate");
  const offered = line(chart, "offered");
  const achieved = line(chart, "achieved");
  if (offered === undefined || achieved === undefined) return null;
  const known = offered.filter((value): value is number => value !== null && value > 0);
  const greatest = Math.max(0, ...known);
  const width = greatest / steps;
  const bins = new Map<number, number[]>();
  offered.forEach((value, i) => {
    if (value === null || value <= 0) return;
    const bin = Math.min(steps - 1, Math.floor(value / width));
    bins.set(bin, [...(bins.get(bin) ?? []), i]);
  });
  // A plateau and its noise are no curve.
  if (bins.size < 5) return null;
  const order = [...bins.keys()].sort((a, b) => a - b);
  const gathered = (values: Maybe[]) =>
    order.map((bin) => median(bins.get(bin)!.map((i) => values[i] ?? null).filter((v): v is number => v !== null)));
  const latencies = data.charts
    .filter((one) => one.id.startsWith("latency:"))
    .slice(0, 4)
    .flatMap((one) => {
      const p99 = line(one, "p99");
      return p99 === undefined ? [] : [{ label: one.id.slice("latency:".length), values: gathered(p99) }];
    });
  return { rates: gathered(offered).map((value) => value ?? 0), achieved: gathered(achieved), latencies };
}

function throughputOf(rates: number[], achieved: Maybe[]): HTMLElement {
  return new Figure({
    x: rates,
    xHead: "Offered",
    xText: rate,
    title: "Achieved against offered",
    note: "On the dashed line everything that was offered was done. Where the points leave it, the system has reached its capacity.",
    unit: "1/s",
    lines: [
      { label: "achieved", values: achieved, colour: 0 },
      { label: "offered", values: rates, colour: 6, dash: [4, 4], width: 1.25 },
    ],
  }).element;
}

function latencyOf(title: string, rates: number[], lines: { label: string; values: Maybe[] }[]): HTMLElement {
  return new Figure({
    x: rates,
    xHead: "Offered",
    xText: rate,
    title,
    note: "Response time from the intended start. The knee is where it turns upward.",
    unit: "s",
    logarithmic: true,
    lines: lines.map((one, i) => ({ label: one.label, values: one.values, colour: i })),
  }).element;
}

function answer(found: CapacityEntry | undefined): Child {
  if (found === undefined) return "The search did not come to an end.";
  const holds = found.holds === undefined || found.holds <= 0 ? "no rate" : rate(found.holds);
  const breaks = found.breaks === undefined ? "; none broke" : `; ${found.generator_limit === true ? "undecided" : "broke"} at ${rate(found.breaks)}`;
  return h("span", {}, h("strong", {}, `Holds: ${holds}`), found.confirmed === true ? ", confirmed" : ", not confirmed", breaks);
}

/** One block's search: each step as it was measured, by rate. */
function search(block: string, entries: CapacityEntry[]): HTMLElement {
  const measured = entries.filter((one) => one.rate !== undefined);
  const byRate = [...measured].sort((a, b) => a.rate! - b.rate!).filter((one, i, all) => all[i + 1]?.rate !== one.rate);
  const rates = byRate.map((one) => one.rate!);
  const column = (key: "achieved_per_s" | "p50_s" | "p99_s") => byRate.map((one) => one[key] ?? null);
  const heads = [
    { head: "Offered", numeric: true },
    { head: "Achieved", numeric: true },
    { head: "p50", numeric: true },
    { head: "p99", numeric: true },
    { head: "Errors", numeric: true },
    { head: "Step" },
    { head: "Why", wide: true },
  ];
  const rows = measured.map((one) => [
    rate(one.rate!),
    quantity(one.achieved_per_s ?? null, "1/s"),
    quantity(one.p50_s ?? null, "s"),
    quantity(one.p99_s ?? null, "s"),
    quantity(one.errors ?? null, "share"),
    `${one.outcome ?? ""}${one.confirming === true ? ", confirming" : ""}`,
    one.reason ?? "",
  ]);
  const percentiles = [
    { label: "p50", values: column("p50_s") },
    { label: "p99", values: column("p99_s") },
  ];
  return h(
    "div",
    {},
    h("p", { class: "lead" }, name(block), " · ", answer(entries.find((one) => one.holds !== undefined))),
    rates.length < 2 ? null : h("div", { class: "charts two" }, throughputOf(rates, column("achieved_per_s")), latencyOf("Response time against offered", rates, percentiles)),
    table(`Steps of the capacity search of ${block}`, heads, rows),
  );
}

export function capacity(data: PageData): HTMLElement | null {
  if (data.capacity.length > 0) {
    const blocks = [...new Set(data.capacity.map((one) => one.block ?? ""))];
    const searches = blocks.map((block) => search(block, data.capacity.filter((one) => (one.block ?? "") === block)));
    return section("capacity", "Capacity", ...searches);
  }
  const found = knee(data);
  if (found === null) return null;
  return section(
    "capacity",
    "Capacity",
    h("p", { class: "lead" }, "Seconds of the run gathered by the rate that they were offered; the median of each gathering."),
    h("div", { class: "charts two" }, throughputOf(found.rates, found.achieved), latencyOf("p99 against offered", found.rates, found.latencies)),
  );
}
