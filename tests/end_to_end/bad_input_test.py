"""Mistakes and bad luck before a run starts: one clear message, the right exit code, nothing left behind."""

import socket

from harness import *


class BadInput(EndToEnd):
    def test_mistakes_in_a_scenario_are_all_told_with_their_place(self):
        path = self.quick(**{
            "phases:": "phasse:",
            "timeout: 800ms": "timeout: 800",
            "executor: constant-arrival-rate": "executor: constant-arival-rate",
        })
        done = run("validate", path)
        self.assert_says(done, USAGE, "scenario.yaml:", "phasse", "did you mean 'phases'", "800", "constant-arrival-rate")
        self.assertEqual(run("run", path, "--out", self.out).code, USAGE)
        self.assertFalse(self.out.exists(), "nothing was started")

    def test_each_mistake_names_what_was_expected(self):
        rows = [
            ("unknown function", {"${uuid()}": "${uid()}"}, "uuid"),
            ("unknown column", {"${merchants.api_key}": "${merchants.api_kee}"}, "api_key"),
            ("weights", {"flows: {pay: 100}": "flows: {pay: 90}"}, "100"),
            ("unknown flow", {"flows: {pay: 100}": "flows: {pai: 100}"}, "pay"),
            ("rate without its unit", {"rate: 60/s": "rate: 60"}, "/s"),
            ("a gate over an unknown step", {"{name=create_payment}": "{name=create_paiment}"}, "create_payment"),
            ("a gate over an unknown group", {"group: ledger": "group: legder"}, "ledger"),
            ("an unknown checker", {"no_lost_acks,": "no_lost_akcs,"}, "no_lost_acks"),
            ("a gate in an unknown window", {"during: [steady]": "during: [stedy]"}, "steady"),
            ("a missing data file", {"merchants.csv": "merchnts.csv"}, "merchnts.csv"),
            ("a missing topology", {"embedded.yaml": "embeded.yaml"}, "embeded.yaml"),
            ("too few samples to decide", {"p95(": "p99.9("}, "samples"),
        ]
        for what, changes, expected in rows:
            with self.subTest(what):
                self.assert_says(run("validate", self.quick(**changes)), USAGE, expected)

    def test_command_line(self):
        self.assert_says(run("rnu", "x"), USAGE, "did you mean run")
        self.assert_says(run("run", self.quick(), "--vriant", "smoke"), USAGE, "--variant")
        self.assert_says(run("run", self.scratch / "none.yaml"), USAGE, "none.yaml")
        self.assert_says(run("run", self.quick(), "--set", "rte=5/s"), USAGE, "rate")
        self.assert_says(run("report", self.scratch), USAGE if run("report", self.scratch).code == USAGE else ERROR, "run.json")
        self.assert_says(run("load", "http://127.0.0.1:1/", "--expect", "p99 < 300"), USAGE, "unit")
        self.assert_says(run("load", "http://127.0.0.1:1/", "--rate", "400"), USAGE, "400/s")

    def test_an_unreachable_target_is_said_before_load(self):
        done = run("load", "http://127.0.0.1:1/", "--for", "1s", "--out", self.out)
        self.assert_says(done, ERROR, "127.0.0.1:1", "refused")

    def test_a_port_in_use_ends_the_run_with_the_process_and_its_log(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            topology = (SOURCE / "compose/local/embedded.yaml").read_text()
            (self.scratch / "taken.yaml").write_text(topology.replace('--port, "${port}"', f'--port, "{port}"', 1))
            done = run("run", self.quick(), "--stack", self.scratch / "taken.yaml", "--out", self.out)
        self.assert_says(done, ERROR, "broker", str(port))
        self.assert_nothing_left()

    def test_a_run_directory_that_holds_a_run_is_not_overwritten(self):
        self.out.mkdir()
        (self.out / "run.json").write_text("{}")
        done = run("run", self.quick(), "--out", self.out)
        self.assertNotEqual(done.code, PASS)
        self.assertEqual((self.out / "run.json").read_text(), "{}")
        self.assertIn(str(self.out), done.err)

    def test_lists_and_schemas(self):
        for what in ("faults", "metrics", "functions", "checkers", "gates"):
            self.assert_says(run("list", what), PASS)
        self.assert_says(run("list", "fualts"), USAGE)
        for what in ("scenario", "topology"):
            self.assert_says(run("schema", what), PASS, '"$schema"')
        self.assert_says(run("version"), PASS, "tidegate ")
        self.assert_says(run("doctor"), PASS, "tidegate-platform")

    def test_plan_starts_nothing(self):
        done = run("plan", SOURCE / "scenarios/black-friday/scenario.yaml", "--variant", "smoke")
        self.assert_says(done, PASS, "bank_slow", "ledger_killed", "ack_p99", "samples", "blast radius")


if __name__ == "__main__":
    main()
