"""The reference platform at the rates of its table "How fast", and what a payment costs each role.

    ./dev bench platform            60 s a row, some ten minutes in all
    ./dev bench platform --full     ten minutes a row for the first three
    ./dev bench platform --only payments,reads,reconciliation
    ./dev bench platform --soak 120   so many minutes at half the peak: what stays flat? (platform_soak.py)

Load, latency, lag and the audit are the harness's own (`tidegate run` of tests/bench/platform/*.yaml). CPU and bytes
written are read from /proc while it runs, from the start of load until every group has caught up (the audit comes after
that), and divided by the payments acknowledged. The same cores take half as much again on another day of a shared host,
so each row says how long a fixed piece of work took just before it, and how busy the cores were. Nothing here fails on a
figure. Each row that was played to its end is stored in build/bench/platform-FORM.json at once, and compared with the
one before it.
"""

import argparse
import csv
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from platform_watch import Watch

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("TIDEGATE_BIN", SOURCE / "build/release/bin"))
HERE = SOURCE / "tests/bench/platform"
EVERY_ROLE = SOURCE / "compose/local/embedded.yaml"
PAYMENTS = SOURCE / "compose/local/payments.yaml"
TARGET_TPS = 112_000     # the 1K-to-100K case
CORES_PER_MACHINE = 16
USABLE = 0.6             # of a core, at the rate to be carried
MOST_SHARDS = 16         # of one gateway
NOT_OURS = ("harness", "bank-simulator", "broker")  # a real stack has a bank, and Kafka
RECONCILED_ROWS = 20_000_000
YARDSTICK_ROWS = 2_000_000  # reconciled before each row: memory, disk and computing, as a payment needs them
STORED = SOURCE / "build/bench"

# row: scenario, stack of its own, seconds of each form, what to set, what it must reach
ROWS = {
    "payments": ("common.yaml", None, {"short": 60, "full": 600}, {"rate": "5000/s", "ack": "380ms"},
                 "5,000/s acknowledged, p99 < 380 ms, lag < 30 s, drained within 30 s"),
    "repeats": ("common.yaml", None, {"short": 60, "full": 600}, {"rate": "11200/s", "repeat": "60.7%", "ack": "89ms"},
                "11,200 requests/s, 60.7 % repeats, p99 < 89 ms"),
    "every_role": ("common.yaml", EVERY_ROLE, {"short": 60, "full": 600}, {"rate": "2400/s", "ack": "380ms"},
                   "2,400/s with every role"),
    "reads": ("reads.yaml", None, {"short": 20, "full": 60}, {},
              "status p95 < 2 ms, key p95 < 10 ms at 1,000/s, debit p99 < 8 ms at 200/s"),
}


def events(out):
    return [json.loads(line) for line in (out / "events.ndjson").read_text().splitlines()[1:]]  # the first names the format


def lag_by_group(out):
    """Group to {second: its age in seconds, of the worst partition}."""
    table = out / "series.csv"
    # Its exit code is the verdict's.
    subprocess.run([BIN / "tidegate", "report", out, "--format", "csv", "--output", table], capture_output=True, timeout=900)
    lag = {}
    with open(table, newline="") as lines:
        for row in csv.DictReader(lines):
            second = int(row["second"])
            if row["metric"] != "lag_age" or second < 0:
                continue
            seconds = lag.setdefault(dict(tag.split("=", 1) for tag in row["tags"].split(";"))["group"], {})
            seconds[second] = max(seconds.get(second, 0.0), float(row["value"]))
    return lag


def caught_up(happened, lag):
    """The second, on the run clock, at which the load's work was done: it has ended, and no group is behind any more."""
    ended = next((event["t"] for event in happened if event["event"] == "load_ended"), None)
    drained = next((event["t"] for event in happened if event["event"] == "drain_ended"), math.inf)
    if ended is None:
        return drained
    behind = [second for seconds in lag.values() for second, age in seconds.items() if second >= ended and age > 0]
    return min(max(behind, default=ended) + 2, drained)


