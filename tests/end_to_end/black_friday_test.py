"""The demo's scenario passes and its legacy counterpart fails, at the gates that its README names."""

from harness import *


class BlackFriday(EndToEnd):
    def test_smoke_passes(self):
        done = run("run", SOURCE / "scenarios/black-friday/scenario.yaml", "--variant", "smoke", "--out", self.out)
        self.assert_says(done, PASS, "PASS", "report.html")
        verdict = self.verdict()
        self.assertEqual(verdict["verdict"], "PASS")
        # Nothing passed for want of data: both faults hit, every checker looked at something.
        self.assertEqual({f["name"] for f in verdict["faults"]}, {"bank_slow", "ledger_killed"})
        for fault in verdict["faults"]:
            self.assertGreater(fault["hits"], 0, fault)
        asked = {"no_lost_acks", "no_double_charge", "no_phantom", "unknown_resolved", "ledger_balanced", "replay_stored",
                 "per_key_order", "exactly_once_effect", "audit_chain", "no_card_data", "reconciled"}
        for finding in verdict["audit"]:
            if finding["checker"] in asked:
                self.assertEqual(finding["outcome"], "true", finding)
                files = finding["checker"] == "no_card_data"
                self.assertGreater(finding["checked"], 20 if files else 1000, finding)
            self.assertNotEqual(finding["outcome"], "false", finding)
        self.assertTrue(verdict["scale"], "a scaled-down variant says so")
        # What the machine did is on record for every process, the fault agent included.
        table = self.out / "series.csv"
        self.assertEqual(run("report", self.out, "--format", "csv", "--output", table).code, PASS)
        for process in ("gateway", "ledger", "chaos-agent"):
            self.assertIn(f",process_cpu,process={process},", table.read_text())
        again = run("report", self.out, "--json")
        self.assertEqual(again.code, PASS, str(again))
        self.assertEqual(self.verdict(), verdict, "judging again gives the same verdict")
        self.assertLess((self.out / "report.html").stat().st_size, 400 * 1024)
        self.assert_nothing_left()

    def test_legacy_fails_where_the_case_says_it_hurt(self):
        done = run("run", SOURCE / "scenarios/black-friday/legacy.yaml", "--out", self.out, limit=240)
        self.assert_says(done, FAIL, "FAIL", "ack_p99")
        failed = {(g["name"], g.get("during", "")) for g in self.verdict()["gates"] if g["outcome"] == "FAIL"}
        self.assertIn(("ack_p99", "peak"), failed)
        self.assertIn("availability", {name for name, _ in failed})
        self.assert_nothing_left()


if __name__ == "__main__":
    main()
