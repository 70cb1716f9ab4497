// Quantities as people read them: three significant digits and a unit.

const thin = "\u202f"; // narrow no-break space between a number and its unit

function threeDigits(value: number): string {
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1000) return grouped(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

export function grouped(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

const timeUnits: [number, string][] = [
  [1e-6, "µs"],
  [1e-3, "ms"],
  [1, "s"],
  [60, "min"],
  [3600, "h"],
];

export function seconds(value: number): string {
  if (value === 0) return `0${thin}s`;
  const magnitude = Math.abs(value);
  let chosen = timeUnits[0]!;
  for (const unit of timeUnits) {
    const from = unit[0] === 60 ? 120 : unit[0] === 3600 ? 7200 : unit[0];
    if (magnitude >= from * 0.9995) chosen = unit;
  }
  return threeDigits(value / chosen[0]) + thin + chosen[1];
}

export function share(value: number): string {
  const percent = value * 100;
  const rest = Math.min(Math.abs(percent), Math.abs(100 - percent));
  const digits = rest >= 1 || rest === 0 ? 2 : Math.min(6, 2 - Math.floor(Math.log10(rest)));
  return String(Number(percent.toFixed(digits))) + thin + "%";
}

export function rate(value: number): string {
  return threeDigits(value) + "/s";
}

export function bytes(value: number): string {
  const steps = ["B", "KiB", "MiB", "GiB", "TiB"];
  let step = 0;
  while (value >= 1024 && step < steps.length - 1) {
    value /= 1024;
    ++step;
  }
  return threeDigits(value) + thin + steps[step]!;
}

/** In the unit of a gate or a chart; an en dash when there is none. */
export function quantity(value: number | null, unit: string): string {
  if (value === null) return "–";
  switch (unit) {
    case "s":
      return seconds(value);
    case "share":
      return share(value);
    case "1/s":
      return rate(value);
    case "":
    case "count":
      return threeDigits(value);
    default:
      return threeDigits(value) + thin + unit;
  }
}

/** The marks of a value axis, all in the unit that suits the greatest. */
export function axisValues(ticks: (number | null)[], unit: string): string[] {
  const greatest = Math.max(0, ...ticks.map((tick) => Math.abs(tick ?? 0)));
  const [size, unitName] = greatest >= 1 ? [1, "s"] : greatest >= 1e-3 ? [1e-3, "ms"] : [1e-6, "µs"];
  return ticks.map((tick) => {
    if (tick === null) return "";
    if (tick === 0) return "0";
    if (unit === "s") return String(Number((tick / size).toPrecision(6))) + thin + unitName;
    return unit === "share" || unit === "1/s" ? quantity(tick, unit) : threeDigits(tick);
  });
}

/** The marks of a logarithmic axis: each in its own unit, and only those that begin a decade. */
export function decadeValues(ticks: (number | null)[], unit: string): string[] {
  return ticks.map((tick) => {
    if (tick === null || tick <= 0) return "";
    const log = Math.log10(tick);
    return Math.abs(log - Math.round(log)) < 1e-9 ? quantity(Number(tick.toPrecision(3)), unit) : "";
  });
}

/** A moment on the run clock: `16 s`, `-0.5 s`, `12:30`, `1:02:30`. */
export function moment(value: number, span: number): string {
  if (span <= 180) return String(Number(value.toFixed(value % 1 === 0 ? 0 : 1))) + thin + "s";
  const sign = value < 0 ? "-" : "";
  const whole = Math.round(Math.abs(value));
  const two = (n: number) => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (span < 7200) return `${sign}${minutes}:${two(whole % 60)}`;
  return `${sign}${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

export function factor(value: number): string {
  return "×" + String(Number(value.toPrecision(3)));
}
