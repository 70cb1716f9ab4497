// One payment's life: what the harness asked and was told, and every line that the system's exports hold about it.

import type { Life, Operation } from "./data";
import { h, type Child } from "./dom";
import { name, table } from "./table";

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Objects become rows under their members' names; anything else becomes one column. */
export function recordTable(caption: string, records: unknown[], last?: (index: number) => Child): HTMLElement {
  const columns: string[] = [];
  const rows = records.map((record) => {
    const members =
      typeof record === "object" && record !== null && !Array.isArray(record)
        ? (record as Record<string, unknown>)
        : { record };
    for (const key of Object.keys(members)) {
      if (!columns.includes(key)) columns.push(key);
    }
    return members;
  });
  const own = (members: Record<string, unknown>, column: string) =>
    Object.prototype.hasOwnProperty.call(members, column) ? members[column] : undefined;
  const cells: Child[][] = rows.map((members) => columns.map((column) => name(cellText(own(members, column)))));
  const heads = columns.map((head) => ({ head }));
  if (last !== undefined) {
    cells.forEach((row, i) => row.unshift(last(i)));
    heads.unshift({ head: "Life" });
  }
  return table(caption, heads, cells);
}

const meanings: Record<string, string> = {
  invoke: "asked",
  ok: "answered: it happened",
  fail: "answered: it did not happen",
  unknown: "no final answer",
  resolved_ok: "resolved: it happened",
  resolved_fail: "resolved: it did not happen",
};

function amount(operation: Operation): string {
  return operation.amount === undefined ? "" : `${operation.amount} ${operation.currency ?? ""} (minor units)`;
}

function history(life: Life): HTMLElement {
  if (life.operations.length === 0) return h("p", { class: "quiet" }, "The harness's history does not hold it.");
  const heads = [
    { head: "Run clock", numeric: true },
    { head: "What" },
    { head: "Kind" },
    { head: "Attempt", numeric: true },
    { head: "Status", numeric: true },
    { head: "Amount" },
    { head: "Key" },
    { head: "Id" },
  ];
  const rows = life.operations.map((operation) => [
    `${operation.t.toFixed(4)} s`,
    meanings[operation.event] ?? operation.event,
    name(operation.kind),
    String(operation.attempt),
    operation.status === 0 ? "–" : String(operation.status),
    amount(operation),
    name(operation.key),
    operation.id === undefined ? "" : name(operation.id),
  ]);
  return table("What the harness asked and was told", heads, rows);
}

/** A button that opens the life in a dialog; nothing when nothing is known. */
export function lifeButton(title: string, life: Life | undefined): Child {
  if (life === undefined || (life.operations.length === 0 && Object.keys(life.exports).length === 0)) return "";
  const button = h("button", { type: "button", "aria-label": `Open the life of ${title}` }, "Open");
  button.addEventListener("click", () => open(title, life, button));
  return button;
}

function open(title: string, life: Life, opener: HTMLElement): void {
  const close = h("button", { type: "button" }, "Close");
  const exports = Object.entries(life.exports).map(([source, lines]) =>
    h("section", { class: "plain" }, h("h3", {}, "In the export ", name(source)), recordTable(`Lines of ${source}`, lines)),
  );
  const dialog = h(
    "dialog",
    { "aria-labelledby": "life-title" },
    h("div", { class: "dialog-head" }, h("h2", { id: "life-title" }, "Life of ", name(title)), close),
    h("section", { class: "plain" }, h("h3", {}, "The harness"), history(life)),
    ...exports,
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    opener.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}
