"""The reference platform at the rates of its table "How fast", and what a payment costs each role.

    ./dev bench platform            60 s a row, some ten minutes in all
    ./dev bench platform --full     ten minutes a row for the first three
    ./dev bench platform --only payments,reads
    ./dev bench platform --soak 120   so many minutes at half the peak: do memory, descriptors, logs and latency stay flat?

Load, latency, lag and the audit are the harness's own (`tidegate run` of tests/bench/platform/*.yaml); CPU and bytes
written are read from /proc while it runs, from the start of load until everything has drained, and divided by the
payments acknowledged. Nothing here fails on a figure. The last result of the same form is kept in build/bench and compared.
"""

import csv
import json
import math
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("TIDEGATE_BIN", SOURCE / "build/release/bin"))
HERE = SOURCE / "tests/bench/platform"
EVERY_ROLE = SOURCE / "compose/local/embedded.yaml"
PAYMENTS = SOURCE / "compose/local/payments.yaml"
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
TARGET_TPS = 112_000     # the 1K-to-100K case
CORES_PER_MACHINE = 16
USABLE = 0.6             # of a core, at the rate to be carried
RECONCILED_ROWS = 20_000_000

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
SOAK_RATE = 2500
SOAK_KEEPS = "15m"       # an event in its outbox, instead of an hour: pruning is at work for most of the run
SOAK_KIB = 3.5           # of disk that a payment takes: 1.8 of stores, 0.4 of history, 0.8 of the audit's exports, and events


class Watch(threading.Thread):
    """CPU seconds and bytes written of the harness and its children, once a second; the gateway's metrics beside them."""

    def __init__(self, harness, out):
        super().__init__(daemon=True)
        self.harness, self.out = harness, out
        self.samples = []  # (wall clock, {pid: {...}})
        self.files = []  # MiB of the stores' write-ahead logs together, and of their databases, at each sample
        self.metrics = ""
        self.known = []  # the harness's children

    def run(self):
        while self.harness.poll() is None:
            self.samples.append((time.time(), self.processes()))
            self.files.append({"logs_mib": self.mib("*-wal"), "stores_mib": self.mib("*.db")})
            self.scrape()
            time.sleep(1)

    def mib(self, pattern):
        return sum(file.stat().st_size for file in self.out.glob(f"stack/*/data/{pattern}")) / 2**20

    def processes(self):
        found = {}
        for entry in [str(self.harness.pid), *self.children()]:
            try:
                fields = pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                written = next(int(line.split()[1]) for line in open(f"/proc/{entry}/io") if line.startswith("write_bytes"))
                found[int(entry)] = {"cpu": (int(fields[11]) + int(fields[12])) / TICKS_PER_S, "written": written,
                                     "busiest": self.busiest_thread(entry), "rss_mib": int(fields[21]) * PAGE / 2**20,
                                     "descriptors": len(os.listdir(f"/proc/{entry}/fd"))}
            except (OSError, StopIteration):
                pass  # it ended meanwhile
        return found

    def children(self):
        """Looked for every few seconds: to read all of /proc costs 1 % of the machine's CPU when done every second."""
        if not self.known or len(self.samples) % 5 == 0:
            self.known = []
            for entry in filter(str.isdigit, os.listdir("/proc")):
                try:
                    fields = pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue  # it ended meanwhile
                if int(fields[1]) == self.harness.pid:
                    self.known.append(entry)
        return self.known

    @staticmethod
    def busiest_thread(pid):
        """CPU seconds of each thread, by thread."""
        used = {}
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            used[task.name] = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
        return used

    def scrape(self):
        try:
            peers = json.loads((self.out / "stack/gateway/peers.json").read_text())["peers"]
            with urllib.request.urlopen(f"http://{peers['gateway.http']}/metrics", timeout=0.5) as answer:
                self.metrics = answer.read().decode()
        except (OSError, ValueError, KeyError):
            pass  # not up yet, or gone

    def counter(self, name):
        return sum(float(line.split()[-1]) for line in self.metrics.splitlines() if line.split("{")[0].split(" ")[0] == name)


def events(out):
    return [json.loads(line) for line in (out / "events.ndjson").read_text().splitlines()[1:]]  # the first names the format


