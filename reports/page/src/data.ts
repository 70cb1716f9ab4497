// The data inside the page, as reports/page_data.cpp writes it.

export type Outcome = "PASS" | "WARN" | "FAIL" | "INCONCLUSIVE" | "ERROR" | "NOT ASKED";
export type Word = Outcome | "NOT JUDGED" | "NO VERDICT";
type Maybe = number | null;

export interface Gate {
  name: string;
  kind: string;
  during: string;
  outcome: Outcome;
  value: Maybe;
  limit: Maybe;
  comparison: string;
  unit: string;
  interval: [number, number] | null;
  confidence: number;
  samples: number;
  reason: string;
}

export interface FaultResult {
  name: string;
  kind: string;
  target: string;
  injected_s: number;
  healed_s: Maybe;
  hits: number;
  time_to_detect_s: Maybe;
  time_to_recover_s: Maybe;
  outcome: Outcome;
  reason: string;
}

export interface Finding {
  checker: string;
  outcome: "true" | "false" | "unknown";
  checked: number;
  reason: string;
  violations: number;
  counterexamples: unknown[];
}

export interface Validity {
  outcome: Outcome;
  offered_per_s: number;
  achieved_per_s: number;
  lateness_p99_s: number;
  dropped_iterations: number;
  generator_cpu: number;
  run_queue_wait: number;
  reasons: string[];
}

export interface Lag {
  group: string;
  topic: string;
  max_age_s: number;
  p99_age_s: number;
  max_records: number;
}

export type Scale = Record<string, { rate: number; time: number }>;

export interface Verdict {
  verdict: Word;
  exit_code: number;
  reasons: string[];
  scale: Scale;
  validity: Validity;
  gates: Gate[];
  faults: FaultResult[];
  audit: Finding[];
  lag: Lag[];
}

export interface Phase {
  name: string;
  start: number;
  end: number;
  judged: boolean;
}

export interface Run {
  name: string;
  title: string;
  description: string;
  variant: string;
  command: string;
  seed: string;
  version: string;
  started_at: string;
  ended_s: Maybe;
  profile: string;
  overrides: string[];
  groups: string[];
  phases: Phase[];
  scale: Scale;
  machine: { cpu_model: string; kernel: string; os: string; cores: number; memory_bytes: number };
  scenario_path: string;
  scenario: string;
}

/** One injection of a fault, as the event log tells it. */
export interface FaultSpan {
  name: string;
  kind: string;
  target: string;
  injected: number;
  healed: Maybe;
  hits: number;
  failure: string;
}

export interface Mark {
  t: number;
  text: string;
}

export interface Line {
  label: string;
  role: string;
  values: Maybe[];
}

export interface ChartData {
  id: string;
  title: string;
  unit: string;
  note: string;
  lines: Line[];
}

export interface PageData {
  run: Run;
  directory: string;
  verdict: Verdict | null;
  cut_short: string | null;
  notices: string[];
  faults: FaultSpan[];
  marks: Mark[];
  /** `measured_end`: one past the last second with data; a run that was killed ends before its plan. */
  axis: { start: number; end: number; bin_seconds: number; measured_end: number };
  time: number[];
  charts: ChartData[];
}

export function readData(): PageData {
  const element = document.getElementById("tidegate-data");
  return JSON.parse(element?.textContent ?? "") as PageData;
}
