// One chart: a plot, a legend whose entries switch lines on and off and show the values under the cursor, and a table
// with the same numbers.

import uPlot from "uplot";
import type { ChartData, PageData } from "./data";
import { h } from "./dom";
import { axisValues, decadeValues, moment, quantity } from "./format";
import { drawHeat, heatRange, heatTable } from "./heat";
import { shading } from "./shading";
import { table } from "./table";
import { lineStyle, theme, type LineStyle } from "./theme";

export const plotLeft = 68; // room of the value axis, the same for all charts so that their times line up
export const plotRight = 12;
const plotHeight = 210;

export interface ChartHost {
  data: PageData;
  logarithmic: boolean;
  heat: boolean;
  zoomed(from: number, to: number): void;
  announce(text: string): void;
}

export interface Place {
  seen: boolean;
  width: number;
}

interface LegendEntry {
  button: HTMLButtonElement;
  value: HTMLElement;
}

function hasValues(chart: ChartData): boolean {
  return chart.lines.some((line) => line.values.some((value) => value !== null));
}

export class Chart {
  readonly element: HTMLElement;
  private plot: uPlot | null = null;
  private readonly frame = h("div", { class: "plot", tabindex: 0, role: "group" });
  private readonly legend = h("div", { class: "legend" });
  private readonly entries: LegendEntry[] = [];
  private readonly shown: boolean[];
  private readonly hasData: boolean;
  private range: [number, number];
  private width = 240;

  constructor(
    private readonly host: ChartHost,
    private chart: ChartData,
  ) {
    const { axis } = host.data;
    this.range = [axis.start, Math.max(axis.start + 1, axis.end - 1)];
    this.hasData = hasValues(chart);
    this.shown = chart.lines.map((line, i) => lineStyle(line, i).hidden !== true);
    const title = h("h3", {}, chart.title);
    const foot = h("div", { class: "chart-foot" }, h("p", { class: "quiet" }, chart.note));
    this.element = h(
      "article",
      { class: "chart", id: `chart-${chart.id}` },
      h("div", { class: "chart-head" }, title, this.legend),
      this.frame,
      foot,
    );
    if (this.hasData) {
      this.frame.setAttribute(
        "aria-label",
        `${chart.title}. Arrow keys move the cursor, plus and minus zoom, Escape shows all.`,
      );
      this.frame.addEventListener("keydown", (event) => this.onKey(event));
      this.buildLegend();
      foot.append(this.dataTable());
      if (this.heatColumns().length > 0) {
        foot.append(heatTable(chart.title, host.data.heat, this.heatColumns(), axis.end - axis.start));
      }
    } else {
      this.frame.replaceChildren(h("p", { class: "empty" }, chart.empty || "Nothing was recorded."));
      this.frame.removeAttribute("tabindex");
    }
  }

  destroy(): void {
    this.plot?.destroy();
    this.plot = null;
  }

  /** Whether `other` differs from this chart in values only. */
  fits(other: ChartData): boolean {
    const same = (a: ChartData) => JSON.stringify([a.id, a.title, a.lines.map((line) => [line.label, line.role])]);
    return same(this.chart) === same(other) && this.hasData === hasValues(other);
  }

  /** New values of a run that goes on. */
  update(chart: ChartData): void {
    this.chart = chart;
    this.plot?.setData(this.aligned(), false);
    this.setRange(...this.range);
  }

  private heatColumns(): number[][] {
    return this.host.data.heat.charts[this.chart.id] ?? [];
  }

  private get heated(): boolean {
    return this.host.heat && this.heatColumns().length > 0;
  }

  private get logarithmic(): boolean {
    return this.heated || (this.host.logarithmic && this.chart.id.startsWith("latency"));
  }

  private styles(): LineStyle[] {
    return this.chart.lines.map((line, i) => lineStyle(line, i));
  }

  /** Where it stands in the window, and how wide its plot is to be. */
  place(): Place {
    const { top, bottom } = this.frame.getBoundingClientRect();
    return { seen: bottom > -innerHeight / 2 && top < innerHeight * 1.5, width: this.frame.clientWidth };
  }

  /** Makes the plot anew: at first, and when colours or scales change. */
  draw(width: number): void {
    if (!this.hasData) return;
    this.width = Math.max(240, width);
    const range = this.range;
    this.plot?.destroy();
    const styles = this.styles();
    styles.forEach((style, i) => this.entries[i]?.button.style.setProperty("--line", style.colour));
    this.plot = new uPlot(this.options(styles), this.aligned(), this.frame);
    this.range = range;
    this.setRange(...range);
  }

  private aligned(): uPlot.AlignedData {
    const values = this.chart.lines.map((line) =>
      this.logarithmic ? line.values.map((value) => (value !== null && value > 0 ? value : null)) : line.values,
    );
    return [this.host.data.time, ...values];
  }

