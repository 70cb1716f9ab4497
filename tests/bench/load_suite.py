"""The load engine's benchmarks: ratios against the peers in one run, interleaved, and what the engine costs.

    ./dev bench load           all of it but the long run: some ten minutes at 5 repetitions
    ./dev bench load/closed    one part: stall, closed, flow, lateness, open or idle
    ./dev bench long           one run of ten minutes at full rate: memory after a minute against memory at the end

The target is a null server on core 1, with real-time priority where the machine lets it have that: it is not what is
measured. The generators have core 0. TIDEGATE_BENCH_REPETITIONS, TIDEGATE_BENCH_SECONDS (of each measurement) and
TIDEGATE_BENCH_LONG_MINUTES make it shorter or longer. Nothing here fails on a figure.
"""

import csv
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

import peers

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = SOURCE / "build/release/bin"
REPETITIONS = int(os.environ.get("TIDEGATE_BENCH_REPETITIONS", "5"))
SECONDS = int(os.environ.get("TIDEGATE_BENCH_SECONDS", "4"))
CONNECTIONS = 64
OPEN_LIMITS_US = (1_000, 10_000)  # p99gate's timers tick in milliseconds: within the first it reaches little
RATES = (1000, 5000, 20000, 50000)
JSON_ANSWER = '{"id":"pay_0123456789","status":"processing","amount":1234}'


def urgent():
    """What a command line begins with to run before everything else; nothing where that is not allowed."""
    may = shutil.which("chrt") and subprocess.run(["chrt", "-r", "1", "true"], capture_output=True).returncode == 0
    return ["chrt", "-r", "1"] if may else []


class NullServer:
    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        self.process = subprocess.Popen([*urgent(), "taskset", "-c", "1", str(BIN / "null-server"), *map(str, self.options)],
                                        stdout=subprocess.PIPE, text=True)
        port = re.search(r":(\d+)", self.process.stdout.readline())[1]
        return f"http://127.0.0.1:{port}/"

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)


def ours(url, *options, seconds=SECONDS):
    out = peers.on_core(0, [BIN / "load-bench", url, *options], seconds)
    return json.loads(out.strip().splitlines()[-1])


def spread(values):
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values)}


def rehearse(file, out, *options, on_line=lambda line: None):
    """Plays `tidegate run` and returns its iterations as rows of (second, tags, count). The load loop has core 0 to itself, as
    a run gives a loop a core; the other threads share core 1 with the null server, which goes before them. `on_line` gets
    each line of stderr."""
    process = subprocess.Popen(["taskset", "-c", "1", str(BIN / "tidegate"), "run", str(file), "--out", str(out), *options],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    mover = threading.Thread(target=move_loop, args=(process,), daemon=True)
    mover.start()
    for line in process.stderr:
        on_line(line)
    process.wait(120)
    mover.join(5)
    table = subprocess.run([BIN / "tidegate", "report", out, "--format", "csv"], capture_output=True, text=True, check=True,
                           timeout=60).stdout
    return [(int(second), dict(tag.split("=", 1) for tag in tags.split(";")), float(value))
            for second, metric, tags, _, value, *_ in csv.reader(table.splitlines()[1:]) if metric == "iterations"]


def in_scratch(part):
    """The part, given a directory of its own that is gone afterwards."""
    def run():
        scratch = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
        try:
            return part(scratch)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return run


def move_loop(process):
    while process.poll() is None:
        for task in pathlib.Path(f"/proc/{process.pid}/task").glob("*"):
            try:
                if (task / "comm").read_text().startswith("load-"):
                    os.sched_setaffinity(int(task.name), {0})
                    return
            except OSError:
                continue
        time.sleep(0.01)


def plan(name, seconds):
    """A plan of tests/bench/plans that lasts this long."""
    text = (peers.PLANS / f"{name}.yaml").read_text().replace("duration: 4s", f"duration: {seconds}s")
    file = tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False)
    file.write(text)
    file.close()
    return file.name


