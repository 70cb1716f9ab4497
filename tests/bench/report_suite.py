"""What judging and reports cost.

    ./dev bench reports    judging and rendering one hour of 200 series; what a watched live page costs the load engine

The live page is asked as a browser asks it: the next question follows each answer; three seconds long, then three seconds
not, within one run in closed loop, so that what a shared machine does to the rate meets both. The load loop has core 0, all
else core 1. Nothing here fails on a figure.
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import threading
import time

from load_suite import BIN, NullServer, REPETITIONS, in_scratch, rehearse, spread

WATCHED = '''
tidegate: 1
name: watched
stack: {{base_url: "{url}"}}
data: {{orders: {{generate: {{key: "${{uuid()}}"}}}}}}
flows:
  pay:
    - {{post: /v1/payments, headers: {{Idempotency-Key: "${{orders.key}}"}}, json: {{amount: 1}}}}
    - {{get: /v1/payments/1, name: read}}
phases: {{all: {{for: {seconds}s}}}}
load: {{all: {{executor: constant-vus, flows: {{pay: 100}}, vus: 64}}}}
'''


TURN_S = 3  # how long the page is looked at, and then not


class Watcher:
    """Follows a live page until it is over, by turns of TURN_S seconds: `turns` are the times (Unix) of each."""

    def __init__(self, address):
        self.host, self.events, self.bytes = re.search(r"http://([\d.:]+)/", address)[1], 0, 0
        self.turns = []
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        last, over = "0", False
        try:
            while not over:
                began = time.time()
                self.ask("/", {})
                while not over and time.time() < began + TURN_S:
                    text = self.ask("/events?page=bench", {"Last-Event-ID": last})
                    last = re.search(r"^id: (\d+)", text, re.M)[1]
                    self.events += "event: data" in text
                    over = "event: done" in text
                    time.sleep(0.1)  # the pause that each answer asks for
                self.turns.append((began, time.time()))
                time.sleep(TURN_S)
        except (OSError, http.client.HTTPException):
            return

    def ask(self, path, headers):
        connection = http.client.HTTPConnection(self.host, timeout=30)
        connection.request("GET", path, headers=headers)
        text = connection.getresponse().read().decode()
        connection.close()
        self.bytes += len(text)
        return text


def measured(*command):
    """Seconds, and the most memory in MiB."""
    started = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    peak = 0
    while process.poll() is None:
        try:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            peak = max(peak, int(re.search(r"VmHWM:\s+(\d+)", status)[1]))
        except (OSError, TypeError):
            pass
        time.sleep(0.01)
    process.stderr.close()
    return time.monotonic() - started, peak / 1024


def hour(scratch):
    run = scratch / "hour"
    judged = subprocess.run([BIN / "judge-bench", run, "3"], capture_output=True, text=True, check=True, timeout=300).stdout
    print(judged.strip().splitlines()[-1])
    times = [measured(BIN / "tidegate", "report", run, "--quiet") for _ in range(3)]
    size = (run / "report.html").stat().st_size
    found = {"seconds": spread([one for one, _ in times]), "peak_mib": max(peak for _, peak in times), "bytes": size}
    print(f"judging and report.html of one hour, 200 series: {found['seconds']['median']:.2f} s, {found['peak_mib']:.0f} MiB at "
          f"most, {size:,} bytes", flush=True)
    return {"judging": judged.strip().splitlines()[1:], **found}


def rates_by_turns(url, scratch):
    """Iterations in the seconds that were looked at, and in the others: each a whole second of the run."""
    file, out = scratch / "watched.yaml", scratch / "run"
    shutil.rmtree(out, ignore_errors=True)
    file.write_text(WATCHED.format(url=url.rstrip("/"), seconds=30))
    watchers = []

    def on_line(line):
        if not watchers and "live page: " in line:
            watchers.append(Watcher(line))

    done = {}
    for second, _, iterations in rehearse(file, out, "--live", on_line=on_line):
        if 1 <= second < 29:
            done[second] = done.get(second, 0) + iterations
    watchers[0].thread.join(10)
    origin = json.loads((out / "run.json").read_text())["unix_origin_s"]
    seen, unseen = [], []
    for second, iterations in done.items():
        start = origin + second
        if any(began <= start and start + 1 <= ended for began, ended in watchers[0].turns):
            seen.append(iterations)
        elif all(ended <= start or start + 1 <= began for began, ended in watchers[0].turns):
            unseen.append(iterations)
    return statistics.mean(seen) / statistics.mean(unseen), watchers[0].events, statistics.mean(unseen)


def live(scratch):
    os.sched_setaffinity(0, {1})  # the reader has the server's core: what it costs itself is not the engine's
    with NullServer() as url:
        runs = [rates_by_turns(url, scratch) for _ in range(REPETITIONS)]
    found = {"ratio": spread([ratio for ratio, _, _ in runs]), "updates": [events for _, events, _ in runs],
             "alone_per_s": spread([rate for _, _, rate in runs])}
    print(f"rate while the live page is looked at / while not: {found['ratio']['median']:.3f} [{found['ratio']['lowest']:.3f} .. "
          f"{found['ratio']['highest']:.3f}], {found['alone_per_s']['median']:,.0f} iterations/s, {sum(found['updates'])} updates",
          flush=True)
    return found


REPORT_PARTS = {"hour": in_scratch(hour), "live": in_scratch(live)}


def reports():
    return {name: part() for name, part in REPORT_PARTS.items()}
