"""Everything but plain HTTP/1.1, from a scenario to its series: TLS, unix sockets, HTTP/2, proxies, WebSocket, gRPC, Kafka."""

import json
import shutil
import socket
import ssl
import subprocess
import time

from harness import *
from servers import *

LOAD = """
load: {l: {executor: constant-arrival-rate, rate: 20/s, duration: 2s}}
phases: {all: {for: 2s}}
"""


class Transports(EndToEnd):

    def counts(self):
        """Of the run's samples: requests by status, and errors by class."""
        samples = [json.loads(line) for line in (self.out / "samples.ndjson").read_text().splitlines()]
        statuses, errors = {}, {}
        for sample in samples:
            statuses[sample["status"]] = statuses.get(sample["status"], 0) + 1
            if sample["error"] != "none":
                errors[sample["error"]] = errors.get(sample["error"], 0) + 1
        return statuses, errors

    def tls_server(self, client_certificates=False):
        make_certificates(self.scratch)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.scratch / "server.pem", self.scratch / "server.key")
        context.set_alpn_protocols(["http/1.1"])
        if client_certificates:
            context.load_verify_locations(self.scratch / "ca.pem")
            context.verify_mode = ssl.CERT_REQUIRED
        server = Tls(context)
        return server, served(self, server)

    GET = {"a": [{"get": "/x", "name": "x", "expect": {"json": {"$.ok": True}}}]}

    def test_tls_verifies_and_reuses_sessions(self):
        server, port = self.tls_server()
        self.play_with_samples({"base_url": f"https://127.0.0.1:{port}", "http": {"tls": {"ca": str(self.scratch / "ca.pem")}}},
                               [{"get": "/x", "name": "x", "headers": {"Connection-Note": "n"}, "expect": {"json": {"$.ok": True}}}])
        self.assertEqual(self.counts(), ({200: 40}, {}))
        self.assertEqual(server.seen["alpn"], {"http/1.1"})

    def play_with_samples(self, stack, steps, code=PASS, more=""):
        scenario = self.scenario("tidegate: 1\nname: t\nstack: " + json.dumps(stack) + "\nflows: " + json.dumps({"a": steps}) +
                                 "\noutputs: {samples: {format: ndjson}}\n" + more + LOAD)
        done = run("run", scenario, "--out", self.out)
        self.assertEqual(done.code, code, str(done))
        return done

    def test_an_unknown_authority_is_an_error_class(self):
        server, port = self.tls_server()
        self.play_with_samples({"base_url": f"https://127.0.0.1:{port}"}, self.GET["a"])
        self.assertEqual(self.counts(), ({0: 40}, {"tls": 40}))
        self.assertEqual(server.seen["requests"], 0)

    def test_a_name_that_is_not_the_certificates_is_refused(self):
        _, port = self.tls_server()
        self.play_with_samples({"base_url": f"https://127.0.0.1:{port}", "http": {"tls": {
            "ca": str(self.scratch / "ca.pem"), "server_name": "other.test"}}}, self.GET["a"])
        self.assertEqual(self.counts(), ({0: 40}, {"tls": 40}))

    def test_verification_can_be_switched_off(self):
        _, port = self.tls_server()
        self.play_with_samples({"base_url": f"https://127.0.0.1:{port}", "http": {"tls": {"verify": False}}}, self.GET["a"])
        self.assertEqual(self.counts(), ({200: 40}, {}))

    def test_the_client_shows_its_certificate(self):
        server, port = self.tls_server(client_certificates=True)
        tls = {"ca": "ca.pem", "certificate": "client.pem", "key": "client.key"}
        self.play_with_samples({"base_url": f"https://127.0.0.1:{port}", "http": {"tls": tls}}, self.GET["a"])
        self.assertEqual(self.counts(), ({200: 40}, {}))
        self.assertIn("client", str(server.seen["clients"]))

    def test_without_a_certificate_the_server_says_no(self):
        server, port = self.tls_server(client_certificates=True)
        self.play_with_samples({"base_url": f"https://127.0.0.1:{port}", "http": {"tls": {"ca": "ca.pem"}}}, self.GET["a"])
        statuses, errors = self.counts()
        self.assertEqual(statuses, {0: 40})
        self.assertEqual(server.seen["requests"], 0)
        self.assertLessEqual(set(errors), {"tls", "closed", "reset"})

    def test_a_server_that_does_not_speak_tls(self):
        server = Threaded(type("Plain", (Proxy,), {}), targets=[])
        port = served(self, server)
        self.play_with_samples({"base_url": f"https://127.0.0.1:{port}"}, self.GET["a"])
        statuses, errors = self.counts()
        self.assertEqual((statuses, errors.keys() <= {"tls", "closed", "reset"}), ({0: 40}, True), errors)

    def test_a_server_that_hangs_in_tls(self):
        with socket.create_server(("127.0.0.1", 0), backlog=128) as silent:
            self.play_with_samples({"base_url": f"https://127.0.0.1:{silent.getsockname()[1]}"},
                                   [{"get": "/x", "timeout": "200ms"}])
        self.assertEqual(self.counts(), ({0: 40}, {"timeout": 40}))

    def test_a_ca_file_that_is_none_is_told_before_load(self):
        bad = self.scratch / "bad.pem"
        bad.write_text("nothing")
        done = self.play_with_samples({"base_url": "https://127.0.0.1:1", "http": {"tls": {"ca": str(bad)}}}, self.GET["a"], code=ERROR)
        self.assert_says(done, ERROR, "tls.ca")

    def test_a_unix_socket(self):
        server = Unix(self.scratch / "app.sock")
        served(self, server)
        self.play_with_samples({"base_url": f"unix:{self.scratch / 'app.sock'}"}, self.GET["a"])
        self.assertEqual(self.counts(), ({200: 40}, {}))
        self.assertEqual(server.seen["requests"], 40)

    def test_a_unix_socket_that_is_not_there(self):
        self.play_with_samples({"base_url": f"unix:{self.scratch / 'none.sock'}"}, self.GET["a"])
        self.assertEqual(self.counts(), ({0: 40}, {"refused": 40}))

    def test_a_proxy_is_asked_for_the_whole_address(self):
        proxy = Threaded(Proxy, targets=[])
        port = served(self, proxy)
        self.play_with_samples({"base_url": "http://127.0.0.1:9", "http": {"proxy": f"http://127.0.0.1:{port}"}},
                               [{"get": "/x?y=1", "name": "x"}])
        self.assertEqual(self.counts(), ({200: 40}, {}))
        self.assertEqual(set(proxy.targets), {"http://127.0.0.1:9/x?y=1"})

    def nghttpd(self, *arguments):
        if shutil.which("nghttpd") is None:
            self.skipTest("nghttpd is not installed")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (self.scratch / "htdocs").mkdir()
        (self.scratch / "htdocs/x").write_text('{"ok":true}')
        server = subprocess.Popen(["nghttpd", "-a", "127.0.0.1", "-d", str(self.scratch / "htdocs"), *arguments[:1], str(port), *arguments[1:]],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait, 10)
        self.addCleanup(server.kill)

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        wait_until(listens, 10, "nghttpd")
        return port

    def test_http_2_with_prior_knowledge(self):
        port = self.nghttpd("--no-tls")
        self.play_with_samples({"base_url": f"http://127.0.0.1:{port}", "http": {"version": 2}},
                               [*self.GET["a"], {"get": "/missing", "name": "missing", "expect": {"status": 404}}])
        self.assertEqual(self.counts(), ({200: 40, 404: 40}, {}))

    def test_http_2_over_tls(self):
        make_certificates(self.scratch)
        port = self.nghttpd("-n1", str(self.scratch / "server.key"), str(self.scratch / "server.pem"))
        self.play_with_samples({"base_url": f"https://127.0.0.1:{port}", "http": {"version": 2, "tls": {"ca": "ca.pem"}}}, self.GET["a"])
        self.assertEqual(self.counts(), ({200: 40}, {}))

    def test_http_2_to_nobody(self):
        self.play_with_samples({"base_url": "http://127.0.0.1:9", "http": {"version": 2}}, self.GET["a"])
        self.assertEqual(self.counts(), ({0: 40}, {"refused": 40}))

    def test_a_websocket_conversation(self):
        server = Threaded(WebSocket, pongs=[])
        port = served(self, server)
        self.play_with_samples({"base_url": f"http://127.0.0.1:{port}"}, [
            {"websocket": "/feed", "name": "feed", "send": [{"json": {"id": "${int(7, 7)}"}}], "expect": {"json": {"$.id": 7}},
             "capture": {"id": "$.id"}},
            {"websocket": "/greet/${id}", "name": "greet", "expect": {"body": "hello"}},
            {"websocket": "/never", "name": "never", "timeout": "200ms", "expect": {"body": "nobody says this"}},
        ])
        self.assertEqual(self.counts(), ({101: 80, 0: 40}, {"timeout": 40}))
        self.assertTrue(all(pong == b"hi" for pong in server.pongs))

    HELD = [
        {"websocket": "/feed", "name": "open", "hold": "feed", "send": [{"json": {"id": "${int(7, 7)}"}}],
         "expect": {"json": {"$.id": 7}}, "capture": {"id": "$.id"}},
        {"held": "feed", "name": "more", "send": "again ${id}", "expect": {"body": "again 7"}},
        {"held": "feed", "name": "later", "send": "later", "expect": {"body": "later"}},
        {"think": "100ms"},
        {"held": "feed", "name": "kept", "expect": {"body": "kept"}, "timeout": "5s"},
        {"held": "feed", "name": "bye", "close": True},
        {"held": "feed", "name": "gone"},
    ]

    def test_a_websocket_that_later_steps_go_on_with(self):
        server = Threaded(WebSocket, pongs=[])
        port = served(self, server)
        self.play_with_samples({"base_url": f"http://127.0.0.1:{port}"}, self.HELD)
        self.assertEqual(self.counts(), ({101: 200, 0: 40}, {"closed": 40}))
        self.assertEqual((server.pongs.count(b"hi"), server.pongs.count(b"idle")), (40, 40))

    def test_a_websocket_over_tls(self):
        make_certificates(self.scratch)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.scratch / "server.pem", self.scratch / "server.key")
        server = Tls(context, WebSocket)
        server.pongs = []
        port = served(self, server)
        self.play_with_samples({"base_url": f"https://127.0.0.1:{port}", "http": {"tls": {"ca": "ca.pem"}}}, self.HELD)
        self.assertEqual(self.counts(), ({101: 200, 0: 40}, {"closed": 40}))
        self.assertEqual(server.pongs.count(b"idle"), 40)

    def test_what_cannot_be_held_is_told_before_load(self):
        opened = {"websocket": "/feed", "name": "open", "hold": "feed"}
        for steps, why in (([opened, {"held": "fed"}], "did you mean 'feed'"),
                           ([{"parallel": [opened]}], "cannot be held in parallel"),
                           ([{"websocket": "/x", "close": True}], "'close' does not go with 'websocket"),
                           ([{"get": "/x", "hold": "feed"}], "'hold' goes with websocket"),
                           ([opened, {"held": "feed", "headers": {"A": "b"}}], "'headers' does not go with 'held'")):
            with self.subTest(why):
                text = "tidegate: 1\nname: t\nstack: {base_url: 'http://127.0.0.1:9'}\nflows: " + json.dumps({"a": steps}) + LOAD
                self.assert_says(run("validate", self.scenario(text)), USAGE, why)

    def test_a_websocket_that_does_not_switch(self):
        server = Threaded(Proxy, targets=[])
        port = served(self, server)
        self.play_with_samples({"base_url": f"http://127.0.0.1:{port}"}, [{"websocket": "/feed", "name": "feed"}])
        self.assertEqual(self.counts(), ({200: 40}, {"status": 40}))

    PROTO = 'syntax = "proto3"; package shop; message Ask { string name = 1; int32 count = 2; } ' \
            'message Answer { string text = 1; } service Desk { rpc Greet(Ask) returns (Answer); }'

    def grpc(self, status=0):
        if shutil.which("protoc") is None:
            self.skipTest("protoc is not installed")
        (self.scratch / "shop.proto").write_text(self.PROTO)
        subprocess.run(["protoc", "--include_imports", "--descriptor_set_out=shop.pb", "shop.proto"], cwd=self.scratch, check=True, timeout=30)
        server = Threaded(Grpc, bodies=[], reply=b"\x0a\x02hi", status=status)
        return server, served(self, server)

    CALL = {"grpc": "shop.Desk/Greet", "name": "greet", "descriptors": "shop.pb", "message": {"name": "n${int(1, 1)}", "count": 3}}

    def test_a_grpc_call(self):
        server, port = self.grpc()
        self.play_with_samples({"base_url": f"http://127.0.0.1:{port}"}, [{**self.CALL, "expect": {"json": {"$.text": "hi"}}}])
        self.assertEqual(self.counts(), ({200: 40}, {}))
        self.assertEqual(set(server.bodies), {b"\x00\x00\x00\x00\x06\x0a\x02n1\x10\x03"})

    def test_a_grpc_status_is_the_http_status_that_says_the_same(self):
        _, port = self.grpc(status=14)
        self.play_with_samples({"base_url": f"http://127.0.0.1:{port}"}, [self.CALL])
        self.assertEqual(self.counts(), ({503: 40}, {"status": 40}))

    def test_grpc_mistakes_are_told_before_load(self):
        self.grpc()
        for change, message in (({"grpc": "shop.Desk/Greed"}, "did you mean 'shop.Desk/Greet'"),
                                ({"message": {"nam": 1}}, "the message does not fit the method"),
                                ({"descriptors": "shop.proto"}, "is not a descriptor set")):
            done = self.play_with_samples({"base_url": "http://127.0.0.1:9"}, [{**self.CALL, **change}], code=USAGE)
            self.assert_says(done, USAGE, message)

    def broker(self):
        ready = self.scratch / "broker.json"
        broker = subprocess.Popen([str(BIN / "tidegate-platform"), "broker", "--data", str(self.scratch / "broker"), "--ready-file", str(ready),
                                   "--peers", str(self.scratch / "peers.json"), "--port", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(broker.wait, 10)
        self.addCleanup(broker.terminate)
        wait_until(ready.exists, 15, "the broker")
        endpoints = json.loads(ready.read_text())
        return endpoints.get("endpoints", endpoints)["kafka"]

    def test_publishing_to_kafka(self):
        self.play_with_samples({"base_url": "http://127.0.0.1:9", "kafka": {"bootstrap": self.broker()}},
                               [{"publish": "load", "name": "event", "key": "${uuid()}", "json": {"n": "${counter()}"}, "headers": {"h": "v"}}])
        self.assertEqual(self.counts(), ({200: 40}, {}))

    def test_publishing_to_nobody_times_out(self):
        self.play_with_samples({"base_url": "http://127.0.0.1:9", "kafka": {"bootstrap": "127.0.0.1:9"}},
                               [{"publish": "load", "name": "event", "body": "x", "timeout": "300ms"}])
        self.assertEqual(self.counts(), ({0: 40}, {"timeout": 40}))

    def test_publishing_without_kafka_is_told_before_load(self):
        done = self.play_with_samples({"base_url": "http://127.0.0.1:9"}, [{"publish": "load", "body": "x"}], code=ERROR)
        self.assert_says(done, ERROR, "stack.kafka.bootstrap")


if __name__ == "__main__":
    main()