def lag_by_group(out):
    """Group to its age in seconds, the worst partition of each second."""
    table = out / "series.csv"
    # Its exit code is the verdict's.
    subprocess.run([BIN / "tidegate", "report", out, "--format", "csv", "--output", table], capture_output=True, timeout=600)
    lag = {}
    with open(table, newline="") as lines:
        for row in csv.DictReader(lines):
            if row["metric"] != "lag_age":
                continue
            tags = dict(tag.split("=", 1) for tag in row["tags"].split(";"))
            seconds = lag.setdefault(tags["group"], {})
            second = int(row["second"])
            seconds[second] = max(seconds.get(second, 0.0), float(row["value"]))
    return {group: [seconds[s] for s in sorted(seconds) if s >= 0] for group, seconds in lag.items()}


def costs(watch, out, payments, since):
    """Per process: CPU and KiB per payment, and the share of its busiest thread, from the start of load to the drained end."""
    names = {event["pid"]: event["process"] for event in events(out) if event["event"] == "process_started"}
    names[watch.harness.pid] = "harness"
    first = next((sample for at, sample in watch.samples if at >= since), {})  # none: it failed before any load
    table = {}
    for pid, begin in first.items():
        if pid not in names:
            continue
        end = next(sample[pid] for _, sample in reversed(watch.samples) if pid in sample)
        busiest = max(end["busiest"][thread] - begin["busiest"].get(thread, 0) for thread in end["busiest"])
        table[names[pid]] = {"cpu_us": 1e6 * (end["cpu"] - begin["cpu"]) / payments,
                             "kib_written": (end["written"] - begin["written"]) / 1024 / payments,
                             "busiest_thread_us": 1e6 * busiest / payments}
    return table


