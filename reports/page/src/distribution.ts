// How response times are distributed: percentile curves as HdrHistogram draws them, measured from the intended start
// and, beside it, from the actual send. Where the two part, requests waited in the generator, and only the first is
// what a customer would have seen.

import type { Curve, PageData, Step } from "./data";
import { h, section } from "./dom";
import { Figure } from "./figure";
import { seconds } from "./format";
import { table } from "./table";

const mostFigures = 8;
const percentiles: [number, string][] = [
  [2, "p50"],
  [4, "p75"],
  [10, "p90"],
  [20, "p95"],
  [100, "p99"],
  [1e3, "p99.9"],
  [1e4, "p99.99"],
  [1e5, "p99.999"],
  [1e6, "p99.9999"],
];

/** The curve's value at 1 / (1 - share): that of the first point at or beyond it. */
function valueAt(curve: Curve, inverse: number): number | null {
  const last = curve[curve.length - 1];
  if (last === undefined || inverse > last[0]) return null;
  return (curve.find((point) => point[0] >= inverse) ?? last)[1];
}

function percentileName(log: number): string {
  const inverse = 10 ** log;
  const known = percentiles.find((one) => Math.abs(Math.log10(one[0]) - log) < 1e-6);
  if (known !== undefined) return known[1];
  const share = 100 * (1 - 1 / inverse);
  return "p" + String(Number(share.toFixed(Math.max(1, Math.ceil(log)))));
}

function ticks(from: number, to: number): number[] {
  const shown = percentiles.filter((one) => one[0] !== 4 && one[0] !== 20).map((one) => Math.log10(one[0]));
  return [0, ...shown].filter((log) => log >= from - 1e-9 && log <= to + 1e-9);
}

function percentileTable(step: Step): HTMLElement {
  const rows = percentiles
    .filter((one) => valueAt(step.response_curve, one[0]) !== null)
    .map(([inverse, label]) => [label, ...[step.response_curve, step.service_curve].map((curve) => value(valueAt(curve, inverse)))]);
  rows.push(["max", value(step.response.max), value(step.service.max)]);
  const heads = [
    { head: "Percentile" },
    { head: "From the intended start", numeric: true },
    { head: "From the actual send", numeric: true },
  ];
  return table(`Percentiles of ${step.name}`, heads, rows);
}

function value(of: number | null): string {
  return of === null ? "–" : seconds(of);
}

function figure(step: Step): HTMLElement {
  // One axis for both curves: the union of their points.
  const inverses = [...new Set([...step.response_curve, ...step.service_curve].map((point) => point[0]))].sort((a, b) => a - b);
  const lines = [{ label: "from the intended start", curve: step.response_curve, colour: 0, width: 2.25 }];
  if (step.service_curve.length > 0) lines.push({ label: "from the actual send", curve: step.service_curve, colour: 1, width: 1.75 });
  return new Figure({
    title: step.name,
    note: `${step.response.count.toLocaleString("en-US")} samples of judged time`,
    x: inverses.map((inverse) => Math.log10(inverse)),
    xHead: "Percentile",
    xText: percentileName,
    xTicks: ticks,
    unit: "s",
    logarithmic: true,
    height: 240,
    lines: lines.map((line, i) => ({
      label: line.label,
      colour: line.colour,
      width: line.width,
      values: inverses.map((inverse) => valueAt(line.curve, inverse)),
      ...(i === 1 ? { dash: [6, 4] } : {}),
    })),
    table: percentileTable(step),
  }).element;
}

export function distribution(data: PageData): HTMLElement | null {
  const steps = data.steps.filter((step) => step.response_curve.length > 1);
  if (steps.length === 0) return null;
  const shown = steps.slice(0, mostFigures);
  const left = steps.length - shown.length;
  return section(
    "distribution",
    "Distribution of response times",
    h(
      "p",
      { class: "lead" },
      "Corrected for coordinated omission: measured from the intended start. Where the dashed line is lower, the difference is time that requests waited for the generator or for their turn.",
      left > 0 ? ` ${left} more steps are in the table below.` : "",
    ),
    h("div", { class: "charts two" }, ...shown.map(figure)),
  );
}
