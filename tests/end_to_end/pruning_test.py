"""Outboxes delete what every service that reads them has applied, while payments go on, and nothing is missing after."""

import sqlite3

from harness import *

OUTBOXES = {"gateway": "gateway-0", "acquiring": "acquiring-0", "ledger": "ledger-0", "worker": "fraud-0"}


class Pruning(EndToEnd):
    def topology(self):
        """The platform at the case studies' rates; its events may go after a second instead of an hour."""
        text = (SOURCE / "compose/local/payments.yaml").read_text()
        kept = text.replace('fraud,read-model"]', 'fraud,read-model", --keep-events, 1s]')
        self.assertEqual(kept.count("--keep-events"), len(OUTBOXES))
        kept = kept.replace("cpu_scheduling: idle", "cpu_scheduling: other")  # other tests run beside it
        path = self.scratch / "topology.yaml"
        path.write_text(kept.replace("extends: embedded.yaml", f"extends: {SOURCE}/compose/local/embedded.yaml"))
        return path

    def test_what_all_have_applied_is_deleted(self):
        # A round every ten seconds: the second one deletes what the first one saw.
        done = run("run", SOURCE / "tests/bench/platform/common.yaml", "--out", self.out, "--stack", self.topology(), "--set",
                   "rate=150/s", "--set", "measure=27s")
        self.assert_says(done, PASS, "PASS")
        for process, store in OUTBOXES.items():
            database = sqlite3.connect(f"file:{self.out}/stack/{process}/data/{store}.db?mode=ro", uri=True)
            tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                      if name.startswith("outbox_") and name[-1].isdigit()]
            published = left = 0
            for table in tables:
                rows, first, last = database.execute(f"SELECT count(*), min(sequence), max(sequence) FROM {table}").fetchone()
                published += last or 0
                left += rows
                self.assertEqual(rows, (last - first + 1) if rows else 0, f"{store} {table}: a hole")
            database.close()
            self.assertGreater(published, 2000, store)
            self.assertLess(left, 0.8 * published, store)


if __name__ == "__main__":
    main()
