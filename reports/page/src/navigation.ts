// Where on the page one can go: a link for each section that there is.

import { h } from "./dom";

export function navigation(sections: (HTMLElement | null)[]): HTMLElement {
  const links = sections.flatMap((section) => {
    const title = section?.querySelector(":scope > h2")?.textContent;
    if (section === null || section.id === "" || !title) return [];
    return [h("li", {}, h("a", { href: `#${section.id}` }, short[section.id] ?? title))];
  });
  return h("nav", { "aria-label": "Sections of the report" }, h("ul", {}, ...links));
}

const short: Record<string, string> = {
  lag: "Lag",
  distribution: "Distribution",
  audit: "Audit",
  environment: "Reproduce",
  gates: "Gates",
  requests: "Requests",
};
