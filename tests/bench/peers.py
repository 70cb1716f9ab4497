"""The load generators that ours is measured against, each as functions from a URL to a figure.

`./dev setup bench` installs them: wrk, h2load and hey from Debian, the others at the versions below under
~/.cache/tidegate-bench. One that is missing is left out, and said so.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess

HOME = pathlib.Path(os.environ.get("TIDEGATE_BENCH_HOME", pathlib.Path.home() / ".cache/tidegate-bench"))
PLANS = pathlib.Path(__file__).resolve().parent / "plans"
SLACK = 60  # seconds that a run may take beyond its own


def find(name):
    for place in (HOME / "bin" / name, HOME / "npm/node_modules/.bin" / name):
        if place.exists():
            return str(place)
    return shutil.which(name)


def on_core(core, command, seconds, **options):
    """Runs a command on one core and returns what it printed."""
    done = subprocess.run(["taskset", "-c", str(core), *map(str, command)], capture_output=True, text=True,
                          timeout=seconds + SLACK, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: exit code {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def number(pattern, text):
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"cannot find {pattern!r} in: {text[-300:]}")
    return float(found[1])


# Closed loop: requests per second.

def wrk(url, connections, seconds):
    out = on_core(0, [find("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", url], seconds)
    return number(r"Requests/sec:\s+([\d.]+)", out)


def h2load(url, connections, seconds):
    out = on_core(0, [find("h2load"), "--h1", "-t1", f"-c{connections}", "-D", seconds, url], seconds)
    return number(r"finished in [\d.]+m?s, ([\d.]+) req/s", out)


def oha(url, connections, seconds):
    out = on_core(0, [find("oha"), "--no-tui", "--output-format", "json", "-c", connections, "-z", f"{seconds}s", url], seconds)
    return json.loads(out)["summary"]["requestsPerSec"]


def hey(url, connections, seconds):
    out = on_core(0, [find("hey"), "-cpus", 1, "-c", connections, "-z", f"{seconds}s", url], seconds)
    return number(r"Requests/sec:\s+([\d.]+)", out)


def k6_environment(url, seconds, vus, **more):
    return {**os.environ, "GOMAXPROCS": "1", "URL": url, "SECONDS": str(seconds), "VUS": str(vus),
            "K6_NO_USAGE_REPORT": "true", **more}


def k6(url, connections, seconds, script="k6_closed.js"):
    out = on_core(0, [find("k6"), "run", "--quiet", "--no-color", PLANS / script], seconds,
                  env=k6_environment(url, seconds, connections))
    if "checks_failed" in out and number(r"checks_failed[.\s]*:\s*([\d.]+)%", out) > 0:
        raise RuntimeError("k6: a check failed: it did not get the answers that were meant")
    return number(r"http_reqs[.\s]*:\s*\d+\s+([\d.]+)/s", out)


def k6_flow(url, connections, seconds):
    return k6(url, connections, seconds, "k6_flow.js")


def autocannon(url, connections, seconds):
    out = on_core(0, [find("autocannon"), "-j", "-n", "-c", connections, "-d", seconds, url], seconds)
    return json.loads(out)["requests"]["average"]


CLOSED = {"wrk": wrk, "h2load": h2load, "oha": oha, "hey": hey, "k6": k6, "autocannon": autocannon}


# Open loop at a rate: (achieved per second, p50, p90 and p99 from the intended start in microseconds; None where the
# tool does not know intended starts).

def p99gate_open(url, rate, seconds, most):
    out = on_core(0, [find("p99gate"), "run", "-r", int(rate), "-d", f"{seconds}s", "-c", most, "--no-proxy", "-o",
                      "json", url], seconds)
    report = json.loads(out)
    latency = report["latency"]
    return report["throughput"]["completed_per_s"], latency["p50_us"], latency["p90_us"], latency["p99_us"]


def k6_open(url, rate, seconds, most):
    out = on_core(0, [find("k6"), "run", "--quiet", "--no-color", "--summary-trend-stats", "p(50),p(90),p(99)",
                      PLANS / "k6_open.js"], seconds,
                  env=k6_environment(url, seconds, most, RATE=str(int(rate))))
    return number(r"http_reqs[.\s]*:\s*\d+\s+([\d.]+)/s", out), None, None, None


OPEN = {"p99gate": p99gate_open, "k6": k6_open}


def present(tools):
    """Those of the tools that are installed; says which are not."""
    here = {name: tool for name, tool in tools.items() if find(name)}
    for name in tools.keys() - here.keys():
        print(f"{name} is not installed (./dev setup bench): left out")
    return here
