"""Drills played by a person: on a terminal, with --pause; and a run that is played again from its directory."""

import json
import os
import pty
import select
import time

from harness import *

SCENARIO = """
tidegate: 1
name: small-drill
seed: 11
stack: {topology: @TOPOLOGY@}
data:
  merchants: {file: @SOURCE@/scenarios/black-friday/data/merchants.csv, pick: random}
  orders:
    generate: {key: "${uuid()}", amount: "${int(100, 500000)}", token: "${merchants.api_key}", currency: "${merchants.currency}", card: "${merchants.card_token}"}
setup:
  - post: /admin/merchants
    for_each: merchants
    headers: {Authorization: "Bearer ${stack.operator_token}"}
    json: {name: "${merchants.name}", currency: "${merchants.currency}", card: "${merchants.test_card}"}
    expect: {status: 201}
    capture: {api_key: $.api_key, card_token: $.card_token}
flows:
  pay:
    - post: /v1/payments
      name: create_payment
      headers: {Idempotency-Key: "${orders.key}", Authorization: "Bearer ${orders.token}", traceparent: "${traceparent(orders.key)}"}
      json: {amount: "${orders.amount}", currency: "${orders.currency}", card: "${orders.card}"}
      timeout: 2s
      expect: {status: 202}
      operation: {kind: payment, key: "${orders.key}", scope: "${orders.token}", amount: "${orders.amount}", currency: "${orders.currency}"}
phases: {steady: {for: 3s}, fault: {for: 4s}, after: {for: 6s}}
load:
  shoppers: {executor: constant-arrival-rate, flows: {pay: 100}, rate: 20/s, duration: 13s, max_vus: 200}
faults:
  slow_replies:
    at: fault
    for: 3s
    target: {link: harness->gateway}
    inject: {http_delay: {delay: 300ms, when: after}}
    match: {method: POST, probability: 0.5}
    expect: {gate: quick, within: 4s}
drain: {within: 10s}
gates:
  quick:
    expect: p90(response_time{name=create_payment}) < 200ms
    during: [steady]
    confidence: none
    min_samples: 1
  quick_again:
    recovery: {of: "p90(response_time{name=create_payment})", to: < 250ms, within: 6s, after: slow_replies, hold: 2s}
"""

RUNBOOK = """# Runbook

## Before
Look at the page.

## Look who waits
<!-- when: slow_replies injected -->
Half of the replies are late.

## See that it is over
<!-- when: slow_replies healed -->
All are quick again.
"""


