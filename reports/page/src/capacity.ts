// The knee: what the system did at each rate that it was offered. Drawn when the run offered clearly different rates.

import type { ChartData, PageData } from "./data";
import { h, section } from "./dom";
import { Figure } from "./figure";
import { rate } from "./format";

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

export function capacity(data: PageData): HTMLElement | null {
  const found = knee(data);
  if (found === null) return null;
  const common = { x: found.rates, xHead: "Offered", xText: rate };
  const throughput = new Figure({
    ...common,
    title: "Achieved against offered",
    note: "On the dashed line everything that was offered was done. Where the points leave it, the system has reached its capacity.",
    unit: "1/s",
    lines: [
      { label: "achieved", values: found.achieved, colour: 0 },
      { label: "offered", values: found.rates, colour: 6, dash: [4, 4], width: 1.25 },
    ],
  });
  const latency = new Figure({
    ...common,
    title: "p99 against offered",
    note: "Response time from the intended start. The knee is where it turns upward.",
    unit: "s",
    logarithmic: true,
    lines: found.latencies.map((one, i) => ({ label: one.label, values: one.values, colour: i })),
  });
  return section(
    "capacity",
    "Capacity",
    h("p", { class: "lead" }, "Seconds of the run gathered by the rate that they were offered; the median of each gathering."),
    h("div", { class: "charts two" }, throughput.element, latency.element),
  );
}
