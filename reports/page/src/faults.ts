// Faults: what was injected, what it hit, how long it took to be noticed and to be over, as a failover review wants it.
// And the lag of each consumer group.

import type { FaultResult, PageData, Verdict, Word } from "./data";
import { h, section, type Child } from "./dom";
import { grouped, moment, quantity, seconds } from "./format";
import { badge, name, table } from "./table";

type Shown = Omit<FaultResult, "outcome"> & { outcome: Word };

/** As judged, or without a verdict as the event log tells them. */
function results(data: PageData): Shown[] {
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

interface Moment {
  label: string;
  at: number;
}

function momentsOf(fault: Shown): Moment[] {
  const moments: Moment[] = [{ label: "injected", at: fault.injected_s }];
  if (fault.time_to_detect_s !== null) moments.push({ label: "detected", at: fault.injected_s + fault.time_to_detect_s });
  if (fault.healed_s !== null) {
    moments.push({ label: "healed", at: fault.healed_s });
    if (fault.time_to_recover_s !== null) {
      moments.push({ label: "recovered", at: fault.healed_s + fault.time_to_recover_s });
    }
  }
  return moments.sort((a, b) => a.at - b.at);
}

/** The fault's own time as a bar: injected, detected, healed, recovered. */
function anatomy(fault: Shown): HTMLElement {
  const moments = momentsOf(fault);
  const first = moments[0]!.at;
  const last = Math.max(moments[moments.length - 1]!.at, first + 1);
  const percent = (at: number) => `${(((at - first) / (last - first)) * 100).toFixed(2)}%`;
  const bar = h("span", { class: "anatomy-bar", "aria-hidden": "true" });
  const healed = fault.healed_s ?? last;
  bar.append(h("span", { class: "broken", style: `left:0;width:${percent(healed)}` }));
  if (fault.time_to_recover_s !== null && fault.time_to_recover_s > 0) {
    const width = `calc(${percent(healed + fault.time_to_recover_s)} - ${percent(healed)})`;
    bar.append(h("span", { class: "recovering", style: `left:${percent(healed)};width:${width}` }));
  }
  for (const one of moments) bar.append(h("span", { class: "tick", style: `left:${percent(one.at)}` }));
  const list = moments.map((one) => h("li", {}, h("strong", {}, seconds(one.at - first)), ` ${one.label}`));
  return h("div", { class: "anatomy" }, bar, h("ol", { class: "moments" }, ...list));
}

/** What the event log says from just before the injection until after the recovery. */
function happenings(data: PageData, fault: Shown): Child {
  const moments = momentsOf(fault);
  const from = moments[0]!.at - 1;
  const to = moments[moments.length - 1]!.at + 1;
  const events = data.events.filter((event) => event.t >= from && event.t <= to);
  if (events.length === 0) return null;
  const span = data.axis.end - data.axis.start;
  const items = events.map((event) => h("li", {}, h("strong", {}, moment(event.t, span)), " ", event.text));
  return h("details", {}, h("summary", {}, `${events.length} events meanwhile`), h("ul", { class: "events" }, ...items));
}

function review(data: PageData, fault: Shown, zoom: (from: number, to: number) => void): HTMLElement {
  const moments = momentsOf(fault);
  const from = moments[0]!.at;
  const to = moments[moments.length - 1]!.at;
  const show = h("button", { type: "button", "aria-label": `Show ${fault.name} on the timeline` }, "Show on the timeline");
  show.addEventListener("click", () => {
    const room = Math.max(3, (to - from) * 0.5);
    zoom(Math.max(data.axis.start, from - room), Math.min(data.axis.end, to + room));
  });
  return h(
    "article",
    { class: "review" },
    h("div", { class: "chart-head" }, h("h3", {}, name(fault.name), " ", h("span", { class: "quiet" }, fault.target)), show),
    anatomy(fault),
    happenings(data, fault),
  );
}

export function faults(data: PageData, zoom: (from: number, to: number) => void): HTMLElement | null {
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
  const reviews = h("div", { class: "reviews" }, ...list.map((fault) => review(data, fault, zoom)));
  return section("faults", "Faults", table("Faults", columns, rows), reviews);
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
