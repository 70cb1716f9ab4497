// One row per step: how many, how fast, how many failed.

import type { PageData, Step } from "./data";
import { h, section, type Child } from "./dom";
import { grouped, rate, seconds, share } from "./format";
import { name, table } from "./table";

function time(value: number | null): string {
  return value === null ? "–" : seconds(value);
}

function statuses(step: Step): Child {
  if (step.statuses.length === 0) return step.request ? "" : h("span", { class: "quiet" }, "poll");
  const parts = step.statuses.map(([status, count]) => {
    const text = status === "" || status === "0" ? "no answer" : status;
    return h("li", { class: /^[23]/.test(status) ? "" : "odd" }, name(text), ` ${grouped(count)}`);
  });
  return h("ul", { class: "chips" }, ...parts);
}

function failures(step: Step): Child {
  if (step.failed === 0) return "0";
  return h("strong", { class: "bad" }, `${grouped(step.failed)} (${share(step.failed / Math.max(1, step.response.count))})`);
}

export function requests(data: PageData): HTMLElement | null {
  if (data.steps.length === 0) return null;
  const heads = [
    { head: "Request or poll" },
    { head: "Count", numeric: true },
    { head: "Rate", numeric: true },
    { head: "Failed", numeric: true },
    { head: "Min", numeric: true },
    { head: "Mean", numeric: true },
    { head: "p50", numeric: true },
    { head: "p90", numeric: true },
    { head: "p99", numeric: true },
    { head: "p99.9", numeric: true },
    { head: "Max", numeric: true },
    { head: "p99 from send", numeric: true },
    { head: "Statuses" },
  ];
  const rows = data.steps.map((step) => [
    name(step.name),
    grouped(step.response.count),
    step.rate === null ? "–" : rate(step.rate),
    failures(step),
    time(step.response.min),
    time(step.response.mean),
    time(step.response.p50),
    time(step.response.p90),
    h("strong", {}, time(step.response.p99)),
    time(step.response["p99.9"]),
    time(step.response.max),
    step.service.count === 0 ? "" : time(step.service.p99),
    statuses(step),
  ]);
  return section(
    "requests",
    "Requests",
    h("p", { class: "lead" }, "Response times of judged time, from the intended start to the last byte; polls until their condition held."),
    table("Requests", heads, rows),
  );
}