  private options(styles: LineStyle[]): uPlot.Options {
    const colours = theme();
    const span = () => this.range[1] - this.range[0];
    const axis = {
      stroke: colours.text,
      font: "12px system-ui, sans-serif",
      grid: { stroke: colours.grid, width: 1 },
      ticks: { stroke: colours.grid, width: 1 },
    };
    return {
      width: this.width,
      height: plotHeight,
      padding: [8, plotRight, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false },
        y: this.heated
          ? { distr: 3, range: () => heatRange(this.heatColumns()) }
          : this.logarithmic
            ? { distr: 3 }
            : { range: (_plot, _low, high) => [0, high > 0 ? high * 1.2 : 1] },
      },
      axes: [
        {
          ...axis,
          size: 32,
          space: 70,
          incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 86400],
          values: (_plot, ticks) => ticks.map((tick) => moment(tick, span())),
        },
        { ...axis, size: plotLeft, values: (_plot, ticks) => (this.logarithmic ? decadeValues : axisValues)(ticks, this.chart.unit) },
      ],
      series: [{}, ...styles.map((style, i) => this.series(style, i))],
      cursor: {
        sync: { key: "tidegate", setSeries: false, scales: ["x", null] },
        drag: { x: true, y: false, setScale: true },
        points: { size: 7 },
      },
      plugins: [shading(() => this.host.data)],
      hooks: {
        drawAxes: [(plot) => this.heated && drawHeat(plot, this.host.data.heat, this.heatColumns())],
        setCursor: [(plot) => this.showValues(plot.cursor.idx ?? null)],
        setScale: [(plot, key) => key === "x" && this.onScale(plot)],
      },
    };
  }

  private series(style: LineStyle, index: number): uPlot.Series {
    const values = () => this.chart.lines[index]!.values;
    const alone = (i: number) =>
      values()[i] !== null && (values()[i - 1] ?? null) === null && (values()[i + 1] ?? null) === null;
    const series: uPlot.Series = {
      label: this.chart.lines[index]!.label,
      stroke: style.colour,
      width: style.width,
      show: this.shown[index] ?? true,
      // A value between two gaps has no line; a dot shows it.
      points: {
        show: true,
        size: 5,
        fill: style.colour,
        filter: (_plot, _series, show) => (show === false ? null : values().map((_value, i) => i).filter(alone)),
      },
    };
    if (style.dash !== undefined) series.dash = style.dash;
    return series;
  }

  private onScale(plot: uPlot): void {
    const { min, max } = plot.scales["x"]!;
    if (min == null || max == null) return;
    if (Math.abs(min - this.range[0]) < 1e-6 && Math.abs(max - this.range[1]) < 1e-6) return;
    this.range = [min, max];
    this.host.zoomed(min, max);
  }

  setRange(from: number, to: number): void {
    this.range = [from, to];
    this.plot?.setScale("x", { min: from, max: to });
  }

  resize(width: number): void {
    if (this.plot === null || width <= 0 || Math.max(240, width) === this.width) return;
    this.width = Math.max(240, width);
    this.plot.setSize({ width: this.width, height: plotHeight });
  }

  private buildLegend(): void {
    this.chart.lines.forEach((line, i) => {
      const style = lineStyle(line, i);
      const value = h("span", { class: "reading" });
      const button = h(
        "button",
        {
          type: "button",
          class: style.dash === undefined ? "line" : "line dashed",
          "aria-pressed": String(this.shown[i]),
        },
        line.label,
        value,
      );
      button.addEventListener("click", () => {
        const show = !this.shown[i];
        this.shown[i] = show;
        button.setAttribute("aria-pressed", String(show));
        this.plot?.setSeries(i + 1, { show });
      });
      this.entries.push({ button, value });
      this.legend.append(button);
    });
  }

  private showValues(index: number | null): void {
    this.chart.lines.forEach((line, i) => {
      const entry = this.entries[i];
      if (entry !== undefined)
        entry.value.textContent = index === null ? "" : quantity(line.values[index] ?? null, this.chart.unit);
    });
  }

  private onKey(event: KeyboardEvent): void {
    const plot = this.plot;
    if (plot === null) return;
    const last = this.host.data.time.length - 1;
    const index = plot.cursor.idx ?? 0;
    const centre = this.host.data.time[index] ?? 0;
    if (event.key === "ArrowLeft") this.moveTo(plot, Math.max(0, index - 1));
    else if (event.key === "ArrowRight") this.moveTo(plot, Math.min(last, index + 1));
    else if (event.key === "Home") this.moveTo(plot, 0);
    else if (event.key === "End") this.moveTo(plot, last);
    else if (event.key === "+" || event.key === "=") this.zoomAround(centre, 0.5);
    else if (event.key === "-") this.zoomAround(centre, 2);
    else if (event.key === "Escape") this.zoomAround(centre, Infinity);
    else return;
    event.preventDefault();
  }

  private moveTo(plot: uPlot, index: number): void {
    const time = this.host.data.time[index] ?? 0;
    plot.setCursor({ left: plot.valToPos(time, "x"), top: 10 });
    const span = this.host.data.axis.end - this.host.data.axis.start;
    const parts = this.chart.lines
      .filter((_line, i) => this.shown[i])
      .map((line) => `${line.label} ${quantity(line.values[index] ?? null, this.chart.unit)}`);
    this.host.announce(`${moment(time, span)}: ${parts.join(", ")}`);
  }

  private zoomAround(centre: number, by: number): void {
    const { axis } = this.host.data;
    const half = ((this.range[1] - this.range[0]) * by) / 2;
    const from = Math.max(axis.start, centre - half);
    const to = Math.min(Math.max(axis.start + 1, axis.end - 1), centre + half);
    if (to - from >= 1) this.host.zoomed(from, to);
  }

  /** Filled when first opened: a thousand rows are not needed until then. */
  private dataTable(): HTMLElement {
    const details = h("details", { class: "numbers" }, h("summary", { "aria-label": `Data table: ${this.chart.title}` }, "Data table"));
    details.addEventListener(
      "toggle",
      () => {
        const span = this.host.data.axis.end - this.host.data.axis.start;
        const columns = [
          { head: "Time", numeric: true },
          ...this.chart.lines.map((line) => ({ head: line.label, numeric: true })),
        ];
        const rows = this.host.data.time.map((time, row) => [
          moment(time, span),
          ...this.chart.lines.map((line) => quantity(line.values[row] ?? null, this.chart.unit)),
        ]);
        details.append(table(this.chart.title, columns, rows));
      },
      { once: true },
    );
    return details;
  }
}
