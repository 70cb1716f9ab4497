// A chart that stands for itself: percentile curves, capacity, trends, comparisons. Its numbers are in a table below.

import uPlot from "uplot";
import { h, type Child } from "./dom";
import { axisValues, decadeValues, quantity } from "./format";
import { later } from "./later";
import { table } from "./table";
import { lineColour, theme } from "./theme";

type Maybe = number | null;

export interface FigureLine {
  label: string;
  values: Maybe[];
  /** Index into the palette. */
  colour: number;
  dash?: number[];
  width?: number;
  /** Points without a line between them. */
  scatter?: boolean;
}

export interface FigureOptions {
  title: string;
  note: Child;
  x: number[];
  xHead: string;
  xText: (value: number) => string;
  xTicks?: (from: number, to: number) => number[];
  lines: FigureLine[];
  unit: string;
  logarithmic?: boolean;
  height?: number;
  /** Values of the table's first column and rows, when they are not those of the picture. */
  table?: HTMLElement;
  paint?: (plot: uPlot) => void;
}

const all: Figure[] = [];

/** After a change of colours. */
export function redrawFigures(): void {
  for (const figure of all) later(figure, () => figure.draw());
}

export class Figure {
  readonly element: HTMLElement;
  private readonly frame = h("div", { class: "plot", role: "img" });
  private readonly readings: HTMLElement[] = [];
  private readonly keys: HTMLElement[] = [];
  private readonly where = h("span", { class: "reading" });
  private plot: uPlot | null = null;

  constructor(private readonly options: FigureOptions) {
    const legend = options.lines.map((line) => {
      const value = h("span", { class: "reading" });
      const key = h("span", { class: line.dash === undefined ? "line" : "line dashed" }, line.label, value);
      this.readings.push(value);
      this.keys.push(key);
      return key;
    });
    this.frame.setAttribute("aria-label", `${options.title}; its numbers are in the table below`);
    this.element = h(
      "article",
      { class: "chart figure" },
      h("div", { class: "chart-head" }, h("h3", {}, options.title), h("div", { class: "legend" }, this.where, ...legend)),
      this.frame,
      h("div", { class: "chart-foot" }, h("p", { class: "quiet" }, options.note), this.numbers()),
    );
    all.push(this);
    later(this, () => {
      this.draw();
      new ResizeObserver(() => this.resize()).observe(this.element);
    });
  }

  draw(): void {
    if (!this.frame.isConnected) return;
    this.plot?.destroy();
    this.options.lines.forEach((line, i) => this.keys[i]?.style.setProperty("--line", lineColour(line.colour)));
    this.plot = new uPlot(this.uplotOptions(), [this.options.x, ...this.options.lines.map((line) => line.values)], this.frame);
  }

  private resize(): void {
    if (this.plot !== null && this.frame.clientWidth > 0 && this.frame.clientWidth !== this.plot.width) {
      this.plot.setSize({ width: Math.max(200, this.frame.clientWidth), height: this.options.height ?? 220 });
    }
  }

  private uplotOptions(): uPlot.Options {
    const { options } = this;
    const colours = theme();
    const axis = {
      stroke: colours.text,
      font: "12px system-ui, sans-serif",
      grid: { stroke: colours.grid, width: 1 },
      ticks: { stroke: colours.grid, width: 1 },
    };
    const positive = (values: (number | null | undefined)[]) => values.filter((value): value is number => !!value && value > 0);
    const everything = positive(options.lines.flatMap((line) => line.values));
    const logRange: [number, number] = everything.length
      ? [10 ** Math.floor(Math.log10(Math.min(...everything))), 10 ** Math.ceil(Math.log10(Math.max(...everything)) + 1e-9)]
      : [0.001, 1];
    const xAxis: uPlot.Axis = {
      ...axis,
      size: 32,
      space: 56,
      values: (_plot, ticks) => ticks.map((tick) => (tick === null ? "" : options.xText(tick))),
    };
    if (options.xTicks !== undefined) {
      const ticks = options.xTicks;
      xAxis.splits = (_plot, _axis, from, to) => ticks(from, to);
    }
    return {
      width: Math.max(200, this.frame.clientWidth),
      height: options.height ?? 220,
      padding: [8, 24, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false },
        y: options.logarithmic
          ? { distr: 3, range: () => logRange }
          : { range: (_plot, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.15 : 1] },
      },
      axes: [xAxis, { ...axis, size: 68, values: (_plot, ticks) => (options.logarithmic ? decadeValues : axisValues)(ticks, options.unit) }],
      series: [{}, ...options.lines.map((line) => this.series(line))],
      cursor: { drag: { x: false, y: false }, points: { size: 6 } },
      hooks: {
        setCursor: [(plot) => this.read(plot.cursor.idx ?? null)],
        ...(options.paint === undefined ? {} : { drawAxes: [options.paint] }),
      },
    };
  }

  private series(line: FigureLine): uPlot.Series {
    const colour = lineColour(line.colour);
    const series: uPlot.Series = { stroke: colour, width: line.width ?? 2, spanGaps: true };
    if (line.dash !== undefined) series.dash = line.dash;
    series.points = { show: line.scatter === true || (line.dash === undefined && this.options.x.length <= 40), size: line.scatter ? 4 : 5, fill: colour };
    if (line.scatter) series.paths = () => null;
    return series;
  }

  private read(index: number | null): void {
    const { options } = this;
    this.where.textContent = index === null ? "" : options.xText(options.x[index] ?? 0);
    options.lines.forEach((line, i) => {
      this.readings[i]!.textContent = index === null ? "" : quantity(line.values[index] ?? null, options.unit);
    });
  }

  private numbers(): HTMLElement {
    const { options } = this;
    const details = h("details", { class: "numbers" }, h("summary", { "aria-label": `Data table: ${options.title}` }, "Data table"));
    details.addEventListener(
      "toggle",
      () => {
        if (options.table !== undefined) {
          details.append(options.table);
          return;
        }
        const heads = [{ head: options.xHead, numeric: true }, ...options.lines.map((line) => ({ head: line.label, numeric: true }))];
        const rows = options.x.map((x, row) => [
          options.xText(x),
          ...options.lines.map((line) => quantity(line.values[row] ?? null, options.unit)),
        ]);
        details.append(table(options.title, heads, rows));
      },
      { once: true },
    );
    return details;
  }
}
