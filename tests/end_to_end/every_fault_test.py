"""Every kind of fault in one run, against every role: each hits, each heals, and the money is right in the end."""

import re
import subprocess

from harness import *

CLIENTS, BANK, CALLBACKS = "link: harness->edge", "link: acquiring->bank-simulator", "link: bank-simulator->acquiring"
POSTS = "{method: POST, path: /v1/payments, probability: 0.5}"

# Lanes are played side by side from their beginning, the faults of a lane one after the other: kind, target, parameters,
# match, and the seconds that it gets; None: it ends by itself.
LANES = [
    (1, [  # between the clients and the edge
        ("http_answer", CLIENTS, "{status: 503}", POSTS, 1.5),
        ("http_delay", CLIENTS, "{delay: 300ms}", POSTS, 1.5),
        ("http_duplicate", CLIENTS, "{}", POSTS, 1.5),
        ("http_headers", CLIENTS, "{set: {X-From: a test}}", POSTS, 1.5),
        ("http_lost_reply", CLIENTS, "{}", POSTS, 1.5),
        ("http_malformed", CLIENTS, "{}", POSTS, 1.5),
        ("http_truncate", CLIENTS, "{bytes: 5B}", POSTS, 1.5),
        ("hot_key", CLIENTS, "{copies: 3}", POSTS, 1.5),
        ("herd", CLIENTS, "{clients: 50, every: 300ms}", None, 1.5),
        ("malformed", CLIENTS, "{rate: 20/s}", None, 1.5),
        ("slow_loris", CLIENTS, "{connections: 20, every: 100ms}", None, 1.5),
        ("refuse", CLIENTS, "{}", None, 1.5),
        ("slow_accept", CLIENTS, "{delay: 200ms}", None, 1.5),
    ]),
    (1, [  # between acquiring and the banks
        ("latency", BANK, "{delay: 100ms, jitter: 20ms}", None, 2),
        ("bandwidth", BANK, "{per_second: 4KiB}", None, 2),
        ("slice", BANK, "{size: 20B, gap: 5ms}", None, 2),
        ("half_close", BANK, "{}", None, 1.5),
        ("close_after", BANK, "{bytes: 300B}", None, 1.5),
        ("reset", BANK, "{}", None, 1.5),
        ("blackhole", BANK, "{direction: downstream}", None, 1.5),
        ("partition", BANK, "{}", None, 1.5),
    ]),
    # The load engine resets its connections; those of the herd, which comes at 17 s, end in order.
    (17, [("slow_close", CLIENTS, "{delay: 300ms}", None, 1.5)]),
    (1, [("callback_flood", "process: bank-simulator", "{copies: 5}", None, 8)]),
    # The callbacks are signed, so that a turned bit is a refused message and no other amount.
    (3, [("corrupt", CALLBACKS, "{share: 1%, direction: upstream}", None, 4)]),
    (1, [  # of processes
        ("cpu_hog", "process: worker", "{}", None, 1.5),
        ("cpu_limit", "process: worker", "{share: 50%}", None, 1.5),
        ("memory_hog", "process: worker", "{size: 64MiB}", None, 1.5),
        ("fd_limit", "process: ledger", "{limit: 24}", None, 1.5),
        ("stop", "process: worker", "{}", None, 1.5),
        ("disk_full", "process: gateway", "{}", None, 1.5),
        ("disk_hog", "process: gateway", "{block: 256KiB}", None, 1.5),
        ("cache_evict", "process: gateway", "{share: 50%, every: 200ms}", None, 1.5),
        ("canary", "process: edge", "{upstream: gateway, share: 50}", None, 1.5),
        ("setting", "process: bank-simulator", "{path: /admin/behaviour, set: {decline_share: 0.5}}", None, 1.5),
        ("kill", "process: ledger", "{restart_after: 500ms}", None, None),
        ("crash_loop", "process: worker", "{times: 2, every: 500ms}", None, None),
        ("rolling_restart", "process: gateway", "{also: [ledger], pause: 500ms}", None, None),
        ("deploy", "process: ledger", '{switches: {ledger_cap_2500: "true"}}', None, 3),
        ("kill_workers", "process: acquiring", "{}", None, None),
    ]),
    (1, [  # of the broker
        ("broker_rtt", "process: broker", "{broker: 1, rtt: 50ms}", None, 2),
        ("broker_errors", "process: broker", "{count: 5}", None, 2),
        ("broker_down", "process: broker", "{broker: 2}", None, 3),
    ]),
]
BY_ITSELF = 5  # seconds that those get
PAUSE = 0.5


def faults():
    lines, end = [], 0.0
    for at, lane in LANES:
        for kind, target, parameters, match, seconds in lane:
            lines.append(f"  {kind}:\n    at: play + {at:.1f}s\n" + (f"    for: {seconds}s\n" if seconds else "")
                         + f"    target: {{{target}}}\n    inject: {{{kind}: {parameters}}}\n"
                         + (f"    match: {match}\n" if match else ""))
            at += (seconds or BY_ITSELF) + PAUSE
        end = max(end, at)
    return "".join(lines), end


