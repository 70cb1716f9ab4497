// What a failover review needs, fault by fault: how soon it was noticed and over, what customers saw before, during and
// after it, which gates looked at it, what happened meanwhile; and once for all of them, what became of the money.

import type { Finding, Gate, PageData, Review } from "./data";
import { h, section, type Child } from "./dom";
import { results, type Shown } from "./faults";
import { grouped, moment, quantity, seconds } from "./format";
import { badge, name, outcomeOfFinding, table } from "./table";

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

/** What customers saw, a column for each window. */
function experience(data: PageData, review: Review | undefined): Child {
  if (review === undefined) return null;
  const span = data.axis.end - data.axis.start;
  const columns = [{ head: "What customers saw" }, ...review.windows.map((one) => ({ head: one.name, numeric: true }))];
  const times = review.windows.map((one) => (one.to > one.from ? `${moment(one.from, span)} – ${moment(one.to, span)}` : "–"));
  const rows: Child[][] = [["Seconds of the run", ...times]];
  for (const row of review.rows) rows.push([h("bdi", {}, row.label), ...row.values.map((value) => quantity(value, row.unit))]);
  return table(`What customers saw around ${review.fault}`, columns, rows);
}

/** Gates whose window is one of this fault's. */
function judgements(gates: Gate[], fault: string): Child {
  const own = gates.filter((gate) => gate.during.endsWith(`:${fault}`));
  if (own.length === 0) return null;
  const items = own.map((gate) =>
    h("li", {}, badge(gate.outcome), " ", name(gate.name), ` ${gate.during.slice(0, -fault.length - 1)}: `, gate.reason || quantity(gate.value, gate.unit)),
  );
  return h("ul", { class: "judgements", "aria-label": `Gates over ${fault}` }, ...items);
}

function reviewOf(data: PageData, fault: Shown, index: number, zoom: (from: number, to: number) => void): HTMLElement {
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
    experience(data, data.reviews[index]),
    judgements(data.verdict?.gates ?? [], fault.name),
    happenings(data, fault),
  );
}

/** Recovery point: what the audit says of the money after all faults. */
function money(findings: Finding[], gates: Gate[]): Child {
  if (findings.length === 0) return h("p", { class: "notice" }, "No audit ran: nothing is known of the money.");
  const items = findings.map((one) =>
    h("li", {}, badge(outcomeOfFinding(one.outcome, gates)), " ", name(one.checker), one.outcome === "true" ? ` (${grouped(one.checked)} checked)` : `: ${one.reason}`),
  );
  return h("div", { class: "money" }, h("h3", {}, "The money, after all faults"), h("ul", { class: "judgements inline", "aria-label": "What the audit found" }, ...items));
}

export function review(data: PageData, zoom: (from: number, to: number) => void): HTMLElement | null {
  const list = results(data);
  if (list.length === 0) return null;
  return section(
    "review",
    "Failover review",
    h("div", { class: "reviews" }, ...list.map((fault, i) => reviewOf(data, fault, i, zoom))),
    data.verdict === null ? null : money(data.verdict.audit, data.verdict.gates),
  );
}
