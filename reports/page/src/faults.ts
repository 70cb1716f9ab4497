// Faults: what was injected, what it hit, how long it took to be noticed and to be over. And the lag of each consumer
// group.

import type { FaultResult, PageData, Verdict, Word } from "./data";
import { h, section } from "./dom";
import { grouped, quantity, seconds } from "./format";
import { badge, name, table } from "./table";

export type Shown = Omit<FaultResult, "outcome"> & { outcome: Word };

/** As judged, or without a verdict as the event log tells them. */
export function results(data: PageData): Shown[] {
  if (data.verdict !== null && data.verdict.faults.length > 0) return data.verdict.faults;
  return data.faults.map((span) => ({
    name: span.name,
    kind: span.kind,
    target: span.target,
    injected_s: span.injected,
    healed_s: span.healed,
    hits: span.hits,
    time_to_detect_s: null,
    time_to_recover_s: null,
    outcome: span.failure === "" ? "NOT JUDGED" : "ERROR",
    reason: span.failure,
  }));
}

export function faults(data: PageData): HTMLElement | null {
  const list = results(data);
  if (list.length === 0) return null;
  const columns = [
    { head: "Outcome" },
    { head: "Fault" },
    { head: "Target" },
    { head: "Injected", numeric: true },
    { head: "Lasted", numeric: true },
    { head: "Hits", numeric: true },
    { head: "Time to detect", numeric: true },
    { head: "Time to recover", numeric: true },
    { head: "Reason", wide: true },
  ];
  const rows = list.map((fault) => [
    badge(fault.outcome),
    h("span", {}, name(fault.name), h("span", { class: "kind" }, fault.kind)),
    name(fault.target),
    seconds(fault.injected_s),
    fault.healed_s === null ? "not healed" : seconds(fault.healed_s - fault.injected_s),
    fault.hits === 0 ? h("strong", { class: "bad" }, "0") : grouped(fault.hits),
    quantity(fault.time_to_detect_s, "s"),
    quantity(fault.time_to_recover_s, "s"),
    fault.reason,
  ]);
  return section("faults", "Faults", table("Faults", columns, rows));
}

export function lag(verdict: Verdict): HTMLElement | null {
  if (verdict.lag.length === 0) return null;
  const columns = [
    { head: "Group" },
    { head: "Topic" },
    { head: "Worst age", numeric: true },
    { head: "p99 age", numeric: true },
    { head: "Most records behind", numeric: true },
  ];
  const rows = verdict.lag.map((one) => [
    name(one.group),
    name(one.topic),
    seconds(one.max_age_s),
    seconds(one.p99_age_s),
    grouped(one.max_records),
  ]);
  return section("lag", "Consumer groups", table("Lag of each consumer group", columns, rows));
}
