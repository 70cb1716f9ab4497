"""Acquiring as units over a fleet of worker processes: it grows with the lag and shrinks with calm, and whatever dies or
freezes, each payment is charged once."""

import os
import time

from harness import *
from platform_processes import *

QUOTA = 30  # events a second that one process may take in


class Autoscaler(Platform):
    PROCESSES = {
        "broker": ["broker"],
        "bank-simulator": ["bank-simulator"],
        "vault": ["vault"],
        "gateway": ["gateway"],
        "acquiring": ["autoscaler", "--roles", "acquiring", "--least-workers", "2", "--most-workers", "8", "--target-lag",
                      "1s", "--events-per-second", str(QUOTA)],
    }

    def setUp(self):
        super().setUp()
        self.call("bank-simulator", "PUT", "/admin/behaviour", {"decline_share": 0, "latency_ms": 5})
        self.call("acquiring", "PUT", "/admin/autoscaler", {"settle_ms": 500, "calm_ms": 500})

    def call(self, process, method, path, body=None, expect=200, **headers):
        """As a client does: what a unit on its way refuses is asked again."""
        deadline = time.monotonic() + 30
        while True:
            try:
                return super().call(process, method, path, body, expect, **headers)
            except AssertionError as refused:
                if not str(refused).startswith("503 != ") or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def is_ready(self, name):
        try:
            super().call(name, "GET", "/readyz")
            return True
        except (AssertionError, OSError):
            return False

    def fleet(self):
        return self.call("acquiring", "GET", "/admin/autoscaler")

    def workers(self):
        return len(self.fleet()["workers"])

    def assert_units_are_spread(self):
        held = sorted(unit for worker in self.fleet()["workers"] for unit in worker["units"])
        self.assertEqual(held, list(range(20)))

    def assert_each_is_charged_once(self, payments):
        wait_until(lambda: len(self.pages("bank-simulator", "/v1/statement")) >= len(payments), 40, "all are charged")
        charges = self.pages("bank-simulator", "/v1/statement")
        self.assertEqual(len(charges), len(payments))
        attempts = self.pages("acquiring", "/v1/attempts/export")
        self.assertEqual(sorted(item["payment"] for item in attempts), sorted(payments))
        wait_until(lambda: {item["status"] for item in self.pages("gateway", "/v1/payments/export")} == {"captured"}, 20,
                   "the gateway knows of every one")
        # Every stream is applied to its end, in whatever process.
        heads = self.call("gateway", "GET", "/internal/outbox/gateway-0/payments")["heads"]
        applied = lambda: {item["stream"]: item["sequence"]
                           for item in self.call("acquiring", "GET", "/v1/consumers/acquiring/applied")["items"]}
        wait_until(lambda: applied() == {f"gateway-0/payments/{p}": head for p, head in enumerate(heads)}, 10,
                   "everything is applied")

    def test_it_grows_with_the_lag_and_shrinks_with_calm(self):
        merchant = self.merchant()
        self.assertEqual(self.workers(), 2)
        self.assert_units_are_spread()
        payments = [self.pay(merchant, f"key-{i}") for i in range(600)]
        wait_until(lambda: self.workers() >= 4, 20, "it grows")
        self.assert_each_is_charged_once(payments)
        wait_until(lambda: self.workers() == 2, 20, "it shrinks to what it keeps")
        wait_until(lambda: self.is_ready("acquiring"), 10, "every unit serves")
        self.assert_units_are_spread()

    def test_dead_and_frozen_workers_are_replaced_and_nothing_is_charged_twice(self):
        merchant = self.merchant()
        payments = []
        for round_ in range(3):
            payments += [self.pay(merchant, f"key-{round_}-{i}") for i in range(60)]
            victims = self.fleet()["workers"]
            if round_ == 0:
                os.kill(victims[0]["pid"], signal.SIGKILL)
            elif round_ == 1:
                os.kill(victims[0]["pid"], signal.SIGSTOP)  # its units are needed elsewhere: it is killed
            else:
                self.call("acquiring", "DELETE", f"/admin/autoscaler/workers/{victims[0]['name']}")
            gone = victims[0]["name"]
            wait_until(lambda: gone not in {worker["name"] for worker in self.fleet()["workers"]}, 15, "it is gone")
            payments += [self.pay(merchant, f"key-{round_}-late-{i}") for i in range(60)]
        self.assert_each_is_charged_once(payments)
        self.call("acquiring", "DELETE", "/admin/autoscaler/workers/nobody", expect=404)
        self.call("acquiring", "PUT", "/admin/autoscaler", {"least": 9, "most": 8}, expect=422)

    def test_workers_end_with_the_autoscaler_and_it_goes_on_where_they_were(self):
        merchant = self.merchant()
        payments = [self.pay(merchant, f"key-{i}") for i in range(60)]
        pids = [worker["pid"] for worker in self.fleet()["workers"]]
        self.running["acquiring"].kill()
        self.running["acquiring"].wait(10)
        wait_until(lambda: not any(arguments_of(pid)[:1] and "unit-host" in arguments_of(pid) for pid in pids), 5,
                   "its workers die with it")
        payments += [self.pay(merchant, f"late-{i}") for i in range(60)]
        self.begin("acquiring")
        wait_until(lambda: self.is_ready("acquiring"), 20, "it is back")
        self.assert_each_is_charged_once(payments)


if __name__ == "__main__":
    main()
