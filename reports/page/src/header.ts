// The top of the page: the verdict, why, and what was run.

import type { PageData, Scale, Verdict } from "./data";
import { h, type Child } from "./dom";
import { factor, seconds } from "./format";
import { progress } from "./live";
import { badge, name, outcomeClass } from "./table";

function startedText(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime())
    ? iso
    : date.toLocaleString("en-GB", { timeZone: "UTC", dateStyle: "medium", timeStyle: "short" }) + " UTC";
}

function facts(data: PageData): HTMLElement {
  const { run } = data;
  const entries: [string, string][] = [
    ["Scenario", run.name],
    ["Variant", run.variant],
    ["Profile", run.profile],
    ["Seed", run.seed],
    ["Started", run.started_at === "" ? "" : startedText(run.started_at)],
    ["Length", run.ended_s === null ? "" : seconds(run.ended_s)],
  ];
  const list = h("dl", { class: "facts" });
  for (const [label, value] of entries) {
    if (value !== "") list.append(h("div", {}, h("dt", {}, label), h("dd", {}, name(value))));
  }
  return list;
}

/** "9 gates: 7 pass, 2 fail". */
function gateCounts(verdict: Verdict): string {
  if (verdict.gates.length === 0) return "no gates were asked";
  const counts = new Map<string, number>();
  for (const gate of verdict.gates) {
    const word = gate.outcome.toLowerCase();
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const parts = [...counts].map(([word, count]) => `${count} ${word}`);
  const total = verdict.gates.length;
  return `${total} ${total === 1 ? "judgement" : "judgements"}: ${parts.join(", ")}`;
}

function scaleChips(scale: Scale): Child {
  const phases = Object.entries(scale);
  if (phases.length === 0) return null;
  const chips = phases.map(([phase, factors]) =>
    h("li", {}, name(phase), ` rate ${factor(factors.rate)}, time ${factor(factors.time)}`),
  );
  return h(
    "div",
    { class: "scale" },
    h("span", {}, "Scaled against the full variant"),
    h("ul", { class: "chips" }, ...chips),
  );
}

export function header(data: PageData): HTMLElement {
  const { run, verdict } = data;
  const word = verdict?.verdict ?? (data.live ? "RUNNING" : "NO VERDICT");
  const reasons = (verdict?.reasons ?? []).map((reason) => h("li", {}, reason));
  const cut = data.cut_short === null || data.live ? null : h("p", { class: "notice cut", role: "alert" }, data.cut_short);
  const notices = data.live ? [] : data.notices.map((notice) => h("p", { class: "notice", role: "status" }, notice));
  const scale = verdict !== null && Object.keys(verdict.scale).length > 0 ? verdict.scale : run.scale;
  return h(
    "header",
    { class: `verdict ${outcomeClass(word)}` },
    h(
      "div",
      { class: "verdict-line" },
      badge(word, true),
      h(
        "div",
        {},
        h("h1", {}, name(run.title || run.name)),
        h("p", { class: "counts" }, verdict ? gateCounts(verdict) : ""),
      ),
    ),
    run.description === "" ? null : h("p", { class: "description" }, name(run.description)),
    cut,
    ...notices,
    data.live ? progress(data) : null,
    reasons.length === 0 ? null : h("ul", { class: "reasons" }, ...reasons),
    facts(data),
    scaleChips(scale),
  );
}
