"""However a run ends, nothing stays behind, the run directory can be read, and the verdict is never a false PASS."""

import os
import random
import socket
import subprocess
import time

from harness import *

SEED = int(os.environ.get("TIDEGATE_TEST_SEED", random.randrange(1_000_000)))
MOMENTS = int(os.environ.get("TIDEGATE_TEST_MOMENTS", "3"))


class Endings(EndToEnd):
    private_network = enter_private_network()

    def test_a_port_left_behind_would_be_seen(self):
        if not self.private_network:
            self.skipTest("this machine lets nobody make a network namespace")
        with socket.create_server(("127.0.0.1", 0)) as left:
            self.assertEqual(listening_ports(), [left.getsockname()[1]])
        self.assertEqual(listening_ports(), [])

    def begin(self, *more):
        return start("run", self.quick(), "--out", self.out, *more)

    def until_load(self):
        wait_until(lambda: (self.out / "events.ndjson").exists() and '"load_started"' in (self.out / "events.ndjson").read_text(),
                   20, "load did not start")

    def test_interrupts_at_random_moments(self):
        print(f"seed {SEED}")
        for i in range(MOMENTS):
            with self.subTest(moment=i):
                self.out = self.scratch / f"interrupted-{i}"
                process = self.begin()
                time.sleep(random.Random(SEED * 1000 + i).uniform(0.02, 7))
                process.send_signal(signal.SIGINT)
                done = finish(process, 30)
                self.assertEqual(done.code, INTERRUPTED, str(done))
                self.assert_nothing_left()
                if (self.out / "run.json").exists():
                    again = run("report", self.out)
                    self.assertEqual(again.code, INTERRUPTED, str(again))

    def test_kills_at_random_moments(self):
        print(f"seed {SEED}")
        for i in range(MOMENTS):
            with self.subTest(moment=i):
                self.out = self.scratch / f"killed-{i}"
                process = self.begin()
                time.sleep(random.Random(SEED * 1000 + 500 + i).uniform(0.02, 7))
                process.kill()
                finish(process, 10)
                self.assert_nothing_left()
                if (self.out / "run.json").exists():
                    again = run("report", self.out)
                    self.assertNotEqual(again.code, PASS, str(again))
                    self.assertIn("cut short", again.out, str(again))

    def test_a_process_under_test_that_dies_fails_the_run(self):
        process = self.begin()
        self.until_load()
        time.sleep(1)
        ledger = [p for p in processes_of(self.out) if "ledger" in arguments_of(p)[1:2]]
        self.assertEqual(len(ledger), 1)
        os.kill(ledger[0], signal.SIGKILL)
        done = finish(process, 90)
        self.assert_says(done, FAIL, "ledger")
        self.assert_nothing_left()

    def test_a_full_disk_ends_the_run_with_its_cause(self):
        mount = self.scratch / "small"
        mount.mkdir()
        script = (f"mount -t tmpfs -o size=600k none {mount} && {TIDEGATE} run {self.quick()} --out {mount}/run; "
                  f"echo code $?")
        done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, timeout=120)
        if done.stderr.startswith("unshare:"):
            self.skipTest("this machine lets nobody make a mount namespace")
        said = done.stdout + done.stderr
        self.assertIn("space", said)
        self.assertRegex(said, "code (97|99)")
        self.assert_nothing_left()

    def test_two_runs_at_once_do_not_collide(self):
        first = self.begin()
        second = start("run", self.scenario((self.scratch / "scenario.yaml").read_text(), "second.yaml"),
                       "--out", self.scratch / "second")
        for process in (first, second):
            done = finish(process, 120)
            self.assertIn(done.code, (PASS, INCONCLUSIVE), str(done))
        self.assert_nothing_left()

    def test_up_and_down(self):
        topology = SOURCE / "compose/local/embedded.yaml"
        process = start("up", topology, cwd=self.scratch)
        wait_until(lambda: (self.scratch / "runs/.up/embedded/up.json").exists(), 20, "the stack is not up")
        self.assert_says(run("up", topology, cwd=self.scratch), ERROR, "up already")
        self.assert_says(run("down", topology, cwd=self.scratch), PASS, "is down")
        done = finish(process, 15)
        self.assert_says(done, PASS, "HTTP API")
        self.assert_says(run("down", topology, cwd=self.scratch), PASS, "not up")


if __name__ == "__main__":
    main()