def by_minute(watch, out, since):
    """Every whole minute of load: memory and descriptors of each process, the files, and the p99 of its seconds."""
    names = {event["pid"]: event["process"] for event in events(out) if event["event"] == "process_started"}
    names[watch.harness.pid] = "harness"
    seconds = {}
    with open(out / "series.csv", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["metric"] == "response_time" and row["p99"]:
                seconds.setdefault(int(row["second"]) // 60, []).append(float(row["p99"]))
    minutes = {}
    for (at, processes), files in zip(watch.samples, watch.files):
        minute = int((at - since) // 60)
        if len(seconds.get(minute, [])) >= 60:
            minutes[minute] = {**files, "slowest_p99_s": max(seconds[minute]), "p99_s": statistics.median(seconds[minute]),
                               "processes": {names[pid]: {key: seen[key] for key in ("rss_mib", "descriptors")}
                                             for pid, seen in processes.items() if pid in names}}
    return minutes


def soak(minutes):
    needed = SOAK_RATE * 60 * minutes * SOAK_KIB / 2**20
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
    try:
        free = shutil.disk_usage(scratch).free / 2**30
        if free < needed:
            sys.exit(f"--soak {minutes} needs some {needed:.0f} GiB for its files, {scratch.parent} has {free:.0f}; "
                     "set TMPDIR to a larger disk")
        stack = scratch / "stack.yaml"
        services = PAYMENTS.read_text().replace("extends: embedded.yaml", f"extends: {EVERY_ROLE}")
        pruning = services.replace("--prune-after,", f"--keep-events, {SOAK_KEEPS}, --prune-after,")
        if pruning == services:
            sys.exit(f"{PAYMENTS} prunes nothing: a soak would only fill the disk")
        stack.write_text(pruning)
        row = play("soak", "soak", ("common.yaml", stack, {"soak": 60 * minutes}, {"rate": f"{SOAK_RATE}/s", "ack": "380ms"},
                                    f"memory, descriptors, logs and latency flat at {SOAK_RATE:,}/s"))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    show("soak", row)
    seen = [at for _, at in sorted(row.get("minutes", {}).items())]
    for minute, at in enumerate(seen):
        print(f"  minute {minute:>3}: p99 {1e3 * at['p99_s']:7.1f} ms (slowest second {1e3 * at['slowest_p99_s']:.1f}), "
              f"logs {at['logs_mib']:6.1f} MiB, stores {at['stores_mib']:8.1f} MiB, "
              + ", ".join(f"{role} {use['rss_mib']:.0f} MiB {use['descriptors']} fd" for role, use in sorted(at["processes"].items())))
    if len(seen) >= 4:
        row["grown"] = grown(seen)
        print("  last quarter against the second: " + ", ".join(f"{what} {ratio:.2f} x" for what, ratio in row["grown"].items()))
    return row


def grown(minutes):
    """The mean of the last quarter over that of the second, of all that shall be flat, and of the stores' growth in a quarter."""
    quarter = len(minutes) // 4
    early, late = minutes[quarter:2 * quarter], minutes[-quarter:]
    ratios = {}

    def compare_means(what, read):
        before, after = (sum(read(at) for at in part) / quarter for part in (early, late))
        ratios[what] = after / before if before else math.nan

    compare_means("p99", lambda at: at["p99_s"])
    compare_means("logs", lambda at: at["logs_mib"])
    for role in sorted(minutes[-1]["processes"]):
        for key, unit in (("rss_mib", "memory"), ("descriptors", "descriptors")):
            compare_means(f"{role} {unit}", lambda at: at["processes"].get(role, {}).get(key, 0))
    growth = [part[-1]["stores_mib"] - part[0]["stores_mib"] for part in (early, late)]
    ratios["growth of the stores"] = growth[1] / growth[0] if growth[0] else math.nan  # a quarter of one minute has none
    return ratios


def play(name, form, row=None):
    scenario, stack, seconds, variables, wanted = row or ROWS[name]
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
    out = scratch / "run"
    command = [BIN / "tidegate", "run", HERE / scenario, "--out", out, "--quiet", "--set", f"measure={seconds[form]}s"]
    for key, value in variables.items():
        command += ["--set", f"{key}={value}"]
    if stack:
        command += ["--stack", stack]
    try:
        with open(scratch / "output", "w") as output:
            harness = subprocess.Popen([str(part) for part in command], stdout=output, stderr=subprocess.STDOUT)
            watch = Watch(harness, out)
            watch.start()
            harness.wait(2 * seconds[form] + 300)  # an audit takes a third of its load's time
            watch.join()
        if not (out / "verdict.json").exists():
            return {"wanted": wanted, "verdict": "ERROR", "reasons": [(scratch / "output").read_text()[-500:]]}
        result = result_of(out, watch, wanted)
        if form == "soak":
            result["minutes"] = by_minute(watch, out, json.loads((out / "run.json").read_text())["unix_origin_s"])
        return result
    finally:
        if harness.poll() is None:
            harness.terminate()
            harness.wait(30)
        if os.environ.get("TIDEGATE_BENCH_KEEP"):
            print(f"kept: {out}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)


def result_of(out, watch, wanted):
    verdict = json.loads((out / "verdict.json").read_text())
    run = json.loads((out / "run.json").read_text())
    happened = events(out)
    drained = next((event for event in happened if event["event"] == "drain_ended"), {})
    lag = lag_by_group(out)
    payments = max(1, watch.counter("routing_decisions_total") - watch.counter("idempotent_replays_total"))
    decisions = max(1, watch.counter("routing_decisions_total"))
    return {
        "wanted": wanted,
        "verdict": verdict["verdict"],
        "reasons": verdict["reasons"],
        "offered_per_s": verdict["validity"]["offered_per_s"],
        "achieved_per_s": verdict["validity"]["achieved_per_s"],
        "lateness_p99_s": verdict["validity"]["lateness_p99_s"],
        "gates": {gate["name"]: {key: gate[key] for key in ("outcome", "value", "limit", "reason")} for gate in verdict["gates"]},
        "ready_s": next((event["seconds"] for event in happened if event["event"] == "stack_ready"), None),
        "drained_s": drained.get("seconds"), "drained": drained.get("drained"),
        "lag_s": lag,
        "routing": {"decisions": decisions, "mean_us": watch.counter("routing_decision_nanoseconds_total") / decisions / 1e3,
                    "above_5ms": watch.counter("routing_decisions_above_5ms_total")},
        "payments": payments,
        "per_payment": costs(watch, out, payments, run["unix_origin_s"]),
    }


def machines(table):
    """What 112,000 payments/s take at these costs, on machines of 16 cores used to 60 %."""
    cores = {role: TARGET_TPS * cost["cpu_us"] / 1e6 / USABLE for role, cost in table.items() if role != "harness"}
    threads = {role: TARGET_TPS * cost["busiest_thread_us"] / 1e6 / USABLE for role, cost in table.items()
               if role not in ("harness", "broker", "bank-simulator")}
    shards = math.ceil(threads.pop("gateway", 0))
    partitions = 20 * math.ceil(max(threads.values(), default=0) / 20)
    return {"cores": {role: round(value, 1) for role, value in cores.items()}, "total_cores": round(sum(cores.values())),
            "machines": math.ceil(sum(cores.values()) / CORES_PER_MACHINE), "shards": shards, "partitions": partitions}


def reconciliation(kills):
    scratch = tempfile.mkdtemp(prefix="tidegate-bench-")
    try:
        done = subprocess.run([BIN / "reconcile-bench", scratch, str(RECONCILED_ROWS), str(kills)], capture_output=True,
                              text=True, timeout=900)
        return {"wanted": "20,000,000 rows in 60 s and 1.5 GB, exact, also when killed", "exact": done.returncode == 0,
                "said": done.stdout.strip().splitlines()[-1:] or done.stderr[-300:]}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def show(name, row):
    print(f"\n{name}: {row['wanted']}\n  {row['verdict']}" + "".join(f"\n  {reason[:200]}" for reason in row["reasons"][:4]))
    if "gates" not in row:
        return
    print(f"  offered {row['offered_per_s']:,.0f}/s, achieved {row['achieved_per_s']:,.0f}/s; ready in {row['ready_s']:.2f} s; "
          f"drained {row['drained']} in {row['drained_s']} s")
    for gate, said in row["gates"].items():
        print(f"  {gate:<12} {said['outcome']:<13} {said['reason'][:110]}")
    print("  highest lag: " + ", ".join(f"{group} {max(ages, default=0):.1f} s" for group, ages in sorted(row["lag_s"].items())))
    routing = row["routing"]
    print(f"  routing: {routing['decisions']:,.0f} decisions, mean {routing['mean_us']:.1f} us, {routing['above_5ms']:,.0f} over 5 ms")
    print(f"  {'role':<16} {'us CPU':>8} {'KiB':>7} {'busiest thread, us':>19}")
    for role, cost in sorted(row["per_payment"].items(), key=lambda item: -item[1]["cpu_us"]):
        print(f"  {role:<16} {cost['cpu_us']:>8.1f} {cost['kib_written']:>7.1f} {cost['busiest_thread_us']:>19.1f}")
    print(f"  {'all':<16} {sum(cost['cpu_us'] for cost in row['per_payment'].values()):>8.1f}", flush=True)


def compare(before, after):
    """CPU per payment and role against the last stored result."""
    for name, row in after.items():
        earlier = before.get(name, {}).get("per_payment", {})
        pairs = [(role, earlier[role]["cpu_us"], cost["cpu_us"]) for role, cost in row.get("per_payment", {}).items()
                 if role in earlier]
        if pairs:
            print(f"{name}, CPU per payment against the last result: "
                  + ", ".join(f"{role} {now / was:.2f} x" for role, was, now in pairs if was > 0))


def platform(arguments=()):
    if "--soak" in arguments:
        return {"form": "soak", "soak": soak(int(arguments[arguments.index("--soak") + 1]))}
    form = "full" if "--full" in arguments else "short"
    only = arguments[arguments.index("--only") + 1].split(",") if "--only" in arguments else None
    stored = SOURCE / f"build/bench/platform-{form}.json"
    before = json.loads(stored.read_text()) if stored.exists() else {}
    rows = {}
    for name in ROWS:
        if only and name not in only:
            continue
        rows[name] = play(name, form)
        show(name, rows[name])
    if rows.get("payments", {}).get("per_payment"):
        rows["for_112000_per_s"] = machines(rows["payments"]["per_payment"])
        print(f"\n112,000 payments/s at these costs: {json.dumps(rows['for_112000_per_s'])}")
    if not only or "reconciliation" in only:
        for name, kills in (("reconciliation", 0), ("reconciliation_killed", 3)):
            rows[name] = reconciliation(kills)
            print(f"\n{name}: {rows[name]}", flush=True)
    compare(before, rows)
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_text(json.dumps({**before, **rows}, indent=2) + "\n")
    return {"form": form, **rows}
