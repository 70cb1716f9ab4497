// Tables of the page: captions for screen readers, heads with scope, wide ones scroll inside themselves.

import { h, type Child } from "./dom";
import type { Gate, Outcome, Word } from "./data";

export interface Column {
  head: string;
  numeric?: boolean;
  wide?: boolean;
}

/**
 * Columns in which nothing stands are left out. On narrow screens each row becomes a card, its cells named by their
 * heads; the roles keep the table one for screen readers there.
 */
export function table(caption: string, allColumns: Column[], allRows: Child[][]): HTMLElement {
  const used = allColumns.map((_column, i) => allRows.some((cells) => cells[i] !== "" && cells[i] !== null));
  const columns = allColumns.filter((_column, i) => used[i]);
  const rows = allRows.map((cells) => cells.filter((_cell, i) => used[i]));
  const kind = (column: Column) => [column.numeric ? "number" : "", column.wide ? "wide" : ""].join(" ").trim();
  const head = columns.map((column) => h("th", { scope: "col", role: "columnheader", class: kind(column) }, column.head));
  const cellOf = (cell: Child, i: number) =>
    h("td", { role: "cell", class: kind(columns[i]!), "data-head": columns[i]!.head }, cell);
  const body = rows.map((cells) => h("tr", { role: "row" }, ...cells.map(cellOf)));
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": `Table: ${caption}` },
    h(
      "table",
      { role: "table", class: columns.some((column) => column.wide) ? false : "compact" },
      h("caption", { class: "unseen" }, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...head)),
      h("tbody", { role: "rowgroup" }, ...body),
    ),
  );
}

const symbols: Record<Word, string> = {
  PASS: "✓",
  WARN: "!",
  FAIL: "✕",
  INCONCLUSIVE: "?",
  ERROR: "✕",
  "NOT ASKED": "–",
  "NOT JUDGED": "–",
  "NO VERDICT": "?",
  RUNNING: "●",
};

export function outcomeClass(word: Word): string {
  return "is-" + word.toLowerCase().replace(" ", "-");
}

/** The outcome as symbol and word: never told by colour alone. */
export function badge(word: Word, large = false): HTMLElement {
  return h(
    "span",
    { class: `badge ${outcomeClass(word)}${large ? " large" : ""}` },
    h("span", { class: "symbol", "aria-hidden": "true" }, symbols[word]),
    word,
  );
}

/** What a checker's word means for the run: one that could not tell withholds nothing while every gate on the audit holds. */
export function outcomeOfFinding(word: string, gates: Gate[]): Outcome {
  if (word === "true") return "PASS";
  if (word === "false") return "FAIL";
  return gates.every((gate) => gate.kind !== "audit" || gate.outcome === "PASS") ? "NOT ASKED" : "INCONCLUSIVE";
}

/** A name that others chose: isolated, so that its direction cannot reorder the text around it. */
export function name(text: string): HTMLElement {
  return h("bdi", { class: "name" }, text);
}
