// The page of a run that goes on: the same page, told every second what is new by server-sent events. The server ends
// each answer after one event, and the browser asks again by itself; so a page that was closed costs the run nothing.

import type { PageData } from "./data";
import { append, h } from "./dom";
import { moment, seconds } from "./format";
import { name } from "./table";

export interface LivePage {
  update(data: PageData): void;
  finish(data: PageData): unknown;
}

const silence = 15_000; // milliseconds without a word until the page says so

export function follow(page: LivePage): void {
  const self = Math.random().toString(36).slice(2);
  const source = new EventSource(`events?page=${self}`);
  const lost = h("p", { class: "notice lost", role: "alert", hidden: true }, "The run does not answer any more; what is shown is the last that it said.");
  document.body.prepend(lost);
  let heard = Date.now();
  const watch = setInterval(() => (lost.hidden = Date.now() - heard < silence), 1000);
  const take = (event: Event) => {
    heard = Date.now();
    lost.hidden = true;
    return JSON.parse((event as MessageEvent<string>).data) as PageData;
  };
  source.addEventListener("data", (event) => page.update(take(event)));
  source.addEventListener("beat", () => (heard = Date.now()));
  source.addEventListener("done", (event) => {
    source.close();
    clearInterval(watch);
    page.finish(take(event));
  });
}

/** What a run that goes on is doing: the phase, how far it is, which faults are in. */
export function progress(data: PageData): HTMLElement {
  const { axis, run } = data;
  const now = axis.measured_end;
  const phases = run.phases;
  const end = phases.length > 0 ? Math.max(...phases.map((phase) => phase.end)) : axis.end;
  const phase = phases.find((one) => now > one.start && now <= one.end);
  const share = end <= 0 ? 0 : Math.max(0, Math.min(1, now / end));
  const active = data.faults.filter((fault) => fault.healed === null && fault.failure === "");
  const text = now <= 0 ? "Starting the stack" : now >= end ? "Load is over: draining and auditing" : "";
  const line = h("p", { class: "stage" });
  append(line, text !== "" ? [text] : [name(phase?.name ?? "load"), ` · ${moment(now, end)} of ${moment(end, end)}`]);
  if (active.length > 0) {
    append(line, [h("span", { class: "active-faults" }, ...active.flatMap((fault) => [" fault in: ", name(fault.name)]))]);
  }
  return h(
    "div",
    { class: "live" },
    line,
    h("progress", { max: 1, value: share, "aria-label": `${Math.round(share * 100)} % of the planned ${seconds(end)}` }),
    figures(data),
  );
}

function figures(data: PageData): HTMLElement {
  const last = (chart: string, label: string): string => {
    const values = data.charts.find((one) => one.id === chart)?.lines.find((line) => line.label === label)?.values ?? [];
    // The last second is still being filled.
    const open = data.time.findIndex((t) => t >= data.axis.measured_end - 1);
    for (let i = (open < 0 ? values.length : Math.min(values.length, open)) - 1; i >= 0; --i) {
      const value = values[i];
      if (value !== null && value !== undefined) return chart === "rate" ? `${Math.round(value)}/s` : seconds(value);
    }
    return "–";
  };
  const step = data.charts.find((chart) => chart.id.startsWith("latency:"));
  const entries: [string, string][] = [
    ["Offered", last("rate", "offered")],
    ["Achieved", last("rate", "achieved")],
  ];
  if (step !== undefined) entries.push(["p50", last(step.id, "p50")], ["p99", last(step.id, "p99")]);
  const list = h("dl", { class: "facts now" });
  for (const [label, value] of entries) list.append(h("div", {}, h("dt", {}, label), h("dd", {}, value)));
  return list;
}
