"""`tidegate load URL` against a small server: verdicts of a run without a scenario."""

import http.server
import threading
import time

from harness import *


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    delay, status = 0.0, 200

    def do_GET(self):
        time.sleep(type(self).delay)
        self.send_response(type(self).status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_GET

    def log_message(self, *arguments):
        pass


class LoadUrl(EndToEnd):
    def serve(self, delay=0.0, status=200):
        handler = type("Scripted", (Handler,), {"delay": delay, "status": status})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}/"

    def load(self, url, *more):
        return run("load", url, "--rate", "100/s", "--for", "4s", "--out", self.out, *more)

    def test_a_gate_that_holds(self):
        done = self.load(self.serve(), "--expect", "p99 < 10s")
        gate = self.verdict()["gates"][0]
        self.assertEqual((gate["outcome"], gate["samples"]), ("PASS", 400), str(done))
        # On a machine that others keep busy the generator may not vouch for itself; it must then say so.
        if done.code != PASS:
            self.assert_says(done, INCONCLUSIVE, "validity")
            self.assertTrue(self.verdict()["validity"]["reasons"])

    def test_a_gate_that_breaks(self):
        self.assert_says(self.load(self.serve(delay=0.3), "--expect", "p99 < 100ms"), FAIL, "FAIL")

    def test_fast_errors_do_not_improve_a_percentile(self):
        self.assert_says(self.load(self.serve(status=500), "--expect", "p99 < 10s"), FAIL, "FAIL")

    def test_without_gates_it_is_not_judged_and_says_so(self):
        self.assert_says(self.load(self.serve()), PASS, "NOT JUDGED")

    def test_options_of_the_generator(self):
        done = self.load(self.serve(), "--loops", "2", "--spin", "20%", "--source", "127.0.0.2-127.0.0.3")
        self.assert_says(done, PASS, "NOT JUDGED")
        self.assertEqual(self.verdict()["validity"]["dropped_iterations"], 0)
        for options, why in ((("--spin", "2"), "expected a share"), (("--loops", "0"), "--loops"),
                             (("--source", "nowhere"), "is not an IP address")):
            self.assert_says(run("load", self.serve(), *options, "--out", self.scratch / "none"), USAGE, why)

    def test_too_few_samples_for_the_gate_are_refused_before_load(self):
        done = run("load", self.serve(), "--rate", "10/s", "--for", "2s", "--expect", "p99 < 100ms", "--out", self.out)
        self.assert_says(done, USAGE, "samples")


if __name__ == "__main__":
    main()
