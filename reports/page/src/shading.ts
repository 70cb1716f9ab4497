// What lies behind the lines: phases that are not judged, borders of phases, faults with their names, and marks.

import type uPlot from "uplot";
import type { FaultSpan, Mark, PageData, Phase } from "./data";
import { visible } from "./dom";
import { theme, type Theme } from "./theme";

const nameWidth = 110; // CSS pixels that a fault's name may take

class Painter {
  private readonly context: CanvasRenderingContext2D;
  private readonly ratio = devicePixelRatio || 1;

  constructor(
    private readonly plot: uPlot,
    private readonly colours: Theme,
    private readonly end: number,
  ) {
    this.context = plot.ctx;
  }

  private x(time: number): number {
    const { left, width } = this.plot.bbox;
    return Math.min(left + width, Math.max(left, this.plot.valToPos(time, "x", true)));
  }

  private band(from: number, to: number, colour: string): [number, number] {
    const left = this.x(from);
    const right = Math.max(this.x(to), left + this.ratio);
    this.context.fillStyle = colour;
    this.context.fillRect(left, this.plot.bbox.top, right - left, this.plot.bbox.height);
    return [left, right];
  }

  private line(time: number, colour: string, dash: number[]): void {
    const { left, width, top, height } = this.plot.bbox;
    const at = Math.round(this.plot.valToPos(time, "x", true));
    if (at <= left || at >= left + width) return;
    this.context.strokeStyle = colour;
    this.context.lineWidth = this.ratio;
    this.context.setLineDash(dash.map((length) => length * this.ratio));
    this.context.beginPath();
    this.context.moveTo(at, top);
    this.context.lineTo(at, top + height);
    this.context.stroke();
    this.context.setLineDash([]);
  }

  phase(phase: Phase): void {
    if (!phase.judged) this.band(phase.start, phase.end, this.colours.unjudged);
    this.line(phase.start, this.colours.phase, [4, 4]);
  }

  fault(fault: FaultSpan): void {
    const [left, right] = this.band(fault.injected, fault.healed ?? this.end, this.colours.fault);
    this.context.fillStyle = this.colours.faultText;
    this.context.fillRect(left, this.plot.bbox.top, right - left, 2 * this.ratio);
  }

  /** `row` keeps the names of overlapping faults apart. */
  faultName(fault: FaultSpan, row: number): void {
    const left = this.x(fault.injected);
    if (this.x(fault.healed ?? this.end) - left <= this.ratio) return;
    this.context.fillStyle = this.colours.faultText;
    this.context.font = `${11 * this.ratio}px system-ui, sans-serif`;
    this.context.textBaseline = "top";
    this.context.textAlign = "left";
    const text = visible(fault.name);
    const { left: plotLeft, width } = this.plot.bbox;
    const start = Math.min(left + 4 * this.ratio, plotLeft + width - this.context.measureText(text).width);
    this.context.fillText(text, Math.max(plotLeft, start), this.plot.bbox.top + (5 + row * 14) * this.ratio);
  }

  mark(mark: Mark): void {
    this.line(mark.t, this.colours.mark, [1, 2]);
  }
}

/** A row for each fault such that faults in one row do not overlap, nor the `label` seconds that its name may take. */
export function faultRows(faults: FaultSpan[], end: number, label = 0): number[] {
  const endsOfRows: number[] = [];
  return faults.map((fault) => {
    let row = endsOfRows.findIndex((rowEnd) => rowEnd <= fault.injected);
    if (row < 0) row = endsOfRows.length;
    endsOfRows[row] = Math.max(fault.healed ?? end, fault.injected + label);
    return row;
  });
}

/** `current` gives the data of the moment: a run that goes on has ever more of it. */
export function shading(current: () => PageData): uPlot.Plugin {
  const paint = (plot: uPlot, how: (painter: Painter) => void) => {
    plot.ctx.save();
    how(new Painter(plot, theme(), current().axis.measured_end));
    plot.ctx.restore();
  };
  const drawBehind = (plot: uPlot) =>
    paint(plot, (painter) => {
      const { faults, marks, run } = current();
      run.phases.forEach((phase) => painter.phase(phase));
      faults.forEach((fault) => painter.fault(fault));
      marks.forEach((mark) => painter.mark(mark));
    });
  // Names lie over the grid and the lines.
  const drawNames = (plot: uPlot) =>
    paint(plot, (painter) => {
      const { axis, faults } = current();
      const shown = (plot.scales["x"]?.max ?? axis.end) - (plot.scales["x"]?.min ?? axis.start);
      const label = (shown * nameWidth) / Math.max(nameWidth, plot.bbox.width / (devicePixelRatio || 1));
      const rows = faultRows(faults, axis.measured_end, label);
      faults.forEach((fault, i) => painter.faultName(fault, rows[i] ?? 0));
    });
  return { hooks: { drawClear: drawBehind, draw: drawNames } };
}