def closed_loop(url):
    """Requests per second of ours and of the peers, interleaved; ratios of each round."""
    tools = peers.present(peers.CLOSED)
    rates = {"tidegate": [], **{name: [] for name in tools}}
    cpu = []
    for _ in range(REPETITIONS):
        mine = ours(url, "--vus", CONNECTIONS, "--seconds", SECONDS)
        rates["tidegate"].append(mine["requests_per_s"])
        cpu.append(mine["cpu_us_per_request"])
        for name, measure in tools.items():
            rates[name].append(measure(url, CONNECTIONS, SECONDS))
    ratios = {name: spread([a / b for a, b in zip(rates["tidegate"], rates[name])]) for name in tools}
    for name, values in sorted(rates.items(), key=lambda item: -statistics.median(item[1])):
        figures = spread(values)
        ratio = f"   tidegate/{name}: {ratios[name]['median']:.2f} [{ratios[name]['lowest']:.2f} .. " \
                f"{ratios[name]['highest']:.2f}]" if name in ratios else ""
        print(f"closed loop  {name:<10} {figures['median']:>9,.0f}/s  [{figures['lowest']:,.0f} .. "
              f"{figures['highest']:,.0f}]{ratio}", flush=True)
    return {"requests_per_s": {name: spread(values) for name, values in rates.items()}, "ratio_to": ratios,
            "cpu_us_per_request": spread(cpu)}


def flows():
    """A flow of three steps against the plain loop, per request, on the same answers; and the same flow in k6."""
    rates = {"plain": [], "flow": [], **({"k6": []} if peers.present({"k6": peers.k6_flow}) else {})}
    with NullServer("--body", JSON_ANSWER) as url:
        for _ in range(REPETITIONS):
            for name, values in rates.items():
                values.append(peers.k6_flow(url, CONNECTIONS, SECONDS) if name == "k6" else
                              ours(url, "--plan", plan(name, SECONDS))["requests_per_s"])
    shares = spread([flow / plain for flow, plain in zip(rates["flow"], rates["plain"])])
    print(f"flow of 3 steps, 2 captures, uuid, int, JSON, 1 expectation: {statistics.median(rates['flow']):,.0f} "
          f"requests/s, {shares['median']:.0%} of plain [{shares['lowest']:.0%} .. {shares['highest']:.0%}]", flush=True)
    found = {"requests_per_s": {name: spread(values) for name, values in rates.items()}, "share_of_plain": shares}
    if "k6" in rates:
        ratios = found["ratio_to_k6"] = spread([flow / k6 for flow, k6 in zip(rates["flow"], rates["k6"])])
        print(f"the same flow in k6: {statistics.median(rates['k6']):,.0f} requests/s   tidegate/k6: "
              f"{ratios['median']:.1f} [{ratios['lowest']:.1f} .. {ratios['highest']:.1f}]", flush=True)
    return found


def lateness(url):
    found = {}
    for rate in RATES:
        runs = [ours(url, "--rate", rate, "--seconds", SECONDS) for _ in range(REPETITIONS)]
        found[rate] = {"p99_us": spread([run["lateness_p99_us"] for run in runs]),
                       "late_or_dropped": sum(run["late"] + run["dropped"] for run in runs)}
        print(f"open loop at {rate:>6,}/s: lateness p99 {found[rate]['p99_us']['median']:,.0f} us "
              f"[{found[rate]['p99_us']['lowest']:,.0f} .. {found[rate]['p99_us']['highest']:,.0f}]", flush=True)
    return found


def highest_rate(holds, first):
    """Doubles while it holds, then halves the gap three times. A rate holds when it does in one of two tries: what else
    the machine does must not decide."""
    def sustained(rate):
        return holds(rate) or holds(rate)

    good, bad, rate = 0, None, first
    while bad is None and rate <= 400_000:
        if sustained(rate):
            good, rate = rate, rate * 2
        else:
            bad = rate
    for _ in range(3 if bad and good else 0):
        middle = (good + bad) // 2
        if sustained(middle):
            good = middle
        else:
            bad = middle
    return good


