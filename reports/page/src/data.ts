// The data inside the page, as reports/page_data.cpp writes it.

export type Outcome = "PASS" | "WARN" | "FAIL" | "INCONCLUSIVE" | "ERROR" | "NOT ASKED";
export type Word = Outcome | "NOT JUDGED" | "NO VERDICT" | "RUNNING";
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
  /** How often load loops looked at arrivals and answers; 0: whenever there were any. */
  tick_s?: number;
  dropped_iterations: number;
  generator_cpu: number;
  run_queue_wait: number;
  /** Shares of the time of all cores. */
  machine_busy?: number;
  machine_stolen?: number;
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

/** One rate that a capacity search tried; seconds. */
export interface CapacityStep {
  rate: number;
  confirming: boolean;
  from: number;
  to: number;
  outcome: "holds" | "breaks" | "undecided";
  reason: string;
  achieved_per_s: number;
  p50_s: number;
  p99_s: number;
  errors: number;
  lateness_p99_s: number;
}

export interface CapacitySearch {
  block: string;
  /** In the order of their rates. */
  steps: CapacityStep[];
  found: { holds: number; breaks?: number; confirmed: boolean; generator_limit: boolean } | null;
}

export interface Mark {
  t: number;
  text: string;
}

/** Of one distribution; seconds. */
export interface Quantiles {
  count: number;
  mean: Maybe;
  min: Maybe;
  p50: Maybe;
  p90: Maybe;
  p95: Maybe;
  p99: Maybe;
  "p99.9": Maybe;
  max: Maybe;
}

/** [1 / (1 - share), seconds] */
export type Curve = [number, number][];

export interface Step {
  name: string;
  /** False: a poll step, which has no service time. */
  request: boolean;
  rate: Maybe;
  failed: number;
  statuses: [string, number][];
  response: Quantiles;
  service: Quantiles;
  response_curve: Curve;
  service_curve: Curve;
}

/** Per chart, columns of [number, row, count, row, count, …]; row r begins at 2^(r/4) microseconds. */
export interface Heat {
  start: number;
  seconds: number;
  charts: Record<string, number[][]>;
}

export interface Operation {
  t: number;
  event: string;
  kind: string;
  key: string;
  id?: string;
  attempt: number;
  status: number;
  amount?: number;
  currency?: string;
}

/** What the harness did to one payment, and what the system's exports say about it. */
export interface Life {
  operations: Operation[];
  exports: Record<string, unknown[]>;
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
  /** What it means when there is nothing to draw. */
  empty: string;
  lines: Line[];
}

/** What customers saw in the windows of one fault. */
export interface Review {
  fault: string;
  windows: { name: string; from: number; to: number }[];
  rows: { label: string; unit: string; values: Maybe[] }[];
}

export interface PageData {
  kind?: "run";
  run: Run;
  directory: string;
  verdict: Verdict | null;
  cut_short: string | null;
  notices: string[];
  faults: FaultSpan[];
  marks: Mark[];
  events: Mark[];
  searches: CapacitySearch[];
  /** `measured_end`: one past the last second with data; a run that was killed ends before its plan. */
  axis: { start: number; end: number; bin_seconds: number; measured_end: number };
  time: number[];
  charts: ChartData[];
  heat: Heat;
  steps: Step[];
  /** One per fault of the verdict. */
  reviews: Review[];
  /** Per finding of the audit, per counterexample. */
  lives: Life[][];
  /** The run goes on, and the page follows it. */
  live: boolean;
}

/** One gate in one run of a history. */
export interface HistoryPoint {
  run: number;
  outcome: Outcome;
  value: Maybe;
  limit: Maybe;
  interval: [number, number] | null;
}

export interface ChangePoint {
  /** Index into `points` of the first value after the change. */
  at: number;
  before: number;
  after: number;
  p: number;
}

export interface Trend {
  name: string;
  during: string;
  kind: string;
  unit: string;
  comparison: string;
  points: HistoryPoint[];
  changes: ChangePoint[];
}

export interface HistoryRun {
  directory: string;
  name: string;
  variant: string;
  profile: string;
  started_at: string;
  version: string;
  seed: string;
  verdict: Word;
  reasons: string[];
  machine: string;
}

export interface HistoryData {
  kind: "history";
  version: string;
  runs: HistoryRun[];
  trends: Trend[];
  notices: string[];
}

export interface ComparedRun {
  label: string;
  data: PageData;
}

export interface CompareData {
  kind: "compare";
  version: string;
  runs: ComparedRun[];
  notices: string[];
}

export type AnyData = PageData | HistoryData | CompareData;

export function readData(): AnyData {
  const element = document.getElementById("tidegate-data");
  return JSON.parse(element?.textContent ?? "") as AnyData;
}
