"""One more pack: the modern platform passes its smoke variant, the legacy one fails at the gates that scenarios/README.md
names. `./dev test self` plays all of them."""

import importlib.util

from harness import *

SPEC = importlib.util.spec_from_file_location("matrix", SOURCE / "tests/self/matrix.py")
matrix = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(matrix)
NAMED = dict(matrix.packs())


class Packs(EndToEnd):
    def modern_passes(self, pack):
        done = run("run", SOURCE / f"scenarios/{pack}/scenario.yaml", "--variant", "smoke", "--out", self.out)
        self.assert_says(done, PASS, "report.html")
        verdict = self.verdict()
        self.assertTrue(verdict["scale"], "a scaled-down variant says so")
        for fault in verdict["faults"]:
            self.assertGreater(fault["hits"], 0, fault)
        self.assert_nothing_left()

    def legacy_fails(self, pack):
        done = run("run", SOURCE / f"scenarios/{pack}/legacy.yaml", "--out", self.out, limit=240)
        self.assert_says(done, FAIL)
        verdict = self.verdict()
        self.assertEqual({gate: matrix.outcome_of(verdict, gate) for gate in NAMED[pack]}, dict.fromkeys(NAMED[pack], "FAIL"))
        self.assert_nothing_left()

    def test_every_seed_is_accepted(self):
        """Arrivals are drawn from the seed: no draw may leave a gate of a smoke with too few samples."""
        for pack in NAMED:
            for file in ("scenario.yaml", "legacy.yaml"):
                for seed in range(1, 31):
                    done = run("plan", SOURCE / f"scenarios/{pack}/{file}", "--variant", "smoke", "--seed", seed)
                    self.assertEqual(done.code, 0, done)

    def test_evening_peak(self):
        self.modern_passes("evening-peak")

    def test_evening_peak_legacy(self):
        self.legacy_fails("evening-peak")


class Switches(EndToEnd):
    """A sample of the matrix: a gate of latency and one of the audit."""

    def test_sample(self):
        rows = {row[0]: row for row in matrix.switches()}
        for name in ("serial_hops", "no_idempotency"):
            with self.subTest(name):
                self.assertTrue(matrix.play_switch(self.scratch, *rows[name]))

    def test_every_switch_has_its_row_and_its_scenario(self):
        listed = {row[0] for row in matrix.switches()}
        files = {path.stem for path in (SOURCE / "scenarios/switches").glob("*.yaml")} - {"common"}
        self.assertEqual(listed, files)


if __name__ == "__main__":
    main()
