// The knee: what the system did at each rate that it was offered. From the steps of capacity searches where the run has
// them; else drawn from the run itself, when it offered clearly different rates.

import type { CapacitySearch, CapacityStep, ChartData, PageData } from "./data";
import { h, section } from "./dom";
import { Figure } from "./figure";
import { rate, seconds, share } from "./format";
import { table } from "./table";

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

function answer(search: CapacitySearch): string {
  const found = search.found;
  if (found === null) return "The search was not finished.";
  const held =
    found.holds > 0
      ? `The gates held at ${rate(found.holds)}${found.confirmed ? ", confirmed over a longer time" : ", which was not confirmed"}.`
      : "No rate held.";
  if (found.breaks === undefined) return `${held} No rate that was tried broke them: the capacity lies above.`;
  return found.generator_limit
    ? `${held} ${rate(found.breaks)} could not be decided: the capacity lies above ${rate(found.holds)}, how far is not known.`
    : `${held} They broke at ${rate(found.breaks)}: the capacity lies between the two.`;
}

/** One step a rate: of several, the last one, which is the confirmation. */
function curve(steps: CapacityStep[]): CapacityStep[] {
  return steps.filter((step, i) => steps[i + 1]?.rate !== step.rate);
}

function searched(search: CapacitySearch): HTMLElement {
  const steps = curve(search.steps);
  const common = { x: steps.map((step) => step.rate), xHead: "Offered", xText: rate };
  const values = (of: (step: CapacityStep) => number) => steps.map(of);
  const figures =
    steps.length < 2
      ? []
      : [
          new Figure({
            ...common,
            title: `Achieved against offered: ${search.block}`,
            note: "On the dashed line everything that was offered was done.",
            unit: "1/s",
            lines: [
              { label: "achieved", values: values((step) => step.achieved_per_s), colour: 0 },
              { label: "offered", values: common.x, colour: 6, dash: [4, 4], width: 1.25 },
            ],
          }),
          new Figure({
            ...common,
            title: `Response time against offered: ${search.block}`,
            note: "From the intended start. The knee is where it turns upward.",
            unit: "s",
            logarithmic: true,
            lines: [
              { label: "p50", values: values((step) => step.p50_s), colour: 0 },
              { label: "p99", values: values((step) => step.p99_s), colour: 1 },
            ],
          }),
        ];
  const rows = search.steps.map((step) => [
    rate(step.rate),
    step.confirming ? `${step.outcome} (confirming)` : step.outcome,
    rate(step.achieved_per_s),
    seconds(step.p50_s),
    seconds(step.p99_s),
    share(step.errors),
    seconds(step.lateness_p99_s),
    `${step.from} to ${step.to} s`,
    step.reason,
  ]);
  return h(
    "div",
    {},
    h("p", { class: "lead" }, `${search.block}: ${answer(search)}`),
    figures.length > 0 ? h("div", { class: "charts two" }, ...figures.map((figure) => figure.element)) : null,
    table(
      `Rates that the search of ${search.block} tried`,
      [
        { head: "Offered", numeric: true },
        { head: "Gates" },
        { head: "Achieved", numeric: true },
        { head: "p50", numeric: true },
        { head: "p99", numeric: true },
        { head: "Failed", numeric: true },
        { head: "Lateness p99", numeric: true },
        { head: "Judged" },
        { head: "Reason", wide: true },
      ],
      rows,
    ),
  );
}

export function capacity(data: PageData): HTMLElement | null {
  if (data.searches.length > 0) return section("capacity", "Capacity", ...data.searches.map(searched));
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
