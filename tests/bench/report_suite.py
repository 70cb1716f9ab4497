"""What judging and reports cost.

    ./dev bench reports    judging and rendering one hour of 200 series; what a watched live page costs the load engine

The live page is asked as a browser asks it: the next question follows each answer. With and without it, interleaved, in
closed loop, the load loop on core 0, all else on core 1. Nothing here fails on a figure.
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

from load_suite import BIN, NullServer, SECONDS, paired, rehearse, spread

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
    watchers = []

    def on_line(line):
        if watched and not watchers and "live page: " in line:
            watchers.append(Watcher(line))

    rate = rehearse(file, out, *(["--live"] if watched else []), on_line=on_line)
    for watcher in watchers:
        watcher.thread.join(10)
    return rate, watchers[0] if watchers else None


def hour():
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
    try:
        run = scratch / "hour"
        judged = subprocess.run([BIN / "judge-bench", run, "3"], capture_output=True, text=True, check=True, timeout=300).stdout
        print(judged.strip().splitlines()[-1])
        times = [measured(BIN / "tidegate", "report", run, "--quiet") for _ in range(3)]
        size = (run / "report.html").stat().st_size
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    found = {"seconds": spread([one for one, _ in times]), "peak_mib": max(peak for _, peak in times), "bytes": size}
    print(f"judging and report.html of one hour, 200 series: {found['seconds']['median']:.2f} s, {found['peak_mib']:.0f} MiB at "
          f"most, {size:,} bytes", flush=True)
    return {"judging": judged.strip().splitlines()[1:], **found}


def live():
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
    followed = []
    os.sched_setaffinity(0, {1})  # the reader has the server's core: what it costs itself is not the engine's

    def rate(url, watched):
        found, watcher = rate_of(url, scratch, watched)
        if watcher:
            followed.append(watcher.events)
        return found

    try:
        with NullServer() as url:
            found = paired(lambda: rate(url, True), lambda: rate(url, False))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"rate with a watched live page / without: {found['text']}; {sum(followed)} updates followed", flush=True)
    return {**found, "updates": followed}


REPORT_PARTS = {"hour": hour, "live": live}


def reports():
    return {name: part() for name, part in REPORT_PARTS.items()}
