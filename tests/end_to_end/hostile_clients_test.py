"""Clients that are slow, many or idle: the gateway goes on serving the others, and comes out with nothing left behind."""

import concurrent.futures
import http.client
import json
import resource
import socket
import subprocess

from harness import *

PLATFORM = BIN / "tidegate-platform"
TOKEN = "operator-secret"
IDLE = 10_000
SLOW = 200


class HostileClients(EndToEnd):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        if hard < IDLE + 1000:
            self.skipTest(f"{hard} file descriptors are too few")
        ready = self.scratch / "ready"
        (self.scratch / "peers.json").write_text(
            json.dumps({"generation": 1, "peers": {"vault.http": self.start_vault(TOKEN)}}))
        self.gateway = subprocess.Popen(
            [str(PLATFORM), "gateway", "--data", str(self.scratch / "data"), "--ready-file", str(ready), "--peers",
             str(self.scratch / "peers.json"), "--operator-token", TOKEN],
            stdout=subprocess.DEVNULL, stderr=(self.scratch / "log").open("a"))
        self.addCleanup(lambda: (self.gateway.kill(), self.gateway.wait()))
        wait_until(ready.exists, 20, "the gateway is not ready")
        self.host, port = json.loads(ready.read_text())["http"].split(":")
        self.port = int(port)
        _, self.merchant = self.ask("POST", "/admin/merchants", TOKEN,
                                    {"name": "Shop", "currency": "EUR", "card": "4000000000000002"})

    def ask(self, method, path, token, body=None, key=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        headers = {"Authorization": f"Bearer {token}"}
        if key:
            headers["Idempotency-Key"] = key
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, json.loads(body) if body[:1] == b"{" else body

    def open_connections(self, count, sent=b""):
        connections = []
        for _ in range(count):
            connections.append(socket.create_connection((self.host, self.port), timeout=20))
            self.addCleanup(connections[-1].close)
            if sent:
                connections[-1].sendall(sent)
        return connections

    def pay(self, key):
        body = {"amount": 100, "currency": "EUR", "card": self.merchant["card_token"]}
        status, answer = self.ask("POST", "/v1/payments", self.merchant["api_key"], body, key)
        self.assertEqual(status, 202, answer)

    def test_idle_and_slow_clients_harm_nobody(self):
        idle = self.open_connections(IDLE)
        slow = self.open_connections(SLOW, b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        half = self.open_connections(SLOW, b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(self.pay, [f"key-{i}" for i in range(500)]))
        # Slow ones are told and let go: 408 after the limit of 10 s for a request, counted from its first byte.
        for connection in (slow[0], half[0]):
            self.assertIn(b" 408 ", connection.recv(200))
        for connection in slow[1:] + half[1:]:
            connection.recv(200)
        # An idle one may still speak.
        idle[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertIn(b" 200 ", idle[0].recv(200))
        status, page = self.ask("GET", "/v1/payments/export?limit=1000", TOKEN)
        self.assertEqual((status, len(page["items"])), (200, 500))
        self.gateway.terminate()
        self.assertEqual(self.gateway.wait(20), 0)

    def test_nonsense_on_the_wire_is_refused_and_the_connection_closed(self):
        for sent in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200 + b"\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
                     b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                     b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                     b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nBad\x00Name: 1\r\n\r\n"):
            with self.subTest(sent=sent[:60]):
                connection = self.open_connections(1, sent)[0]
                answer = b""
                while piece := connection.recv(4096):
                    answer += piece
                status = int(answer.split()[1])
                self.assertIn(status, (400, 413, 431, 501, 505), answer[:100])
        self.pay("after")


if __name__ == "__main__":
    main()