def costs(watch, happened, payments, since, until):
    """Per process: CPU and KiB per payment, and the share of its busiest thread, between two moments of the wall clock."""
    names = {event["pid"]: event["process"] for event in happened if event["event"] == "process_started"}
    names[watch.harness.pid] = "harness"
    samples = [sample for at, sample in watch.samples if since <= at <= until]
    table = {}
    for pid, begin in (samples[0] if samples else {}).items():  # none: it failed before any load
        if pid not in names:
            continue
        end = next(sample[pid] for sample in reversed(samples) if pid in sample)
        busiest = max(end["busiest"][thread] - begin["busiest"].get(thread, 0) for thread in end["busiest"])
        table[names[pid]] = {"cpu_us": 1e6 * (end["cpu"] - begin["cpu"]) / payments,
                             "kib_written": (end["written"] - begin["written"]) / 1024 / payments,
                             "busiest_thread_us": 1e6 * busiest / payments}
    return table


def play(row, seconds, more=None):
    """One row. `more(out, watch, result)` sees the run before it is gone."""
    scenario, stack, _, variables, wanted = row
    yardstick = reconcile(YARDSTICK_ROWS, kills=0)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
    out = scratch / "run"
    command = [BIN / "tidegate", "run", HERE / scenario, "--out", out, "--quiet", "--set", f"measure={seconds}s"]
    for key, value in variables.items():
        command += ["--set", f"{key}={value}"]
    if stack:
        command += ["--stack", stack]
    limit = 2 * seconds + 300  # an audit takes a third of its load's time
    with open(scratch / "output", "w") as output:
        harness = subprocess.Popen([str(part) for part in command], stdout=output, stderr=subprocess.STDOUT)
    try:
        watch = Watch(harness, out)
        watch.start()
        harness.wait(limit)
        watch.join()
        if not (out / "verdict.json").exists():
            return {"wanted": wanted, "verdict": "ERROR", "reasons": [(scratch / "output").read_text()[-500:]]}
        result = result_of(out, watch, wanted)
        result["yardstick_s"] = yardstick.get("seconds")
        if more:
            more(out, watch, result)
        return result
    except subprocess.TimeoutExpired:
        return {"wanted": wanted, "verdict": "ERROR", "reasons": [f"still running after {limit} s"]}
    finally:
        if harness.poll() is None:
            harness.terminate()
            try:
                harness.wait(30)
            except subprocess.TimeoutExpired:
                harness.kill()
        if os.environ.get("TIDEGATE_BENCH_KEEP"):
            print(f"kept: {out}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)


def result_of(out, watch, wanted):
    verdict = json.loads((out / "verdict.json").read_text())
    origin = json.loads((out / "run.json").read_text())["unix_origin_s"]
    happened = events(out)
    drained = next((event for event in happened if event["event"] == "drain_ended"), {})
    lag = lag_by_group(out)
    payments = max(1, watch.counter("routing_decisions_total") - watch.counter("idempotent_replays_total"))
    decisions = max(1, watch.counter("routing_decisions_total"))
    return {
        "wanted": wanted,
        "verdict": verdict["verdict"],
        "reasons": verdict["reasons"],
        "whole": not {"interrupted", "aborted", "harness_error"} & {event["event"] for event in happened},
        "offered_per_s": verdict["validity"]["offered_per_s"],
        "achieved_per_s": verdict["validity"]["achieved_per_s"],
        "lateness_p99_s": verdict["validity"]["lateness_p99_s"],
        "machine_busy": verdict["validity"]["machine_busy"],
        "machine_stolen": verdict["validity"]["machine_stolen"],
        "gates": {gate["name"]: {key: gate[key] for key in ("outcome", "value", "limit", "reason")} for gate in verdict["gates"]},
        "ready_s": next((event["seconds"] for event in happened if event["event"] == "stack_ready"), None),
        "drained": drained.get("drained"), "drained_s": drained.get("seconds"), "reading_s": drained.get("reading_seconds"),
        "refilled": watch.count.get("inbox_refilled_total"),
        "lag_s": {group: [seconds[second] for second in sorted(seconds)] for group, seconds in lag.items()},
        "routing": {"decisions": decisions, "mean_us": watch.counter("routing_decision_nanoseconds_total") / decisions / 1e3,
                    "above_5ms": watch.counter("routing_decisions_above_5ms_total")},
        "payments": payments,
        "per_payment": costs(watch, happened, payments, origin, origin + caught_up(happened, lag)),
    }


def machines(table):
    """What 112,000 payments/s take at these costs, on machines of 16 cores used to 60 %."""
    cores = {role: TARGET_TPS * cost["cpu_us"] / 1e6 / USABLE for role, cost in table.items() if role not in NOT_OURS}
    threads = {role: TARGET_TPS * cost["busiest_thread_us"] / 1e6 / USABLE for role, cost in table.items() if role not in NOT_OURS}
    shards = math.ceil(threads.pop("gateway", 0))
    partitions = 20 * math.ceil(max(threads.values(), default=0) / 20)
    return {"cores": {role: round(value, 1) for role, value in cores.items()}, "total_cores": round(sum(cores.values())),
            "machines": math.ceil(sum(cores.values()) / CORES_PER_MACHINE), "shards": shards, "partitions": partitions}


def show_machines(name, found):
    print(f"\n112,000 payments/s with the roles of {name}: {found['total_cores']} cores on {found['machines']} machines, "
          f"{found['partitions']} partitions, {found['shards']} shards"
          + (f" (more than the {MOST_SHARDS} of one gateway)" if found["shards"] > MOST_SHARDS else "")
          + "; beside the bank and Kafka, which are not the platform's\n  "
          + ", ".join(f"{role} {value}" for role, value in found["cores"].items()), flush=True)


def reconcile(rows, kills):
    scratch = tempfile.mkdtemp(prefix="tidegate-bench-")
    try:
        done = subprocess.run([BIN / "reconcile-bench", scratch, str(rows), str(kills)], capture_output=True, text=True, timeout=900)
        said = done.stdout.strip().splitlines()[-1:] or [done.stderr[-300:]]
        took = re.match(r"\d+ rows: ([\d.]+) s", said[0])
        return {"whole": True, "exact": done.returncode == 0, "said": said, "seconds": float(took[1]) if took else None}
    except subprocess.TimeoutExpired:
        return {"whole": False, "exact": False, "said": ["still running after 900 s"]}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def show(name, row):
    print(f"\n{name}: {row['wanted']}\n  {row['verdict']}" + "".join(f"\n  {reason[:200]}" for reason in row["reasons"][:4]))
    if "gates" not in row:
        return
    print(f"  offered {row['offered_per_s']:,.0f}/s, achieved {row['achieved_per_s']:,.0f}/s; ready in {row['ready_s'] or math.nan:.2f} s; "
          f"drained {row['drained']} in {row['drained_s']} s, of which reading exports {row['reading_s']} s")
    for gate, said in row["gates"].items():
        print(f"  {gate:<12} {said['outcome']:<13} {said['reason'][:110]}")
    print("  highest lag: " + ", ".join(f"{group} {max(ages, default=0):.1f} s" for group, ages in sorted(row["lag_s"].items()))
          + f"; {row['refilled'] or 0:,.0f} events or more came from outboxes instead of the bus")
    print(f"  the machine: {YARDSTICK_ROWS:,} rows reconciled in {row['yardstick_s'] or math.nan:.2f} s before it; "
          f"{100 * row['machine_busy']:.0f} % busy under load, {100 * row['machine_stolen']:.1f} % given to others by its host")
    routing = row["routing"]
    print(f"  routing: {routing['decisions']:,.0f} decisions, mean {routing['mean_us']:.1f} us, {routing['above_5ms']:,.0f} over 5 ms")
    print(f"  {'role':<16} {'us CPU':>8} {'KiB':>7} {'busiest thread, us':>19}")
    for role, cost in sorted(row["per_payment"].items(), key=lambda item: -item[1]["cpu_us"]):
        print(f"  {role:<16} {cost['cpu_us']:>8.1f} {cost['kib_written']:>7.1f} {cost['busiest_thread_us']:>19.1f}")
    print(f"  {'all':<16} {sum(cost['cpu_us'] for cost in row['per_payment'].values()):>8.1f}", flush=True)


def ratios(before, after):
    """What a row measured, over what the row before it did."""
    def figures(row):
        table = row.get("per_payment", {})
        found = {f"{role} CPU": cost["cpu_us"] for role, cost in table.items()}
        if table:
            found |= {"CPU": sum(cost["cpu_us"] for cost in table.values()), "KiB": sum(cost["kib_written"] for cost in table.values())}
        if row.get("yardstick_s"):
            found |= {"the machine's time": row["yardstick_s"]}
        found |= {gate: said["value"] for gate, said in row.get("gates", {}).items() if isinstance(said["value"], (int, float))}
        ages = [age for ages in row.get("lag_s", {}).values() for age in ages]
        return found | ({"highest lag": max(ages)} if ages else {}) | ({"drain": row["drained_s"]} if row.get("drained_s") else {})

    was, now = figures(before), figures(after)
    return {name: now[name] / was[name] for name in now if was.get(name)}


def store(form, name, row):
    """Beside the other rows of that form. What was not played to its end is no result."""
    file = STORED / f"platform-{form}.json"
    before = json.loads(file.read_text()) if file.exists() else {}
    if not row.get("whole"):
        print(f"  not stored: {name} was not played to its end")
        return
    found = ratios(before.get(name, {}), row)
    if found:
        print(f"  against the last result: " + ", ".join(f"{what} {ratio:.2f} x" for what, ratio in found.items()), flush=True)
    elif "said" in before.get(name, {}):
        print(f"  the last result: {before[name]['said']}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**before, name: row}, indent=2) + "\n")


def options_of(arguments):
    parser = argparse.ArgumentParser(prog="./dev bench platform", description=__doc__.split("\n\n")[0])
    rows = [*ROWS, "reconciliation"]
    parser.add_argument("--full", action="store_true", help="ten minutes a row")
    parser.add_argument("--only", type=lambda text: text.split(","), default=rows, metavar="ROW,…", help=f"of {', '.join(rows)}")
    parser.add_argument("--soak", type=int, metavar="MINUTES", help="instead of the table: at half the peak, what stays flat?")
    options = parser.parse_args(arguments)
    for name in options.only:
        if name not in rows:
            parser.error(f"no row '{name}'; there are {', '.join(rows)}")
    return options


def platform(arguments=()):
    options = options_of(list(arguments))
    if options.soak:
        from platform_soak import soak
        row = soak(options.soak)
        store("soak", "soak", row)
        return
    form = "full" if options.full else "short"
    for name, (_, _, seconds, _, _) in ROWS.items():
        if name not in options.only:
            continue
        row = play(ROWS[name], seconds[form])
        show(name, row)
        if name in ("payments", "every_role") and row.get("per_payment"):
            row["for_112000_per_s"] = machines(row["per_payment"])
            show_machines(name, row["for_112000_per_s"])
        store(form, name, row)
    if "reconciliation" in options.only:
        for name, kills in (("reconciliation", 0), ("reconciliation_killed", 3)):
            row = {"wanted": "20,000,000 rows in 60 s and 1.5 GB, exact, also when killed", **reconcile(RECONCILED_ROWS, kills)}
            print(f"\n{name}: {row['wanted']}\n  exact {row['exact']}: {' '.join(row['said'])}", flush=True)
            store(form, name, row)
