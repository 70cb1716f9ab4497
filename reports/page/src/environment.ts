// How to run it again, and on what it ran.

import type { PageData } from "./data";
import { h, section } from "./dom";
import { bytes } from "./format";
import { name } from "./table";

function copyButton(text: string, source: HTMLElement): HTMLElement {
  const button = h("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", () => {
    const select = () => getSelection()?.selectAllChildren(source);
    const done = () => {
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 1500);
    };
    // A page from disk may have no clipboard; then the text is selected, ready for the keyboard.
    if (navigator.clipboard === undefined) select();
    else navigator.clipboard.writeText(text).then(done, select);
  });
  return button;
}

export function environment(data: PageData): HTMLElement {
  const { run } = data;
  const command = h("code", { tabindex: 0 }, run.command);
  const entries: [string, string][] = [
    ["Seed", run.seed],
    ["Overrides", run.overrides.join(", ")],
    ["Scenario file", run.scenario_path],
    ["Run directory", data.directory],
    ["Tidegate", run.version],
    ["Processor", `${run.machine.cpu_model}${run.machine.cpu_model === "" ? "" : ", "}${run.machine.cores} cores`],
    ["Memory", run.machine.memory_bytes === 0 ? "" : bytes(run.machine.memory_bytes)],
    ["System", [run.machine.os, run.machine.kernel].filter((part) => part !== "").join(", ")],
    ["Consumer groups", run.groups.join(", ")],
  ];
  const list = h("dl", { class: "environment" });
  for (const [label, value] of entries) {
    if (value !== "") list.append(h("dt", {}, label), h("dd", {}, name(value)));
  }
  const scenario =
    run.scenario === ""
      ? null
      : h("details", {}, h("summary", {}, "Scenario as it ran"), h("pre", { tabindex: 0 }, run.scenario));
  const reproduce =
    run.command === "" ? null : h("div", { class: "command" }, command, copyButton(run.command, command));
  return section("environment", "Environment and how to reproduce", reproduce, list, scenario);
}