def open_loop(url):
    """The highest rate that is reached to 99 %, with p99 from the intended start and of lateness within each limit. k6 does
    not know intended starts, and is asked for the rate alone."""
    most = 1000

    def ours_hold(rate, limit_us):
        run = ours(url, "--rate", rate, "--seconds", SECONDS, "--max-vus", most)
        return (run["iterations"] / SECONDS >= 0.99 * rate and run["lateness_p99_us"] <= limit_us
                and run["p99_us"] <= limit_us)

    def theirs_hold(measure, rate, limit_us):
        try:
            achieved, _, _, p99 = measure(url, rate, SECONDS, most)
        except (RuntimeError, subprocess.TimeoutExpired):
            return False
        return achieved >= 0.99 * rate and (p99 is None or p99 <= limit_us)

    tools = peers.present(peers.OPEN)
    k6 = highest_rate(lambda rate: theirs_hold(tools["k6"], rate, None), 1000) if "k6" in tools else None
    found = {}
    for limit_us in OPEN_LIMITS_US:
        rates = found[f"p99_{limit_us}_us"] = {"tidegate": highest_rate(lambda rate: ours_hold(rate, limit_us), 8000)}
        if "p99gate" in tools:
            rates["p99gate"] = highest_rate(lambda rate: theirs_hold(tools["p99gate"], rate, limit_us), 1000)
        if k6 is not None:
            rates["k6"] = k6
        for name, rate in rates.items():
            ratio = f"   tidegate/{name}: {rates['tidegate'] / rate:.1f}" if name != "tidegate" and rate else ""
            print(f"highest open-loop rate, p99 <= {limit_us / 1000:g} ms  {name:<10} {rate:>9,}/s{ratio}", flush=True)
    return found


def idle_users(url):
    run = ours(url, "--plan", str(peers.PLANS / "idle.yaml"), seconds=60)
    each = run["memory_kib"]["settled"] / 100_000
    print(f"100,000 users that think: {run['memory_kib']['settled'] / 1024:,.0f} MB, {each:.2f} KiB each", flush=True)
    return {"users": run["most_vus"], "memory_kib": run["memory_kib"], "kib_each": each}


def stall():
    """A server that stops for one second in eight at 2,000/s: arithmetic says p90 about 0.2 s and p99 about 0.92 s."""
    found = {}
    with NullServer("--stall-every", 8000, "--stall-for", 1000) as url:
        time.sleep(2)  # so that two whole stalls lie within each 16 s
        run = ours(url, "--rate", 2000, "--seconds", 16, "--max-vus", 5000, seconds=16)
        found["tidegate"] = {key: run[f"{key}_us"] for key in ("p50", "p90", "p99")}
        if peers.find("p99gate"):
            _, p50, p90, p99 = peers.p99gate_open(url, 2000, 16, 5000)
            found["p99gate"] = {"p50": p50, "p90": p90, "p99": p99}
    for name, figures in found.items():
        print(f"stall of 1 s in 8 at 2,000/s  {name:<10} p50 {figures['p50'] / 1e3:.2f} ms, p90 "
              f"{figures['p90'] / 1e6:.3f} s, p99 {figures['p99'] / 1e6:.3f} s", flush=True)
    found["many_connections"] = stall_of_many_connections()
    return found


def stall_of_many_connections():
    """Two seconds in eight at 9,300/s: each arrival of a stall takes a connection and a port, 11,000 and more at a time."""
    with NullServer("--stall-every", 8000, "--stall-for", 2000) as url:
        time.sleep(2)
        run = ours(url, "--rate", 9300, "--seconds", 16, "--max-vus", 19000, seconds=16)
    print(f"stall of 2 s in 8 at 9,300/s  tidegate   {run['most_vus']:,} requests at once, lateness p99 "
          f"{run['lateness_p99_us'] / 1e6:.3f} s, {run['errors']} errors, {run['dropped']} dropped", flush=True)
    return {key: run[key] for key in ("most_vus", "lateness_p99_us", "errors", "dropped")}


def on_null_server(measure):
    def part():
        with NullServer() as url:
            return measure(url)
    return part


PARTS = {"stall": stall, "closed": on_null_server(closed_loop), "flow": flows, "lateness": on_null_server(lateness),
         "open": on_null_server(open_loop), "idle": on_null_server(idle_users)}


def load():
    return {name: part() for name, part in PARTS.items()}


def long():
    """Ten minutes at full rate."""
    minutes = int(os.environ.get("TIDEGATE_BENCH_LONG_MINUTES", "10"))
    with NullServer() as url:
        run = ours(url, "--vus", CONNECTIONS, "--seconds", minutes * 60, seconds=minutes * 60)
    growth = run["memory_kib"]["ended"] - run["memory_kib"]["settled"]
    print(f"{run['requests']:,} requests in {minutes} min: memory {run['memory_kib']['settled']:,} KiB after the first "
          f"minute, {growth:+,} KiB at the end")
    return {**run, "growth_kib": growth}
