// The strip above the charts: phases, faults and marks by name, on the charts' own time axis.

import type { PageData } from "./data";
import { h } from "./dom";
import { moment } from "./format";
import { faultRows } from "./shading";
import { name } from "./table";

const labelShare = 0.3; // of the strip's width, kept free for a fault's name

interface Bar {
  element: HTMLElement;
  from: number;
  to: number;
}

export class Lanes {
  readonly element: HTMLElement;
  private readonly bars: Bar[] = [];

  constructor(private readonly data: PageData) {
    const rows = faultRows(data.faults, data.axis.measured_end, (data.axis.end - data.axis.start) * labelShare);
    const faultLanes = Array.from({ length: Math.max(0, ...rows.map((row) => row + 1)) }, () => this.lane("faults"));
    const phases = this.lane("phases");
    for (const phase of data.run.phases) {
      const element = h("span", { class: phase.judged ? "bar phase" : "bar phase unjudged" }, name(phase.name));
      if (!phase.judged) element.append(h("span", { class: "unseen" }, " (not judged)"));
      this.add(phases, element, phase.start, phase.end, phase.judged ? phase.name : `${phase.name}, not judged`);
    }
    data.faults.forEach((fault, i) => {
      const text = fault.target === "" ? fault.name : `${fault.name} · ${fault.target}`;
      const lane = faultLanes[rows[i] ?? 0];
      if (lane)
        this.add(
          lane,
          h("span", { class: "bar fault" }, name(text)),
          fault.injected,
          fault.healed ?? data.axis.measured_end,
          text,
        );
    });
    const lanes = [phases, ...faultLanes].filter((lane) => lane.childElementCount > 0);
    this.element = h("div", { class: "lanes", role: "group", "aria-label": "Phases and faults" }, ...lanes);
    this.show(data.axis.start, data.axis.end);
  }

  private lane(kind: string): HTMLElement {
    return h("div", { class: `lane ${kind}` });
  }

  private add(lane: HTMLElement, element: HTMLElement, from: number, to: number, text: string): void {
    const span = this.data.axis.end - this.data.axis.start;
    element.title = `${text}: ${moment(from, span)} to ${moment(to, span)}`;
    lane.append(element);
    this.bars.push({ element, from, to });
  }

  /** Called with what the charts show after a zoom. */
  show(from: number, to: number): void {
    const span = to - from || 1;
    for (const bar of this.bars) {
      const left = Math.max(0, Math.min(1, (bar.from - from) / span));
      const right = Math.max(0, Math.min(1, (bar.to - from) / span));
      bar.element.hidden = bar.to <= from || bar.from >= to;
      bar.element.classList.toggle("leftward", left > 1 - labelShare && right - left < labelShare);
      bar.element.style.left = `${left * 100}%`;
      bar.element.style.width = `max(4px, ${(right - left) * 100}%)`;
    }
  }
}
