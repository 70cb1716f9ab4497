"""What the processes of a benchmark's run use, and what they say of themselves, while it goes on."""

import json
import os
import pathlib
import threading
import time
import urllib.request

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
ALL_EVERY_S = 30  # the gateway's metrics are asked for once a second, all others' so often
COUNTED = ("outbox_pruned_total", "outbox_prunings_held_up_total", "outbox_events", "inbox_refilled_total")


class Watch(threading.Thread):
    """CPU seconds and bytes written of the harness and its children, once a second; their metrics beside them."""

    def __init__(self, harness, out):
        super().__init__(daemon=True)
        self.harness, self.out = harness, out
        self.samples = []  # (wall clock, {pid: {...}})
        self.files = []  # MiB of the stores' write-ahead logs together, and of their databases, at each sample
        self.counts = []  # COUNTED of all processes together, at each sample, as last asked for
        self.metrics = ""  # the gateway's
        self.known = []  # the harness's children
        self.asked_at, self.count = 0.0, {}

    def run(self):
        while self.harness.poll() is None:
            self.samples.append((time.time(), self.processes()))
            self.files.append({"logs_mib": self.mib("*-wal"), "stores_mib": self.mib("*.db")})
            self.scrape()
            self.counts.append(self.count)
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
            self.metrics = ask(peers["gateway.http"])
            if time.monotonic() - self.asked_at >= ALL_EVERY_S:
                self.asked_at = time.monotonic()
                # A process has one address of its own; roles that it has beside give the same.
                texts = [ask(address) for address in sorted({to for name, to in peers.items() if name.endswith(".http")})]
                self.count = {name: sum(counter(text, name) for text in texts) for name in COUNTED}
        except (OSError, ValueError, KeyError):
            pass  # not up yet, or gone

    def counter(self, name):
        return counter(self.metrics, name)


def ask(address):
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=0.5) as answer:
        return answer.read().decode()


def counter(text, name):
    """The sum over its labels."""
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name)
