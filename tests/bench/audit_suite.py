"""What the audit costs.

    ./dev bench audit            all three
    ./dev bench audit/check      10 million operations audited from their records (TIDEGATE_BENCH_OPERATIONS)
    ./dev bench audit/fetch      how fast records are fetched
    ./dev bench audit/history    the load loop's rate with and without the operation history

Nothing here fails on a figure.
"""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile

from load_suite import BIN, NullServer, REPETITIONS, SECONDS, in_scratch, rehearse, spread

# The same flow with and without its operation, by turns of 200 ms within one run: what a shared machine does to the rate
# meets both. The target never sleeps: waking it would be the sender's work, and how often it slept would follow from
# every small difference in speed, so that a cost of 2 % looked like 4.
TURN_MS = 200
FLOW = '''
  {name}:
    - post: /v1/payments
      headers: {{Idempotency-Key: "${{orders.key}}"}}
      json: {{amount: "${{orders.amount}}"}}
'''
OPERATION = '      operation: {kind: payment, key: "${orders.key}", scope: a, amount: "${orders.amount}", currency: EUR}\n'


def history_scenario(url, seconds):
    turns = int(seconds * 1000 / TURN_MS)
    blocks = "".join(f"  turn_{i}: {{executor: constant-vus, flows: {{{('without', 'with')[i % 2]}: 100}}, vus: 64, "
                     f"connections: shared, start_after: {i * TURN_MS}ms, duration: {TURN_MS}ms}}\n" for i in range(turns))
    return ("tidegate: 1\nname: history-cost\n" f'stack: {{base_url: "{url}"}}\n'
            'data: {orders: {generate: {key: "${uuid()}", amount: "${int(100, 500000)}"}}}\nflows:'
            + FLOW.format(name="without") + FLOW.format(name="with").lstrip("\n") + OPERATION
            + f"phases: {{all: {{for: {seconds}s}}}}\nload:\n{blocks}")


def last_line(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True, timeout=900)
    return json.loads(done.stdout.splitlines()[-1])


def check(scratch):
    operations = int(os.environ.get("TIDEGATE_BENCH_OPERATIONS", "10000000"))
    subprocess.run([BIN / "audit-bench", "generate", scratch / "run", str(operations)], check=True, timeout=1800)
    found = last_line(BIN / "audit-bench", "check", scratch / "run")
    print(f"{operations:,} operations audited in {found['seconds']} s, {found['peak_mib']} MiB at most", flush=True)
    return {"operations": operations, **found}


def fetch(scratch):
    found = last_line(BIN / "audit-bench", "fetch", scratch / "fetched", 2_000_000)
    print(f"fetching: {found['records_per_s']:,.0f} records/s", flush=True)
    return found


def history(scratch):
    def turns(url):
        file, out = scratch / "history.yaml", scratch / "out"
        file.write_text(history_scenario(url.rstrip("/"), 2 * SECONDS))
        done = {"with": 0.0, "without": 0.0}
        for _, tags, iterations in rehearse(file, out, "--quiet"):
            done[tags["flow"]] += iterations
        shutil.rmtree(out)
        return done["with"] / done["without"]

    with NullServer("--awake", 1) as url:
        ratios = [turns(url) for _ in range(REPETITIONS)]
    print(f"iterations with the history / without: {statistics.median(ratios):.3f} [{min(ratios):.3f} .. {max(ratios):.3f}]",
          flush=True)
    return spread(ratios)


AUDIT_PARTS = {"check": in_scratch(check), "fetch": in_scratch(fetch), "history": in_scratch(history)}


def audit():
    return {name: part() for name, part in AUDIT_PARTS.items()}