class Drills(EndToEnd):
    def events(self, directory=None):
        return [event for event in super().events(directory) if "event" in event]

    def setUp(self):
        super().setUp()
        topology = SOURCE / "compose/local/embedded.yaml"
        self.file = self.scenario(SCENARIO.replace("@TOPOLOGY@", str(topology)))
        (self.scratch / "scenario.md").write_text(RUNBOOK)

    def on_a_terminal(self, *arguments):
        """Runs the program with a terminal as its input and output; presses Enter half a second after the first question, and
        never after the others."""
        process, terminal = pty.fork()
        if process == 0:
            os.execv(TIDEGATE, [str(TIDEGATE), *map(str, arguments)])
        text, asked, answers = "", 0, []
        deadline = time.monotonic() + 100
        try:
            while time.monotonic() < deadline:
                if answers and time.monotonic() >= answers[0]:
                    answers.pop(0)
                    os.write(terminal, b"\n")
                if not select.select([terminal], [], [], 0.05)[0]:
                    continue
                try:
                    got = os.read(terminal, 65536)
                except OSError:  # the other end is gone
                    break
                if not got:
                    break
                text += got.decode(errors="replace")
                if asked == 0 and "Press Enter when it is done." in text:
                    asked = 1
                    answers.append(time.monotonic() + 0.5)
            else:
                os.kill(process, signal.SIGKILL)
        finally:
            _, status = os.waitpid(process, 0)
            os.close(terminal)
        return os.waitstatus_to_exitcode(status), text.replace("\r\n", "\n")

    def test_pause_waits_for_a_person_beside_the_run(self):
        code, text = self.on_a_terminal("drill", self.file, "--pause", "--out", self.out)
        self.assertEqual(code, PASS, text)
        for part in ("RUNBOOK  Before", "RUNBOOK  Look who waits", "Half of the replies are late.", "RUNBOOK  See that it is over"):
            self.assertIn(part, text)
        self.assertEqual(text.count("Press Enter when it is done."), 2, text)
        # What nobody said to be done holds nothing up, and is not timed.
        done = [event for event in self.events() if event["event"] == "runbook_step_done"]
        self.assertEqual([event["step"] for event in done], ["Look who waits"], text)
        self.assertGreaterEqual(done[0]["seconds"], 0.5)
        self.assertEqual(text[text.index("FAULT "):].count("by hand)"), 1, text)
        # The run did not wait: the fault ended when the plan said.
        fault = self.verdict()["faults"][0]
        self.assertAlmostEqual(fault["healed_s"] - fault["injected_s"], 3, delta=0.5)
        self.assertIsNotNone(fault["time_to_detect_s"])
        self.assertIsNotNone(fault["time_to_recover_s"])

    def hits(self, directory):
        fault = self.verdict(directory)["faults"][0]
        return fault["hits"]

    def test_replay_plays_the_same_plan_again(self):
        first = run("run", self.file, "--out", self.out, "--quiet", "--seed", "77")
        self.assertEqual(first.code, PASS, first)
        self.file.unlink()  # the directory is enough
        again = self.scratch / "again"
        second = run("run", "--replay", self.out, "--out", again, "--quiet")
        self.assertEqual(second.code, PASS, second)
        one, two = self.verdict(), self.verdict(again)
        self.assertEqual((one["seed"], two["seed"]), (77, 77))
        self.assertEqual(one["scenario"], two["scenario"])
        # Half of 60 requests, by draws from the seed and each request's key, which derives from the seed too: only a request
        # at the very edge of the fault may fall to its other side.
        self.assertGreater(self.hits(self.out), 10)
        self.assertLess(self.hits(self.out), 50)
        self.assertLessEqual(abs(self.hits(self.out) - self.hits(again)), 4)
        marked, marked_again = self.touched(self.out), self.touched(again)
        self.assertEqual(len(marked), self.hits(self.out))  # each hit is a request that carries the mark
        self.assertLessEqual(len(marked ^ marked_again), 8, marked ^ marked_again)
        told = next(event for event in self.events() if event["event"] == "fault_touched")
        self.assertEqual((told["fault"], told["requests"]), ("slow_replies", len(marked)))
        self.assertGreater(told["others"], 0)
        self.assertGreater(told["p50_s"], told["others_p50_s"] + 0.2)  # the effect, against the same seconds

    def touched(self, directory):
        """Keys of the operations that carry the fault's mark."""
        shown = run("audit", "export", directory, "--format", "ndjson")
        self.assertEqual(shown.code, 0, shown)
        return {line["key"] for line in map(json.loads, shown.out.splitlines()) if "slow_replies" in line.get("touched", [])}

    def play_and_strike(self, fault, strike):
        """Runs the drill's load with another fault on, and does something to it a second after the fault began."""
        text = self.file.read_text()
        head, tail = text.split("faults:\n")[0], "drain: {within: 10s}\n"
        self.file.write_text(head.replace("13s", "9s").replace("after: {for: 6s}", "after: {for: 2s}") + "faults:\n" + fault + tail)
        process = start("run", self.file, "--out", self.out, "--quiet")
        try:
            wait_until(lambda: (self.out / "events.ndjson").exists() and any(
                event["event"] == "fault_injected" for event in self.events()), 40, "the fault")
            time.sleep(1)
            strike()
        finally:
            done = finish(process, 90)
        return done

    def test_an_agent_killed_in_a_run(self):
        def strike():
            agent = json.loads((self.out / "stack/agent.json").read_text())["pid"]
            os.kill(agent, signal.SIGKILL)

        done = self.play_and_strike("  late: {at: fault, for: 3s, target: {link: harness->gateway}, inject: {http_delay: {delay: 100ms}}}\n",
                                    strike)
        self.assertEqual(done.code, ERROR, done)
        told = [event["event"] for event in self.events()]
        self.assertIn("agent_replaced", told)
        self.assertIn("fault_failed", told)
        self.assertIn("late", " ".join(self.verdict()["reasons"]))
        # Its watchdog kept the link: payments went on.
        last = [event for event in self.events() if event["event"] == "load_ended"]
        self.assertTrue(last)
        self.assertLess(sum(1 for event in self.events() if event["event"] == "process_exited" and not event["asked"]), 1)

    def test_a_stopped_process_that_is_killed_meanwhile(self):
        def strike():
            started = [event for event in self.events() if event["event"] == "process_started" and event["process"] == "ledger"]
            os.kill(started[-1]["pid"], signal.SIGKILL)

        done = self.play_and_strike("  still: {at: fault, for: 3s, target: {process: ledger}, inject: {stop: {}}}\n", strike)
        self.assertEqual(done.code, FAIL, done)  # it died, and nobody had asked for it
        failed = [event for event in self.events() if event["event"] == "fault_failed"]
        self.assertEqual([event["fault"] for event in failed], ["still"])
        self.assertIn("its process is gone", failed[0]["message"])
        self.assertIn("ledger", " ".join(self.verdict()["reasons"]))

    def test_replay_of_what_is_no_run(self):
        refused = run("run", "--replay", self.scratch)
        self.assertEqual(refused.code, USAGE, refused)
        for more in (["--set", "rate=1/s"], ["--seed", "7"], ["--variant", "smoke"]):
            refused = run("run", "--replay", self.scratch, *more)
            self.assertEqual(refused.code, USAGE, refused)
            self.assertIn("it goes with none of --variant, --set and --seed", refused.err)
        both = run("run", self.file, "--replay", self.scratch)
        self.assertEqual(both.code, USAGE, both)


if __name__ == "__main__":
    main()
