"""What goes in and out of a run beside the run directory: imported scenarios, samples, Prometheus, OTLP."""

import csv
import http.server
import json
import threading
import urllib.request

from harness import *
from servers import *


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.pushes.append((self.path, self.headers.get("x-key"), json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments):
        pass


class DataInOut(EndToEnd):
    def target(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        server.daemon_threads, server.seen = True, fresh_notes()
        return server, served(self, server)

    def imported(self, kind, name):
        server, port = self.target()
        source = self.scratch / name
        source.write_text((SOURCE / "tests/end_to_end/data" / name).read_text().replace("PORT", str(port)))
        scenario = self.scratch / "made.yaml"
        self.assert_says(run("new", "--from", kind, source, "--out", scenario), PASS, "made.yaml")
        self.assert_says(run("validate", scenario), PASS, "valid")
        done = run("run", scenario, "--set", "length=4s", "--set", "rate=30/s", "--out", self.out)
        self.assertIn(done.code, (PASS, INCONCLUSIVE), str(done))
        self.assertEqual(self.verdict()["gates"][0]["outcome"], "PASS", str(done))
        return server, scenario

    def test_a_har_is_played(self):
        server, scenario = self.imported("har", "session.har")
        self.assertEqual(server.seen["targets"], {"/front?a=1", "/items"})
        self.assertGreaterEqual(server.seen["requests"], 230)
        done = run("new", "--from", "har", self.scratch / "session.har", "--out", scenario)
        self.assert_says(done, USAGE, "is there already")

    def test_an_openapi_description_is_played(self):
        server, _ = self.imported("openapi", "petstore.yaml")
        self.assertIn("/v1/pets", server.seen["targets"])
        self.assertTrue(any(target.startswith("/v1/pets/") for target in server.seen["targets"]))

    def test_the_starter_is_valid(self):
        done = run("new")
        self.assert_says(run("validate", self.scenario(done.out)), PASS, "valid")

    def test_what_cannot_be_imported(self):
        bad = self.scratch / "bad.har"
        bad.write_text("{}")
        self.assert_says(run("new", "--from", "har", bad), USAGE, "log.entries")
        self.assert_says(run("new", "--from", "har"), USAGE, "go together")
        self.assert_says(run("new", "--from", "curl", bad), USAGE)
        self.assert_says(run("new", "--from", "har", self.scratch / "none"), USAGE, "none")

    def outputs(self, port, outputs, duration="3s"):
        return self.scenario("tidegate: 1\nname: out\nstack: {base_url: 'http://127.0.0.1:%d'}\nflows: {a: [{get: /x, name: 'x,\"y'}]}\n"
                             "phases: {all: {for: %s}}\nload: {l: {executor: constant-arrival-rate, rate: 50/s}}\noutputs: %s\n"
                             % (port, duration, json.dumps(outputs)))

    def test_every_request_is_a_sample(self):
        _, port = self.target()
        for form in ("csv", "ndjson"):
            out = self.scratch / form
            done = run("run", self.outputs(port, {"samples": {"format": form}}), "--out", out)
            self.assertEqual(done.code, PASS, str(done))
            with open(out / f"samples.{form}") as lines:
                rows = list(csv.DictReader(lines)) if form == "csv" else [json.loads(line) for line in lines]
            self.assertEqual(len(rows), 150)
            self.assertEqual({row["name"] for row in rows}, {'x,"y'})
            self.assertEqual({int(row["status"]) for row in rows}, {200})
            for row in rows:
                self.assertGreaterEqual(float(row["response_ms"]), float(row["waiting_ms"]) + float(row["receiving_ms"]) - 0.01)
            self.assertEqual(sorted(float(row["intended_s"]) for row in rows)[-1] < 3, True)

    def test_prometheus_scrapes_during_the_run(self):
        _, port = self.target()
        process = start("run", self.outputs(port, {"prometheus": {"listen": "127.0.0.1:0"}}, "6s"), "--out", self.out)
        address = ""
        for line in process.stderr:
            if "metrics at " in line:
                address = line.split("metrics at ")[1].strip()
                break
        seen = []

        def scrape():
            text = urllib.request.urlopen(address, timeout=5).read().decode()
            counts = [float(line.split()[-1]) for line in text.splitlines() if line.startswith("tidegate_http_reqs_total{")]
            seen.extend(counts)
            return counts and counts[0] >= 50
        wait_until(scrape, 8, "fifty requests at the endpoint")
        self.assertEqual(finish(process, 60).code, PASS)

    def test_a_port_that_is_taken_is_told(self):
        _, port = self.target()
        done = run("run", self.outputs(port, {"prometheus": {"listen": f"127.0.0.1:{port}"}}), "--out", self.out)
        self.assert_says(done, ERROR, str(port))

    def test_otlp_is_pushed_to_the_end(self):
        _, port = self.target()
        collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        collector.pushes, collector.status = [], 200
        url = f"http://127.0.0.1:{served(self, collector)}"
        done = run("run", self.outputs(port, {"otlp": {"endpoint": url, "every": "1s", "headers": {"x-key": "k"}}}), "--out", self.out)
        self.assertEqual(done.code, PASS, str(done))
        self.assertGreaterEqual(len(collector.pushes), 2)
        path, key, last = collector.pushes[-1]
        self.assertEqual((path, key), ("/v1/metrics", "k"))
        metrics = {metric["name"]: metric for metric in last["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]}
        self.assertEqual(sum(point["asDouble"] for point in metrics["tidegate.http_reqs"]["sum"]["dataPoints"]), 150)
        self.assertEqual(sum(int(point["count"]) for point in metrics["tidegate.response_time"]["histogram"]["dataPoints"]), 150)

    def test_a_collector_that_refuses_does_not_disturb_the_run(self):
        _, port = self.target()
        done = run("run", self.outputs(port, {"otlp": {"endpoint": "http://127.0.0.1:9", "every": "1s"}}), "--out", self.out)
        self.assertEqual(done.code, PASS, str(done))
        self.assertEqual([event["output"] for event in self.events() if event.get("event") == "output_failed"], ["otlp"])


if __name__ == "__main__":
    main()
