// The audit: each checker's answer, and for what it found the smallest set of operations that shows it.

import type { Finding, Verdict } from "./data";
import { h, section } from "./dom";
import { grouped } from "./format";
import { badge, name, outcomeOfFinding, table } from "./table";

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Objects become rows under their members' names; anything else becomes one column. */
function counterexampleTable(finding: Finding): HTMLElement {
  const columns: string[] = [];
  const rows = finding.counterexamples.map((example) => {
    const members =
      typeof example === "object" && example !== null && !Array.isArray(example)
        ? (example as Record<string, unknown>)
        : { counterexample: example };
    for (const key of Object.keys(members)) {
      if (!columns.includes(key)) columns.push(key);
    }
    return members;
  });
  const cells = rows.map((members) => columns.map((column) => name(cellText(members[column]))));
  return table(
    `What ${finding.checker} found`,
    columns.map((head) => ({ head })),
    cells,
  );
}

function counterexamples(finding: Finding): HTMLElement {
  const shown = finding.counterexamples.length;
  const count = `${grouped(finding.violations)} ${finding.violations === 1 ? "counterexample" : "counterexamples"}`;
  const more = finding.violations > shown ? `, the first ${shown} shown; truth/findings.json has all of them` : "";
  return h(
    "details",
    { class: "counterexamples", open: finding.outcome === "false" },
    h("summary", {}, name(finding.checker), `: ${count}${more}`),
    counterexampleTable(finding),
  );
}

export function audit(verdict: Verdict): HTMLElement | null {
  if (verdict.audit.length === 0) return null;
  const columns = [
    { head: "Outcome" },
    { head: "Checker" },
    { head: "Checked", numeric: true },
    { head: "Violations", numeric: true },
    { head: "Reason", wide: true },
  ];
  const rows = verdict.audit.map((finding) => [
    badge(outcomeOfFinding(finding.outcome)),
    name(finding.checker),
    grouped(finding.checked),
    finding.outcome === "true" ? "0" : grouped(finding.violations),
    finding.reason,
  ]);
  const found = verdict.audit.filter((finding) => finding.counterexamples.length > 0).map(counterexamples);
  return section("audit", "Audit of the money", table("Audit", columns, rows), ...found);
}
