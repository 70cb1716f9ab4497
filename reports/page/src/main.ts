// The page of one run, top down: the verdict and why, the gates, the timeline, faults, lag, the audit, how to repeat it.

import { audit } from "./audit";
import { readData, type PageData } from "./data";
import { append, h, visible } from "./dom";
import { environment } from "./environment";
import { faults, lag } from "./faults";
import { gates } from "./gates";
import { header } from "./header";
import { timeline } from "./timeline";

function footer(data: PageData): HTMLElement {
  return h(
    "footer",
    {},
    `Tidegate ${data.run.version}. Charts by uPlot 1.6.32, copyright Leon Sorokin, MIT licence. This file loads nothing from elsewhere.`,
  );
}

function show(data: PageData): void {
  const { run, verdict } = data;
  document.title = visible(`${verdict?.verdict ?? "NO VERDICT"} · ${run.title || run.name} · ${run.variant}`);
  const main = document.getElementById("report");
  if (main === null) return;
  append(main, [
    header(data),
    verdict === null ? null : gates(verdict),
    timeline(data),
    faults(data),
    verdict === null ? null : lag(verdict),
    verdict === null ? null : audit(verdict),
    environment(data),
    footer(data),
  ]);
}

show(readData());
