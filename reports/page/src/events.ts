// Everything that the event log says, in words: the table behind the shading of the charts.

import type { PageData } from "./data";
import { h } from "./dom";
import { moment } from "./format";
import { table } from "./table";

export function eventTable(data: PageData): HTMLElement | null {
  if (data.events.length === 0) return null;
  const span = data.axis.end - data.axis.start;
  const phases = data.run.phases.map((phase) => ({
    t: phase.start,
    text: `phase ${phase.name}, planned until ${moment(phase.end, span)}${phase.judged ? "" : ", not judged"}`,
  }));
  const known = new Set(data.events.map((event) => event.text));
  const all = [...data.events, ...phases.filter((phase) => !known.has(phase.text))].sort((a, b) => a.t - b.t);
  const rows = all.map((event) => [moment(event.t, span), event.text]);
  return h(
    "details",
    { class: "numbers" },
    h("summary", {}, `Phases, faults and events as a table (${rows.length})`),
    table("Phases, faults and events", [{ head: "Run clock", numeric: true }, { head: "What happened", wide: true }], rows),
  );
}
