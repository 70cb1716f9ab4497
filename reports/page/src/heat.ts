// The heatmap behind a latency chart: how many responses took how long, each second, darker for more.

import type uPlot from "uplot";
import type { Heat } from "./data";
import { grouped, moment, seconds } from "./format";
import { h } from "./dom";
import { table } from "./table";
import { heatColour } from "./theme";

const rowsPerOctave = 4;

/** Where a row begins, in seconds. */
function rowStart(row: number): number {
  return 2 ** (row / rowsPerOctave) * 1e-6;
}

function greatestCount(columns: number[][]): number {
  let greatest = 1;
  for (const column of columns) {
    for (let i = 2; i < column.length; i += 2) greatest = Math.max(greatest, column[i]!);
  }
  return greatest;
}

/** Whole decades around every latency that a cell covers, in seconds. */
export function heatRange(columns: number[][]): [number, number] {
  let lowest = Infinity;
  let highest = -Infinity;
  for (const column of columns) {
    if (column.length < 2) continue;
    lowest = Math.min(lowest, column[1]!);
    highest = Math.max(highest, column[column.length - 2]!);
  }
  if (lowest > highest) return [1e-3, 1];
  return [10 ** Math.floor(Math.log10(rowStart(lowest))), 10 ** Math.ceil(Math.log10(rowStart(highest + 1)))];
}

export function drawHeat(plot: uPlot, heat: Heat, columns: number[][]): void {
  const { left, top, width, height } = plot.bbox;
  const greatest = Math.log(1 + greatestCount(columns));
  const colour = heatColour();
  const context = plot.ctx;
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.fillStyle = colour;
  for (const column of columns) {
    const from = heat.start + column[0]! * heat.seconds;
    const x = plot.valToPos(from, "x", true);
    const right = plot.valToPos(from + heat.seconds, "x", true);
    if (right < left || x > left + width) continue;
    for (let i = 1; i + 1 < column.length; i += 2) {
      const bottom = plot.valToPos(rowStart(column[i]!), "y", true);
      const y = plot.valToPos(rowStart(column[i]! + 1), "y", true);
      context.globalAlpha = 0.06 + 0.9 * (Math.log(1 + column[i + 1]!) / greatest);
      context.fillRect(x, y, Math.max(1, right - x), Math.max(1, bottom - y));
    }
  }
  context.restore();
}

/** The same counts as a table: a row for each column of the picture that holds any. */
export function heatTable(title: string, heat: Heat, columns: number[][], span: number): HTMLElement {
  const details = h("details", { class: "numbers" }, h("summary", { "aria-label": `Heatmap table: ${title}` }, "Heatmap table"));
  details.addEventListener(
    "toggle",
    () => {
      const bands = new Set<number>();
      for (const column of columns) {
        for (let i = 1; i < column.length; i += 2) bands.add(column[i]!);
      }
      const rows = [...bands].sort((a, b) => a - b);
      const heads = [
        { head: "From", numeric: true },
        ...rows.map((row) => ({ head: `≥ ${seconds(rowStart(row))}`, numeric: true })),
      ];
      const cells = columns.map((column) => {
        const counts = new Map<number, number>();
        for (let i = 1; i + 1 < column.length; i += 2) counts.set(column[i]!, column[i + 1]!);
        return [
          moment(heat.start + column[0]! * heat.seconds, span),
          ...rows.map((row) => grouped(counts.get(row) ?? 0)),
        ];
      });
      details.append(table(`Responses by latency: ${title}`, heads, cells));
    },
    { once: true },
  );
  return details;
}
