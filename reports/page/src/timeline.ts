// All charts on one time axis: joined cursors, joined zoom, phases and faults above them.

import type { Mark, PageData } from "./data";
import { Chart, type ChartHost } from "./chart";
import { h, section } from "./dom";
import { moment } from "./format";
import { Lanes } from "./lanes";

class Timeline implements ChartHost {
  logarithmic = false;
  readonly charts: Chart[];
  readonly lanes: Lanes;
  readonly reset = h("button", { type: "button", disabled: true }, "Show all");
  readonly live = h("p", { class: "unseen", "aria-live": "polite" });
  private joining = false;

  constructor(readonly data: PageData) {
    this.lanes = new Lanes(data);
    this.charts = data.charts.map((chart) => new Chart(this, chart));
    this.reset.addEventListener("click", () => this.zoomed(...this.whole()));
  }

  private whole(): [number, number] {
    const { axis } = this.data;
    return [axis.start, Math.max(axis.start + 1, axis.end - 1)];
  }

  zoomed(from: number, to: number): void {
    if (this.joining) return;
    this.joining = true;
    for (const chart of this.charts) chart.setRange(from, to);
    this.lanes.show(from, to);
    const whole = this.whole();
    this.reset.disabled = from <= whole[0] && to >= whole[1];
    this.joining = false;
  }

  announce(text: string): void {
    this.live.textContent = text;
  }

  draw(): void {
    this.joining = true;
    for (const chart of this.charts) chart.draw();
    this.joining = false;
    this.zoomed(...this.whole());
  }

  resize(): void {
    for (const chart of this.charts) chart.resize();
  }
}

function scaleToggle(timeline: Timeline): HTMLElement {
  const box = h("input", { type: "checkbox" });
  box.addEventListener("change", () => {
    timeline.logarithmic = box.checked;
    timeline.draw();
  });
  return h("label", {}, box, " Logarithmic response times");
}

function markList(marks: Mark[], span: number): HTMLElement | null {
  if (marks.length === 0) return null;
  const items = marks.map((mark) => h("li", {}, h("strong", {}, moment(mark.t, span)), " ", mark.text));
  return h("ul", { class: "marks", "aria-label": "What went wrong, and when" }, ...items);
}

export function timeline(data: PageData): HTMLElement {
  const all = new Timeline(data);
  const { axis } = data;
  const resolution =
    axis.bin_seconds > 1 ? ` Each point stands for half of ${axis.bin_seconds} seconds; extremes are kept.` : "";
  const tools = h(
    "div",
    { class: "tools" },
    h("span", { class: "quiet" }, `Drag across a chart to zoom all of them, double-click to show all.${resolution}`),
    scaleToggle(all),
    all.reset,
  );
  const element = section(
    "timeline",
    "Timeline",
    tools,
    h("div", { class: "sticky" }, all.lanes.element),
    markList(data.marks, axis.end - axis.start),
    h("div", { class: "charts" }, ...all.charts.map((chart) => chart.element)),
    all.live,
  );
  // Plots need their width, which they have once the section is in the page.
  requestAnimationFrame(() => {
    all.draw();
    new ResizeObserver(() => all.resize()).observe(element);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all.draw());
  element.addEventListener("dblclick", (event) => {
    if ((event.target as Element).closest(".plot")) all.zoomed(axis.start, Math.max(axis.start + 1, axis.end - 1));
  });
  return element;
}
