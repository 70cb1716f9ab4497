"""The audit of a system that Tidegate did not ship, its commands, and what they say of a run that lost money."""

import json
import subprocess
import sys

from harness import *


class Audit(EndToEnd):
    def shop(self, *arguments):
        process = subprocess.Popen([sys.executable, str(SOURCE / "tests/end_to_end/data/shop.py"), *map(str, arguments)],
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return "http://127.0.0.1:" + process.stdout.readline().strip()

    def rehearse(self, *arguments):
        return run("run", SOURCE / "tests/end_to_end/data/shop.yaml", "--set", f"shop={self.shop(*arguments)}",
                   "--out", self.out)

    def finding(self, checker):
        return next(one for one in self.verdict()["audit"] if one["checker"] == checker)

    def test_a_shop_that_is_right(self):
        self.assert_says(self.rehearse(), PASS, "PASS")
        for checker in ("no_lost_acks", "no_double_charge", "no_phantom", "ledger_balanced", "unknown_resolved",
                        "replay_stored"):
            self.assertEqual(self.finding(checker)["outcome"], "true", self.finding(checker))
            self.assertGreater(self.finding(checker)["checked"], 100)
        self.assertIn("declares no export", self.finding("exactly_once_effect")["reason"])

        again = run("audit", self.out)
        self.assert_says(again, PASS, "holds    no_lost_acks", "PASS")
        history = run("audit", "export", self.out)
        self.assertEqual(history.code, 0, str(history))
        operations = [json.loads(line) for line in history.out.splitlines()]
        self.assertGreater(len(operations), 700)
        self.assertEqual(sorted(o["t"] for o in operations), [o["t"] for o in operations])
        edn = run("audit", "export", self.out, "--format", "edn")
        self.assertIn(":type :invoke", edn.out)
        key = next(o["key"] for o in operations if o["event"] == "ok")
        for name in (key, next(o["id"] for o in operations if o.get("id"))):
            life = run("audit", "show", self.out, name)
            self.assertEqual(life.code, 0, str(life))
            for source in ("harness", "payments", "bank", "ledger"):
                self.assertIn(source, life.out)

    def test_a_shop_that_forgets(self):
        self.assert_says(self.rehearse("--lose", 50), FAIL, "FAIL", "no_lost_acks")
        self.assertEqual(self.finding("no_lost_acks")["outcome"], "false")
        lost = self.finding("no_lost_acks")["counterexamples"][0]
        self.assertIn("platform has no such payment", lost["what"])
        self.assertTrue(any("bank" in row for row in lost["life"]), lost)

    def test_a_shop_that_charges_twice(self):
        self.assert_says(self.rehearse("--twice", 50), FAIL, "no_double_charge")
        self.assertEqual(self.finding("no_double_charge")["outcome"], "false")
        self.assertEqual(self.finding("no_lost_acks")["outcome"], "true")

    def test_bad_input(self):
        self.assert_says(run("audit"), USAGE, "Give its directory")
        self.assertIn("run.json", run("audit", self.scratch).err)
        self.assert_says(self.rehearse(), PASS)
        self.assert_says(run("audit", self.out, "--checker", "no_lost_akcs"), USAGE, "did you mean no_lost_acks?")
        self.assert_says(run("audit", "show", self.out, "nobody"), USAGE, "nothing in", "'nobody'")
        self.assert_says(run("audit", "export", self.out, "--format", "csv"), USAGE, "csv")
        # A history cut in the middle of a record, and an export cut short: never PASS.
        operations = self.out / "operations.tgo"
        operations.write_bytes(operations.read_bytes()[:-7])
        self.assert_says(run("audit", self.out), INCONCLUSIVE, "cut short")
        self.assertEqual(run("audit", "export", self.out).code, INCONCLUSIVE)
        bank = self.out / "truth/bank.ndjson.zst"
        bank.write_bytes(bank.read_bytes()[:-100])
        self.assert_says(run("audit", self.out), INCONCLUSIVE, "bank")


if __name__ == "__main__":
    main()
