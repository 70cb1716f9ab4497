"""The generator at a limit of its own: it says so, withholds its verdict, and ends in time."""

import pathlib
import resource
import socketserver
import threading
import unittest

from harness import *


class Slow(socketserver.ThreadingTCPServer):
    """Answers 200 with `size` bytes of body after `wait` seconds; notes where its clients come from."""
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, wait=0.0, size=2):
        super().__init__(("127.0.0.1", 0), Answer)
        self.closing, self.wait, self.body, self.sources = threading.Event(), wait, b"x" * size, set()

    def handle_error(self, *arguments):
        pass


class Answer(socketserver.StreamRequestHandler):
    def handle(self):
        self.server.sources.add(self.client_address[0])
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(self.server.body)
        while self.rfile.readline().strip():
            while self.rfile.readline().strip():
                pass
            self.server.closing.wait(self.server.wait)
            self.wfile.write(head + self.server.body)


class AtALimit(EndToEnd):
    def serve(self, **options):
        server = Slow(**options)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(server.closing.set)
        return server, f"http://127.0.0.1:{server.server_address[1]}"

    def play(self, url, load, steps='[{get: /x, name: x, timeout: 5s}]', http="{}", **options):
        scenario = self.scenario(
            f"tidegate: 1\nname: t\nstack: {{base_url: '{url}', http: {http}}}\nflows: {{a: {steps}}}\n"
            f"load: {{l: {{{load}}}}}\nphases: {{all: {{for: 3s}}}}\n"
            "gates: {fast: {expect: 'p50(response_time) < 10s', confidence: none, min_samples: 1}}\n")
        return run("run", scenario, "--out", self.out, limit=60, **options)


class Limits(AtALimit):
    def test_out_of_descriptors(self):
        _, url = self.serve(wait=0.5)
        tight = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
        done = self.play(url, "executor: constant-vus, vus: 100, duration: 3s, graceful_stop: 1s", preexec_fn=tight)
        self.assert_says(done, INCONCLUSIVE, "no descriptor left for", "had no descriptor left (ulimit -n)")
        self.assertGreater(self.verdict()["validity"]["dropped_iterations"], 50)

    def test_out_of_memory_of_its_own(self):
        _, url = self.serve(wait=1, size=8 << 20)
        tight = lambda: resource.setrlimit(resource.RLIMIT_AS, (700 << 20, 700 << 20))
        done = self.play(url, "executor: constant-arrival-rate, rate: 60/s, duration: 3s, graceful_stop: 1s, max_vus: 2000",
                         steps='[{get: /x, name: x, timeout: 5s, expect: {body: xx}}]', preexec_fn=tight)
        self.assert_says(done, INCONCLUSIVE, "was short of memory")

    def test_more_users_than_memory(self):
        tight = lambda: resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))
        done = self.play("http://127.0.0.1:9", "executor: constant-vus, vus: 900000, duration: 3s", preexec_fn=tight)
        self.assert_says(done, ERROR, "load block 'l' take at least 1318 MiB", "of memory are left")

    def test_sources_take_turns(self):
        server, url = self.serve()
        done = self.play(url, "executor: constant-arrival-rate, rate: 40/s, duration: 3s, connections: fresh",
                         http="{source_addresses: [127.0.0.2-127.0.0.4, 127.0.0.9]}")
        self.assertEqual(done.code, PASS, str(done))
        self.assertEqual(server.sources, {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.9"})

    def test_sources_of_another_machine(self):
        done = self.play("http://127.0.0.1:9", "executor: constant-arrival-rate, rate: 40/s, duration: 3s",
                         http="{source_addresses: 192.0.2.1}")
        self.assert_says(done, ERROR, "source address 192.0.2.1 is not an address of this machine")

    def test_sources_that_are_none(self):
        for text, why in (("127.0.0.300", "is not an IP address"), ("127.0.0.9-127.0.0.2", "from a higher address to a lower"),
                          ("10.0.0.0-10.255.255.255", "more than 4096"), ("localhost", "is not an IP address"),
                          ("127.0.0.2, dns_refresh: 10ms", "dns_refresh is 1s or more")):
            with self.subTest(text):
                done = self.play("http://127.0.0.1:9", "executor: constant-arrival-rate, rate: 40/s, duration: 3s",
                                 http=f"{{source_addresses: {text}}}")
                self.assert_says(done, USAGE, why)


class Ports(AtALimit):
    """On a loopback of its own, where the kernel has 16 ports to give. Runs last: this process stays there."""

    @classmethod
    def setUpClass(cls):
        if not enter_private_network():
            raise unittest.SkipTest("this machine lets nobody have a network of their own")
        (pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")).write_text("50000 50015")

    LOAD = "executor: constant-vus, vus: 40, duration: 3s, graceful_stop: 1s"

    def test_out_of_ports(self):
        _, url = self.serve(wait=0.5)
        done = self.play(url, self.LOAD)
        self.assert_says(done, INCONCLUSIVE, "no local port left for", "had no local port left", "source_addresses")

    def test_more_sources_have_more_ports(self):
        server, url = self.serve(wait=0.5)
        done = self.play(url, self.LOAD, http="{source_addresses: 127.0.0.2-127.0.0.6}")
        self.assertEqual(done.code, PASS, str(done))
        self.assertEqual(len(server.sources), 5)


if __name__ == "__main__":
    main()
