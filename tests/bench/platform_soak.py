"""The reference platform at half the peak for a long time: do memory, descriptors, logs and latency stay flat, does pruning
keep up, and do the stores grow by as much per minute in the end as before?

What is flat has a limit for its last quarter over its second one; the first is left out, since it fills caches, the broker's
partitions and the outboxes.
"""

import csv
import json
import math
import pathlib
import shutil
import statistics
import sys
import tempfile

from platform_bench import EVERY_ROLE, PAYMENTS, events, play, show

RATE = 2500
KEPT_SHARE = 1 / 8       # of the run that an event stays in its outbox, instead of an hour: pruning is at work after that
KIB = 3.5                # of disk that a payment takes: 1.8 of stores, 0.4 of history, 0.8 of the audit's exports, and events
LIMITS = {"memory": 1.1, "descriptors": 1.25, "logs": 1.25, "p99": 1.5, "outbox_events": 1.1, "growth of the stores": 1.1}


def soak(minutes):
    needed = RATE * 60 * minutes * KIB / 2**20
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
    try:
        free = shutil.disk_usage(scratch).free / 2**30
        if free < needed:
            sys.exit(f"--soak {minutes} needs some {needed:.0f} GiB for its files, {scratch.parent} has {free:.0f}; "
                     "set TMPDIR to a larger disk")
        stack = scratch / "stack.yaml"
        services = PAYMENTS.read_text().replace("extends: embedded.yaml", f"extends: {EVERY_ROLE}")
        keep_s = round(60 * minutes * KEPT_SHARE)
        pruning = services.replace("--prune-after,", f"--keep-events, {keep_s}s, --prune-after,")
        if pruning == services:
            sys.exit(f"{PAYMENTS} prunes nothing: a soak would only fill the disk")
        stack.write_text(pruning)
        row = play(("common.yaml", stack, None, {"rate": f"{RATE}/s", "ack": "380ms"},
                    f"memory, descriptors, logs, outboxes and latency flat at {RATE:,}/s"), 60 * minutes, add_minutes)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    show("soak", row)
    seen = [at for _, at in sorted(row.get("minutes", {}).items())]
    for minute, at in enumerate(seen):
        print(f"  minute {minute:>3}: p99 {1e3 * at['p99_s']:7.1f} ms (slowest second {1e3 * at['slowest_p99_s']:.1f}), "
              f"logs {at['logs_mib']:6.1f} MiB, stores {at['stores_mib']:8.1f} MiB, outboxes {at['outbox_events']:,.0f} events, "
              f"{at['outbox_pruned_total']:,.0f} pruned, {at['outbox_prunings_held_up_total']:,.0f} rounds held up, "
              + ", ".join(f"{role} {use['rss_mib']:.0f} MiB {use['descriptors']} fd" for role, use in sorted(at["processes"].items())))
    if len(seen) >= 8:
        row["grown"] = grown(seen)
        row["not_flat"] = [what for what, ratio in row["grown"].items() if not ratio <= limit_of(what)]
        print("  last quarter against the second: " + ", ".join(f"{what} {ratio:.2f} x" for what, ratio in row["grown"].items()))
        print(f"  {'NOT FLAT: ' + ', '.join(row['not_flat']) if row['not_flat'] else 'FLAT'} (limits: "
              + ", ".join(f"{what} {limit} x" for what, limit in LIMITS.items()) + ")", flush=True)
    return row


def add_minutes(out, watch, row):
    """Every whole minute of load: memory and descriptors of each process, the files, the outboxes, and the p99 of its seconds."""
    since = json.loads((out / "run.json").read_text())["unix_origin_s"]
    names = {event["pid"]: event["process"] for event in events(out) if event["event"] == "process_started"}
    names[watch.harness.pid] = "harness"
    seconds = {}
    with open(out / "series.csv", newline="") as lines:
        for line in csv.DictReader(lines):
            if line["metric"] == "response_time" and line["p99"]:
                seconds.setdefault(int(line["second"]) // 60, []).append(float(line["p99"]))
    row["minutes"] = {}
    for (at, processes), files, counts in zip(watch.samples, watch.files, watch.counts):
        minute = int((at - since) // 60)
        if len(seconds.get(minute, [])) >= 60 and counts:
            row["minutes"][minute] = {
                **files, **counts, "slowest_p99_s": max(seconds[minute]), "p99_s": statistics.median(seconds[minute]),
                "processes": {names[pid]: {key: seen[key] for key in ("rss_mib", "descriptors")}
                              for pid, seen in processes.items() if pid in names}}


def limit_of(what):
    return next(limit for name, limit in LIMITS.items() if what.endswith(name))


def grown(minutes):
    """The last quarter over the second, of all that shall be flat, and of the stores' growth in a quarter. Means, but of
    descriptors the least: bursts open connections that stay for a while, and a leak raises what is left after them."""
    quarter = len(minutes) // 4
    early, late = minutes[quarter:2 * quarter], minutes[-quarter:]
    found = {}

    def compare(what, read, of=statistics.mean):
        before, after = (of(read(at) for at in part) for part in (early, late))
        found[what] = after / before if before else math.nan

    compare("p99", lambda at: at["p99_s"])
    compare("logs", lambda at: at["logs_mib"])
    compare("outbox_events", lambda at: at["outbox_events"])
    for role in sorted(minutes[-1]["processes"]):
        compare(f"{role} memory", lambda at: at["processes"].get(role, {}).get("rss_mib", 0))
        compare(f"{role} descriptors", lambda at: at["processes"].get(role, {}).get("descriptors", 0), min)
    growth = [part[-1]["stores_mib"] - part[0]["stores_mib"] for part in (early, late)]
    found["growth of the stores"] = growth[1] / growth[0] if growth[0] else math.nan
    return found