TOPOLOGY = """
extends: {source}/compose/local/autoscale.yaml
name: every-fault
processes:
  edge:
    command: [tidegate-platform, edge, --data, "${{data}}", --ready-file, "${{ready_file}}", --peers, "${{peers_file}}", --port, "${{port}}",
              --operator-token, "${{secret.operator_token}}"]
    hold_port: http
    ready: {{endpoint: http, path: /readyz, within: 10s}}
  gateway:
    command: [tidegate-platform, gateway, --data, "{disk}", --ready-file, "${{ready_file}}", --peers, "${{peers_file}}", --port, "${{port}}",
              --operator-token, "${{secret.operator_token}}", --profile, "${{profile}}", "${{switches}}",
              --reports, "acquiring,fraud,ledger",
              --prune-after, "acquiring,ledger,fraud,notification,read-model,reconciliation,audit"]
links:
  harness->gateway: null
  harness->edge: {{endpoint: http}}
  edge->gateway: {{endpoint: http}}
base_url: edge.http
"""

SCENARIO = """
tidegate: 1
name: every-fault
seed: 5
stack: {{topology: {topology}}}
data:
  merchants: {{file: {source}/scenarios/black-friday/data/merchants.csv, pick: random}}
  orders:
    generate: {{key: "${{uuid()}}", amount: "${{int(100, 500000)}}", token: "${{merchants.api_key}}", currency: "${{merchants.currency}}", card: "${{merchants.card_token}}"}}
    repeat: 2%
    among: 1000
setup:
  - post: /admin/merchants
    for_each: merchants
    headers: {{Authorization: "Bearer ${{stack.operator_token}}"}}
    json: {{name: "${{merchants.name}}", currency: "${{merchants.currency}}", card: "${{merchants.test_card}}"}}
    expect: {{status: 201}}
    capture: {{api_key: $.api_key, card_token: $.card_token}}
flows:
  pay:
    - post: /v1/payments
      name: create_payment
      headers: {{Idempotency-Key: "${{orders.key}}", Authorization: "Bearer ${{orders.token}}", traceparent: "${{traceparent(orders.key)}}"}}
      json: {{amount: "${{orders.amount}}", currency: "${{orders.currency}}", card: "${{orders.card}}"}}
      timeout: 2s
      retry: {{within: 10s, every: 500ms, when: [timeout, reset, refused, 502, 503]}}
      capture: {{id: $.id}}
      expect: {{status: 202}}
      operation: {{kind: payment, key: "${{orders.key}}", scope: "${{orders.token}}", amount: "${{orders.amount}}", currency: "${{orders.currency}}"}}
  visit:
    - get: /readyz
phases: {{play: {{for: {seconds:.0f}s}}}}
load:
  shoppers: {{executor: constant-arrival-rate, flows: {{pay: 100}}, rate: 30/s, max_vus: 1000}}
  visitors: {{executor: constant-arrival-rate, flows: {{visit: 100}}, rate: 5/s, max_vus: 200, connections: fresh}}
faults:
{faults}
limits: {{faults_at_once: 6, links_at_once: 100%, processes_at_once: 100%}}
validity: {{probe_silence: 10s}}
gates:
  books:
    audit: [no_lost_acks, no_double_charge, no_phantom, unknown_resolved, ledger_balanced, replay_stored, per_key_order,
            exactly_once_effect, audit_chain, no_card_data, reconciled]
drain: {{within: 60s}}
"""


class EveryFault(EndToEnd):
    def test_each_hits_and_heals_and_the_money_is_right(self):
        told = re.findall(r"^\| `([a-z_]+)` \|", (SOURCE / "docs/faults.md").read_text().split("## When")[0], re.MULTILINE)
        self.assertEqual(sorted(kind for _, lane in LANES for kind, *_ in lane), sorted(told))
        disk = self.scratch / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "none", str(disk)], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(disk)])
        topology = self.scratch / "topology.yaml"
        topology.write_text(TOPOLOGY.format(source=SOURCE, disk=disk))
        lines, seconds = faults()
        scenario = self.scenario(SCENARIO.format(topology=topology, source=SOURCE, faults=lines, seconds=seconds + 3))
        done = run("run", scenario, "--out", self.out, "--quiet", limit=240)
        events = [event for event in self.events() if event.get("event", "").startswith("fault_failed")]
        self.assertEqual(events, [], done)
        for fault in self.verdict()["faults"]:
            self.assertGreater(fault["hits"], 0, fault)
            self.assertIsNotNone(fault["healed_s"], fault)
        self.assert_says(done, PASS, "PASS")
        self.assert_nothing_left()


if __name__ == "__main__":
    main_in_mount_namespace(__file__)
