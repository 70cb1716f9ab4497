// Colours of the charts, read from the style sheet so that light, dark and print agree with the page.

import type { Line } from "./data";

export interface LineStyle {
  colour: string;
  width: number;
  dash?: number[];
  fill?: boolean;
  hidden?: boolean;
}

function property(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The palette by number; beyond it the muted colour of reference lines. */
export function lineColour(index: number): string {
  return property(palette[index] ?? "--muted");
}

export function heatColour(): string {
  return property("--heat");
}

export interface Theme {
  text: string;
  grid: string;
  axis: string;
  fault: string;
  faultText: string;
  unjudged: string;
  phase: string;
  mark: string;
}

export function theme(): Theme {
  return {
    text: property("--muted"),
    grid: property("--grid"),
    axis: property("--axis"),
    fault: property("--fault"),
    faultText: property("--fault-text"),
    unjudged: property("--unjudged"),
    phase: property("--axis"),
    mark: property("--bad"),
  };
}

// Okabe and Ito's palette, which keeps apart for all kinds of colour vision; dashes tell the lines apart without colour.
const palette = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6"];
const dashes: (number[] | undefined)[] = [undefined, [8, 4], [2, 3]];

const roles: Record<string, Omit<LineStyle, "colour"> & { colour: string }> = {
  planned: { colour: "--muted", width: 1, dash: [3, 4] },
  offered: { colour: "--c5", width: 4 },
  achieved: { colour: "--c1", width: 1.75 },
  dropped: { colour: "--c4", width: 2, dash: [8, 4] },
  p50: { colour: "--c5", width: 1.75 },
  p90: { colour: "--c1", width: 1.75 },
  p99: { colour: "--c2", width: 2.25 },
  "p99.9": { colour: "--c4", width: 1.75, dash: [8, 4] },
  max: { colour: "--muted", width: 1, dash: [2, 3], hidden: true },
};

export function lineStyle(line: Line, index: number): LineStyle {
  const role = Object.prototype.hasOwnProperty.call(roles, line.role) ? roles[line.role] : undefined;
  if (role !== undefined) return { ...role, colour: property(role.colour) };
  const dash = dashes[Math.floor(index / palette.length) % dashes.length];
  const style: LineStyle = { colour: property(palette[index % palette.length]!), width: 2 };
  return dash === undefined ? style : { ...style, dash };
}
