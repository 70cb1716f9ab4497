"""What decides releases, through the commands: early ends, baselines, merging, budgets, numbers from outside."""

import http.server
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from harness import *


class Metrics(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"queue_depth{queue=\"a\"} 3\nqueue_depth{queue=\"b\"} 4\n")

    def log_message(self, *_):
        pass


class Gates(EndToEnd):
    def test_a_broken_gate_ends_the_run_early_and_a_probe_is_read(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        path = self.quick(**{
            "steady: 6s": "steady: 60s", "duration: 7s": "duration: 61s",
            "gates:\n": "gates:\n  depth: {probe: {scrape: queue_depth, from: \"http://127.0.0.1:%d/metrics\", value: < 10, objective: 50%%}}\n"
                        "  never: {expect: 'p95(response_time) < 1us', during: steady, abort_on: true, grace: 3s}\n" % server.server_port,
        })
        done = run("run", path, "--out", self.out, limit=100)
        self.assert_says(done, FAIL, "never", "ended early")
        gates = {gate["name"]: gate for gate in self.verdict()["gates"]}
        self.assertEqual(gates["never"]["outcome"], "FAIL")
        self.assertEqual(gates["depth"]["value"], 7)
        ended = [event for event in self.events() if event.get("event") == "aborted"]
        self.assertEqual(len(ended), 1)
        self.assertLess(ended[0]["t"], 30)
        self.assert_nothing_left()
        # The same directory gives the same verdict.
        before = self.verdict()
        self.assertEqual(run("report", self.out, "--quiet").code, FAIL)
        self.assertEqual(self.verdict(), before)

    def postgres(self):
        """A PostgreSQL server of its own on a free port: the URL of its first database."""
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not programs:
            self.skipTest("PostgreSQL is not installed (Debian: postgresql)")
        programs = programs[-1].parent
        home = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-pg-"))
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        who = {"cwd": home, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if os.geteuid() == 0:  # it refuses to run as root
            shutil.chown(home, "nobody")
            who["user"] = "nobody"
        subprocess.run([programs / "initdb", "-D", home / "data", "-U", "probe", "-A", "trust", "-N"], check=True, timeout=60, **who)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = subprocess.Popen([programs / "postgres", "-D", home / "data", "-k", home, "-p", str(port), "-c", "fsync=off",
                                   "-c", "listen_addresses=127.0.0.1"], **who)
        self.addCleanup(server.wait, 30)
        self.addCleanup(server.send_signal, signal.SIGINT)
        def answers():
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", port)) == 0
        wait_until(answers, 30, "PostgreSQL answers")
        return f"postgresql://probe@127.0.0.1:{port}/postgres"

    def test_a_probe_asks_postgresql(self):
        url = self.postgres()
        probe = "  %s: {probe: {sql: \"%s\", from: \"" + url + "\", value: < 2, objective: 50%%}}\n"
        catalogue = "SELECT count(*) FROM pg_class WHERE relname = 'pg_class'"
        path = self.quick(**{"gates:\n": "gates:\n" + probe % ("tables", catalogue)})
        self.assert_says(run("run", path, "--out", self.out), PASS)
        gates = {gate["name"]: gate for gate in self.verdict()["gates"]}
        self.assertEqual(gates["tables"]["outcome"], "PASS", gates["tables"])
        self.assertEqual(gates["tables"]["value"], 1)
        # What the server refuses is an error of the harness's own work, and a probe may not write.
        for name, query, says in [("absent", "SELECT count(*) FROM outbox", "outbox"), ("writes", "CREATE TABLE t (n int)", "read-only")]:
            shutil.rmtree(self.out, ignore_errors=True)
            path = self.quick(**{"gates:\n": "gates:\n" + probe % (name, query)})
            self.assert_says(run("run", path, "--out", self.out), ERROR, says)

    def test_noise_baselines_comparison_and_merging(self):
        path = self.quick(**{
            "gates:\n": "gates:\n  slower: {compare: {metric: p50(response_time), allow: 400%}}\n"
        })
        store = self.scratch / "store"
        done = run("noise", path, "--runs", "2", "--out", self.scratch / "runs", "--store", store, limit=150)
        self.assert_says(done, PASS, "p50(response_time)", "floor")
        runs = [self.scratch / "runs/1", self.scratch / "runs/2"]
        self.assertEqual(len(list(store.glob("*/*/*/run.json"))), 2)
        self.assert_says(run("compare", *runs), INCONCLUSIVE, "one run a side")
        self.assert_says(run("compare", *runs, *runs), USAGE, "vs")
        self.assert_says(run("compare", runs[0], self.scratch / "absent"), USAGE, "absent")
        self.assert_says(run("compare", *runs, "--allow", "5"), USAGE, "--allow 5")
        merged = run("report", *runs, "--out", self.scratch / "merged", "--quiet")
        self.assertIn(merged.code, (PASS, INCONCLUSIVE, FAIL), str(merged))
        samples = [self.verdict(directory)["gates"][1]["samples"] for directory in (*runs, self.scratch / "merged")]
        self.assertEqual(samples[0] + samples[1], samples[2])
        self.assert_says(run("report", runs[0], runs[0]), USAGE, "given twice")
        # A named baseline that is not there cannot pass; one of another scenario is refused before anything starts.
        other = self.quick(**{"rate: 60/s": "rate: 50/s"})
        self.assert_says(run("run", other, "--baseline", runs[0], "--out", self.out), USAGE, "--force")
        self.assertFalse(self.out.exists())

    def test_the_ledger(self):
        ledger = ("--ledger", self.scratch / "budget.db")
        record = ("budget", "record", *ledger, "--slo", "pay", "--objective", "99.9%")
        self.assert_says(run("budget", "check", *ledger), INCONCLUSIVE, "holds no SLO")
        self.assert_says(run(*record, "--good", "9990", "--total", "10000", "--at", "2024-11-05"), PASS)
        self.assert_says(run("budget", "check", *ledger, "--at", "2024-11-10"), PASS, "releases are open")
        self.assert_says(run(*record, "--good", "9900", "--total", "10000", "--at", "2024-11-06"), PASS)
        self.assert_says(run("budget", "check", *ledger, "--at", "2024-11-10"), FAIL, "releases are frozen")
        self.assert_says(run("budget", "status", *ledger, "--at", "2024-11-10"), PASS, "releases are frozen")
        self.assert_says(run("budget", "check", *ledger, "--at", "2025-06-01"), INCONCLUSIVE, "unknown")
        self.assert_says(run("budget", "check", *ledger, "--slo", "pya"), USAGE, "did you mean pay")
        self.assert_says(run(*record, "--good", "2", "--total", "1"), USAGE, "more good ones")
        self.assert_says(run(*record, "--good", "1", "--total", "1", "--at", "soon"), USAGE, "--at soon")
        (self.scratch / "text").write_text("no database at all, whatever its name may say about it\n" * 40)
        self.assert_says(run("budget", "status", "--ledger", self.scratch / "text"), USAGE, "not a SQLite file")

    def with_budget(self):
        return self.quick(**{
            "gates:\n": "gates:\n  availability: {budget: {objective: 99.9%, of: create_payment, good: expected and response_time < 800ms, max_burn: 20}}\n"
        })

    def test_budgets_as_openslo_and_back(self):
        done = run("budget", "slo", self.with_budget())
        self.assert_says(done, PASS, "openslo/v1", "target: 0.999", "create_payment")
        (self.scratch / "slo.yaml").write_text(done.out)
        path = self.quick(**{"gates:\n": "gates:\n  availability: {budget: {openslo: slo.yaml, max_burn: 20}}\n"})
        self.assert_says(run("plan", path), PASS, "create_payment", "99.9")
        self.assert_says(run("budget", "slo", self.quick()), USAGE, "no gate of this scenario is a budget")

    def test_burn_alerts_are_prometheus_rules(self):
        done = run("budget", "alerts", self.with_budget())
        self.assert_says(done, PASS, "14.4 * 0.001", "slo: availability")
        promtool = shutil.which("promtool")
        if promtool is None:
            self.skipTest("promtool is not installed (Debian: prometheus)")
        rules = self.scratch / "rules.yaml"
        rules.write_text(done.out)
        checked = subprocess.run([promtool, "check", "rules", str(rules)], capture_output=True, text=True, timeout=60)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertIn("11 rules found", checked.stdout)
        # A budget that burns 20 times too fast for hours: the fast alert fires, the slow ones do not yet.
        (self.scratch / "test.yaml").write_text("""
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'slo_events_total{slo="availability",outcome="bad"}', values: '0+20x180'}
      - {series: 'slo_events_total{slo="availability",outcome="good"}', values: '0+980x180'}
    alert_rule_test:
      - eval_time: 2h
        alertname: ErrorBudgetBurn
        exp_alerts:
""" + "".join(f"""
          - exp_labels: {{severity: {severity}, slo: availability, long_window: {window}}}
            exp_annotations: {{summary: "availability burns its error budget {factor} times too fast over {window} and {short}"}}
""" for severity, window, factor, short in [("page", "1h", "14.4", "5m"), ("page", "6h", "6", "30m"), ("ticket", "1d", "3", "2h"),
                                            ("ticket", "3d", "1", "6h")]))
        checked = subprocess.run([promtool, "test", "rules", "test.yaml"], cwd=self.scratch, capture_output=True, text=True, timeout=60)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)


if __name__ == "__main__":
    main()
