"""FinPulse's error budget over the month in which its freeze rule was invoked twice, both times by a bank of others: over
50 % of the month's budget spent before half of the month is over pauses releases, until the share falls below 50 % again.

140 million payments a year are 383,562 a day; 99.95 % of a 30-day month is 5,753 bad ones. November 2024, day by day.
"""

from harness import *

DAILY = 140_000_000 // 365
SLO = ["--slo", "payments", "--objective", "99.95%"]
USUAL = 20  # payments a day that fail
DEGRADED = {6: 3_200, 11: 420}             # two degradations of one bank's API
BUSY = {day: 1.6 for day in range(8, 12)}  # a sale: more payments, so a larger budget


class BudgetMonth(EndToEnd):
    def tidegate(self, *arguments):
        return run("budget", *arguments, "--ledger", self.scratch / "budget.db")

    def record(self, at, total, bad):
        done = self.tidegate("record", *SLO, "--at", at, "--good", total - bad, "--total", total)
        self.assertEqual(done.code, PASS, str(done))

    def test_the_freeze_rule_is_invoked_twice(self):
        # October, for Google's four-week rule, which looks further back than the month.
        self.record("2024-10-31T23:00:00Z", 28 * DAILY, 28 * USUAL)
        frozen = []
        for day in range(1, 31):
            at = f"2024-11-{day:02}T23:00:00Z"
            self.record(at, int(DAILY * BUSY.get(day, 1)), DEGRADED.get(day, USUAL))
            checked = self.tidegate("check", "--at", at)
            self.assertIn(checked.code, (PASS, FAIL), str(checked))
            frozen.append(checked.code == FAIL)
        invocations = [day for day in range(1, 31) if frozen[day - 1] and not (day > 1 and frozen[day - 2])]
        self.assertEqual(invocations, [6, 11], f"frozen on {[day for day in range(1, 31) if frozen[day - 1]]}")
        # Released in between, because the budget spent fell below half; and for good once half of the month is over.
        self.assertFalse(frozen[10 - 1])
        self.assertFalse(any(frozen[16 - 1:]))

    def test_a_quiet_month_freezes_nothing_and_an_unrecorded_one_says_so(self):
        self.assertEqual(self.tidegate("check", "--at", "2024-11-10T00:00:00Z").code, INCONCLUSIVE)
        for day in range(1, 31):
            at = f"2024-11-{day:02}T23:00:00Z"
            self.record(at, DAILY, USUAL)
            self.assertEqual(self.tidegate("check", "--at", at).code, PASS, at)


if __name__ == "__main__":
    main()
