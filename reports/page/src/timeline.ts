// All charts on one time axis: joined cursors, joined zoom, phases and faults above them.

import type { Mark, PageData } from "./data";
import { Chart, type ChartHost } from "./chart";
import { h, section } from "./dom";
import { eventTable } from "./events";
import { moment } from "./format";
import { Lanes } from "./lanes";
import { later, never } from "./later";

export class Timeline implements ChartHost {
  logarithmic = false;
  heat = false;
  readonly element: HTMLElement;
  private charts: Chart[] = [];
  private lanes: Lanes;
  private readonly sticky = h("div", { class: "sticky" });
  private readonly list = h("div", { class: "charts" });
  private readonly behind = h("div", {});
  private readonly reset = h("button", { type: "button", disabled: true }, "Show all");
  private readonly spoken = h("p", { class: "unseen", "aria-live": "polite" });
  private joining = false;
  private range: [number, number];

  constructor(public data: PageData) {
    this.range = this.whole();
    this.lanes = new Lanes(data);
    this.reset.addEventListener("click", () => this.zoomed(...this.whole()));
    this.element = section("timeline", "Timeline", this.tools(), this.sticky, this.list, this.behind, this.spoken);
    this.element.addEventListener("dblclick", (event) => {
      if ((event.target as Element).closest(".plot")) this.zoomed(...this.whole());
    });
    this.fill();
    // Plots need their width, which they have once the section is in the page.
    requestAnimationFrame(() => {
      this.draw();
      new ResizeObserver(() => this.resize()).observe(this.element);
    });
  }

  private fill(): void {
    for (const chart of this.charts) {
      never(chart);
      chart.destroy();
    }
    this.charts = this.data.charts.map((chart) => new Chart(this, chart));
    this.list.replaceChildren(...this.charts.map((chart) => chart.element));
    this.surround();
  }

  /** What changes with events: the strip of phases and faults, the marks, the table. */
  private surround(): void {
    this.lanes = new Lanes(this.data);
    this.lanes.show(...this.range);
    this.sticky.replaceChildren(this.lanes.element);
    const marks = markList(this.data.marks, this.data.axis.end - this.data.axis.start);
    const table = eventTable(this.data);
    this.behind.replaceChildren(...[marks, table].filter((one): one is HTMLElement => one !== null));
  }

  /** What a run that goes on has to say. A zoom stays; a page that shows everything goes on doing so. */
  update(data: PageData): void {
    const everything = this.showsAll();
    this.data = data;
    const same =
      this.charts.length === data.charts.length && this.charts.every((chart, i) => chart.fits(data.charts[i]!));
    if (everything) this.range = this.whole();
    if (same) {
      this.charts.forEach((chart, i) => chart.update(data.charts[i]!));
      this.surround();
    } else {
      this.fill();
      this.draw();
    }
    this.zoomed(...this.range);
  }

  private whole(): [number, number] {
    const { axis } = this.data;
    return [axis.start, Math.max(axis.start + 1, axis.end - 1)];
  }

  private showsAll(): boolean {
    const whole = this.whole();
    return this.range[0] <= whole[0] && this.range[1] >= whole[1];
  }

  zoomed(from: number, to: number): void {
    if (this.joining) return;
    this.joining = true;
    this.range = [from, to];
    for (const chart of this.charts) chart.setRange(from, to);
    this.lanes.show(from, to);
    this.reset.disabled = this.showsAll();
    this.joining = false;
  }

  /** From elsewhere on the page: shows these seconds, and brings the timeline into view. */
  show(from: number, to: number): void {
    this.zoomed(from, to);
    this.element.scrollIntoView();
  }

  announce(text: string): void {
    this.spoken.textContent = text;
  }

  /** What the reader looks at first; the rest as soon as the page has nothing else to do. */
  draw(): void {
    const range = this.range;
    // All are measured before the first is drawn: each drawing would make the browser lay the page out anew.
    const places = this.charts.map((chart) => chart.place());
    this.charts.forEach((chart, i) => {
      if (places[i]!.seen) this.drawOne(chart, places[i]!.width);
      else later(chart, () => this.drawOne(chart, places[i]!.width));
    });
    this.zoomed(...range);
  }

  private drawOne(chart: Chart, width: number): void {
    never(chart);
    const range = this.range;
    this.joining = true;
    chart.draw(width);
    chart.setRange(...range);
    this.joining = false;
  }

  private resize(): void {
    const places = this.charts.map((chart) => chart.place());
    this.charts.forEach((chart, i) => chart.resize(places[i]!.width));
  }

  private tools(): HTMLElement {
    const { axis } = this.data;
    const resolution =
      axis.bin_seconds > 1 ? ` Each point stands for half of ${axis.bin_seconds} seconds; extremes are kept.` : "";
    return h(
      "div",
      { class: "tools" },
      h("span", { class: "quiet" }, `Drag across a chart to zoom all of them, double-click to show all.${resolution}`),
      this.toggle("Heatmap", (on) => (this.heat = on)),
      this.toggle("Logarithmic response times", (on) => (this.logarithmic = on)),
      this.reset,
    );
  }

  private toggle(label: string, set: (on: boolean) => void): HTMLElement {
    const box = h("input", { type: "checkbox" });
    box.addEventListener("change", () => {
      set(box.checked);
      this.draw();
    });
    return h("label", {}, box, ` ${label}`);
  }
}

function markList(marks: Mark[], span: number): HTMLElement | null {
  if (marks.length === 0) return null;
  const items = marks.map((mark) => h("li", {}, h("strong", {}, moment(mark.t, span)), " ", mark.text));
  return h("ul", { class: "marks", "aria-label": "What went wrong, and when" }, ...items);
}
