// The audit: each checker's answer, and for what it found the smallest set of operations that shows it.

import type { Finding, Life, PageData, Verdict } from "./data";
import { h, section } from "./dom";
import { grouped } from "./format";
import { lifeButton, recordTable } from "./life";
import { badge, name, outcomeOfFinding, table } from "./table";

/** What a person would call the operation: its key or id if the counterexample has one. */
function titleOf(example: unknown, index: number): string {
  const texts = JSON.stringify(example).match(/"(?:key|id|payment|operation)":"([^"]{1,80})"/);
  return texts?.[1] ?? `counterexample ${index + 1}`;
}

function counterexamples(finding: Finding, lives: Life[]): HTMLElement {
  const shown = finding.counterexamples.length;
  const count = `${grouped(finding.violations)} ${finding.violations === 1 ? "counterexample" : "counterexamples"}`;
  const more = finding.violations > shown ? `, the first ${shown} shown; truth/findings.json has all of them` : "";
  const button = (i: number) => lifeButton(titleOf(finding.counterexamples[i], i), lives[i]);
  const known = lives.some((life) => life.operations.length > 0 || Object.keys(life.exports).length > 0);
  return h(
    "details",
    { class: "counterexamples", open: finding.outcome === "false" },
    h("summary", {}, name(finding.checker), `: ${count}${more}`),
    recordTable(`What ${finding.checker} found`, finding.counterexamples, known ? button : undefined),
  );
}

export function audit(data: PageData, verdict: Verdict): HTMLElement | null {
  if (verdict.audit.length === 0) return null;
  const columns = [
    { head: "Outcome" },
    { head: "Checker" },
    { head: "Checked", numeric: true },
    { head: "Violations", numeric: true },
    { head: "Reason", wide: true },
  ];
  const rows = verdict.audit.map((finding) => [
    badge(outcomeOfFinding(finding.outcome, verdict.gates)),
    name(finding.checker),
    grouped(finding.checked),
    finding.outcome === "true" ? "0" : grouped(finding.violations),
    finding.reason,
  ]);
  const found = verdict.audit.flatMap((finding, i) =>
    finding.counterexamples.length > 0 ? [counterexamples(finding, data.lives[i] ?? [])] : [],
  );
  return section("audit", "Audit of the money", table("Audit", columns, rows), ...found);
}
