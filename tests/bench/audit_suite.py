"""What the audit costs.

    ./dev bench audit            all three
    ./dev bench audit/check      10 million operations audited from their records (TIDEGATE_BENCH_OPERATIONS)
    ./dev bench audit/fetch      how fast records are fetched
    ./dev bench audit/history    the load engine's rate with and without the operation history, interleaved

Nothing here fails on a figure.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from load_suite import BIN, NullServer, SECONDS, paired, rehearse

HISTORY_SCENARIO = '''
tidegate: 1
name: history-cost
stack: {{base_url: "{url}"}}
data: {{orders: {{generate: {{key: "${{uuid()}}", amount: "${{int(100, 500000)}}"}}}}}}
flows:
  pay:
    - post: /v1/payments
      headers: {{Idempotency-Key: "${{orders.key}}"}}
      json: {{amount: "${{orders.amount}}"}}
{operation}
phases: {{all: {{for: {seconds}s}}}}
load: {{all: {{executor: constant-vus, flows: {{pay: 100}}, vus: 64}}}}
'''
OPERATION = '      operation: {kind: payment, key: "${orders.key}", scope: a, amount: "${orders.amount}", currency: EUR}'


def last_line(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True, timeout=900)
    return json.loads(done.stdout.splitlines()[-1])


def in_scratch(part):
    def run():
        scratch = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
        try:
            return part(scratch)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return run


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
    def rate(url, operation):
        file, out = scratch / "history.yaml", scratch / "out"
        file.write_text(HISTORY_SCENARIO.format(url=url.rstrip("/"), operation=operation, seconds=SECONDS))
        achieved = rehearse(file, out, "--quiet")
        shutil.rmtree(out)
        return achieved

    with NullServer() as url:
        found = paired(lambda: rate(url, OPERATION), lambda: rate(url, ""))
    print(f"rate with the history / without: {found['text']}", flush=True)
    return found


AUDIT_PARTS = {"check": in_scratch(check), "fetch": in_scratch(fetch), "history": in_scratch(history)}


def audit():
    return {name: part() for name, part in AUDIT_PARTS.items()}
