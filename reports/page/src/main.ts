// The page of one run, top down: the verdict and why, the gates, the timeline, faults, distributions, the audit, how to
// repeat it. The same file shows a run that goes on, several runs over each other, and the history of many.

import { audit } from "./audit";
import { capacity } from "./capacity";
import { comparePage } from "./compare";
import { readData, type PageData } from "./data";
import { distribution } from "./distribution";
import { append, h, visible, type Child } from "./dom";
import { environment } from "./environment";
import { faults, lag } from "./faults";
import { redrawFigures } from "./figure";
import { gates } from "./gates";
import { header } from "./header";
import { historyPage } from "./history";
import { follow } from "./live";
import { navigation } from "./navigation";
import { requests } from "./requests";
import { review } from "./review";
import { Timeline } from "./timeline";

function footer(version: string): HTMLElement {
  return h(
    "footer",
    {},
    `Tidegate ${version}. Charts by uPlot 1.6.32, copyright Leon Sorokin, MIT licence. This file loads nothing from elsewhere.`,
  );
}

/** The sections of a run, each by its key, so that a live page can replace one without the others. */
class RunPage {
  private readonly timeline: Timeline;
  private readonly sections = new Map<string, HTMLElement>();

  constructor(
    private readonly main: HTMLElement,
    data: PageData,
  ) {
    this.timeline = new Timeline(data);
    main.replaceChildren(...main.querySelectorAll(":scope > .skip"));
    this.fill(data);
  }

  private parts(data: PageData): [string, HTMLElement | null][] {
    const { verdict } = data;
    return [
      ["header", header(data)],
      ["gates", verdict === null ? null : gates(verdict)],
      ["timeline", this.timeline.element],
      ["faults", faults(data)],
      ["review", review(data, (from, to) => this.timeline.show(from, to))],
      ["lag", verdict === null ? null : lag(verdict)],
      ["distribution", data.live ? null : distribution(data)],
      ["capacity", data.live ? null : capacity(data)],
      ["requests", requests(data)],
      ["audit", verdict === null ? null : audit(data, verdict)],
      ["environment", environment(data)],
      ["footer", footer(data.run.version)],
    ];
  }

  private fill(data: PageData): void {
    const parts = this.parts(data);
    const elements = parts.map(([, element]) => element);
    append(this.main, [navigation(elements), ...elements]);
    for (const [key, element] of parts) if (element !== null) this.sections.set(key, element);
    document.title = titleOf(data);
  }

  draw(): void {
    this.timeline.draw();
  }

  /** A section that somebody is in (focus, an open table) is left as it is until the next time. */
  update(data: PageData): void {
    this.timeline.update(data);
    document.title = titleOf(data);
    for (const [key, element] of this.parts(data)) {
      if (key === "timeline" || key === "environment" || key === "footer" || element === null) continue;
      const old = this.sections.get(key);
      if (old === undefined) {
        this.main.insertBefore(element, this.sections.get("environment") ?? null);
      } else {
        if (old.contains(document.activeElement) || old.querySelector("details[open]") !== null) continue;
        old.replaceWith(element);
      }
      this.sections.set(key, element);
    }
  }
}

function titleOf(data: PageData): string {
  const { run, verdict } = data;
  const word = verdict?.verdict ?? (data.live ? "RUNNING" : "NO VERDICT");
  return visible(`${word} · ${run.title || run.name} · ${run.variant}`);
}

let page: RunPage | undefined;

function showRun(main: HTMLElement, data: PageData): void {
  page = new RunPage(main, data);
  if (!data.live) return;
  follow({
    update: (next) => page?.update(next),
    finish: (last) => (page = new RunPage(main, last)),
  });
}

function showPage(main: HTMLElement, title: string, version: string, parts: Child[]): void {
  document.title = visible(title);
  append(main, [navigation(parts.filter((part): part is HTMLElement => part instanceof HTMLElement)), ...parts, footer(version)]);
}

function show(): void {
  const main = document.getElementById("report");
  if (main === null) return;
  const data = readData();
  if (data.kind === "history") {
    showPage(main, `History · ${data.runs[0]?.name ?? ""}`, data.version, historyPage(data));
  } else if (data.kind === "compare") {
    showPage(main, `Comparison · ${data.runs[0]?.data.run.name ?? ""}`, data.version, comparePage(data));
  } else {
    showRun(main, data);
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    redrawFigures();
    page?.draw();
  });
  // Two frames on, everything is drawn and answers.
  requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("tidegate-interactive")));
}

show();
