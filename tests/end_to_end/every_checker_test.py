"""The default stack gives the audit what every checker needs, and each of them has something to look at and says true."""

from harness import *


class EveryChecker(EndToEnd):
    def test_every_checker_is_asked_and_says_true(self):
        scenario = self.scenario((SOURCE / "tests/end_to_end/data/every_checker.yaml").read_text())
        done = run("run", scenario, "--out", self.out, limit=180)
        self.assert_says(done, PASS, "PASS")
        findings = {one["checker"]: one for one in self.verdict()["audit"]}
        self.assertEqual(len(findings), 14)
        for name, finding in findings.items():
            self.assertEqual(finding["outcome"], "true", finding)
            if name != "unknown_resolved":
                self.assertGreater(finding["checked"], 20, finding)
        self.assertGreater(self.verdict()["faults"][0]["hits"], 0)
        self.assert_nothing_left()


if __name__ == "__main__":
    main()
