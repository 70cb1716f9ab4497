"""What judging and reports cost.

    ./dev bench reports    judging and rendering one hour of 200 series; what a watched live page costs the load engine

The live page is asked as a browser asks it: the next question follows each answer. With and without it, interleaved, in
closed loop, the generator on core 0, a null server on core 1. Nothing here fails on a figure.
"""

import http.client
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

from load_suite import BIN, NullServer, REPETITIONS, SECONDS, spread

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


class Watcher:
    """Follows a live page until it is over."""

    def __init__(self, address):
        self.host, self.events, self.bytes = re.search(r"http://([\d.:]+)/", address)[1], 0, 0
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        last = "0"
        try:
            self.ask("/", {})
            while True:
                text = self.ask("/events?page=bench", {"Last-Event-ID": last})
                last = re.search(r"^id: (\d+)", text, re.M)[1]
                self.events += "event: data" in text
                if "event: done" in text:
                    return
                time.sleep(0.1)  # the pause that each answer asks for
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


def rate_of(url, scratch, watched):
    file, out = scratch / "watched.yaml", scratch / "run"
    shutil.rmtree(out, ignore_errors=True)
    file.write_text(WATCHED.format(url=url.rstrip("/"), seconds=max(SECONDS, 8)))
    command = ["taskset", "-c", "0", BIN / "tidegate", "run", file, "--out", out, *(["--live"] if watched else [])]
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    watcher = None
    for line in process.stderr:
        if watched and watcher is None and "live page: " in line:
            watcher = Watcher(line)
    process.wait(120)
    if watcher is not None:
        watcher.thread.join(10)
    validity = json.loads((out / "verdict.json").read_text())["validity"]
    return validity["achieved_per_s"], watcher


def reports():
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
    result = {}
    try:
        hour = scratch / "hour"
        judged = subprocess.run([BIN / "judge-bench", hour, "3"], capture_output=True, text=True, check=True, timeout=300).stdout
        print(judged.strip().splitlines()[-1])
        result["judging"] = judged.strip().splitlines()[1:]
        times = [measured(BIN / "tidegate", "report", hour, "--quiet") for _ in range(3)]
        size = (hour / "report.html").stat().st_size
        result["report"] = {"seconds": spread([one for one, _ in times]), "peak_mib": max(peak for _, peak in times), "bytes": size}
        print(f"judging and report.html of one hour, 200 series: {statistics.median(one for one, _ in times):.2f} s, "
              f"{result['report']['peak_mib']:.0f} MiB at most, {size:,} bytes")
        rates = {False: [], True: []}
        events = 0
        with NullServer() as url:
            for _ in range(REPETITIONS):
                for watched in (False, True):
                    rate, watcher = rate_of(url, scratch, watched)
                    rates[watched].append(rate)
                    events += watcher.events if watcher else 0
        pairs = [a / b for a, b in zip(rates[True], rates[False])]
        result["live"] = {"ratio": spread(pairs), "events": events, "alone_per_s": spread(rates[False])}
        print(f"rate with a watched live page / without: {statistics.median(pairs):.3f} [{min(pairs):.3f} .. {max(pairs):.3f}], "
              f"{events} updates followed, {statistics.median(rates[False]):,.0f} iterations/s")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return result
