"""A gateway that is restarted again and again behind the edge, under load: no client sees it, nothing happens twice."""

import concurrent.futures
import http.client
import json
import subprocess
import threading
import time

from harness import *

PLATFORM = BIN / "tidegate-platform"
TOKEN = "operator-secret"
RESTARTS = 4
CLIENTS = 8


class RollingRestart(EndToEnd):
    def launch(self, role, port=0):
        ready = self.scratch / f"{role}.ready"
        ready.unlink(missing_ok=True)
        process = subprocess.Popen(
            [str(PLATFORM), role, "--data", str(self.scratch / role), "--ready-file", str(ready), "--peers",
             str(self.scratch / "peers.json"), "--port", str(port), "--operator-token", TOKEN],
            stdout=subprocess.DEVNULL, stderr=(self.scratch / f"{role}.log").open("a"))
        self.addCleanup(lambda: (process.kill(), process.wait()))
        wait_until(ready.exists, 20, f"{role} is not ready")
        return process, json.loads(ready.read_text())["http"]

    def ask_once(self, address, *request):
        connection = http.client.HTTPConnection(address, timeout=60)
        try:
            return self.ask(connection, *request)
        finally:
            connection.close()

    def ask(self, connection, method, path, token, body=None, key=None):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")

    def client(self, number, address, merchant, over):
        """Pays and reads what it paid, until it is over. Returns ids by key."""
        paid = {}
        connection = http.client.HTTPConnection(address, timeout=60)
        self.addCleanup(connection.close)
        while not over.is_set():
            key = f"{number}-{len(paid)}"
            body = {"amount": 100, "currency": "EUR", "card": merchant["card_token"]}
            status, answer = self.ask(connection, "POST", "/v1/payments", merchant["api_key"], body, key)
            self.assertEqual(status, 202, answer)
            paid[key] = answer["id"]
            status, answer = self.ask(connection, "GET", f"/v1/payments/{paid[key]}", merchant["api_key"])
            self.assertEqual(status, 200, answer)
        return paid

    def test_no_request_fails(self):
        peers = {"vault.http": self.start_vault(TOKEN)}
        (self.scratch / "peers.json").write_text(json.dumps({"generation": 1, "peers": peers}))
        gateway, address = self.launch("gateway")
        peers["gateway.http"] = address
        (self.scratch / "peers.json").write_text(json.dumps({"generation": 1, "peers": peers}))
        _, edge = self.launch("edge")
        time.sleep(0.2)  # the peers file is looked at every 100 ms
        # Longer than the default of 5 s, so that a slow machine does not fail the test.
        status, _ = self.ask_once(edge, "PUT", "/admin/edge", TOKEN, {"hold": "30s"})
        self.assertEqual(status, 200)
        status, merchant = self.ask_once(edge, "POST", "/admin/merchants", TOKEN,
                                    {"name": "Shop", "currency": "EUR", "card": "4000000000000002"})
        self.assertEqual(status, 201, merchant)
        over = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            clients = [pool.submit(self.client, n, edge, merchant, over) for n in range(CLIENTS)]
            try:
                for _ in range(RESTARTS):
                    time.sleep(0.5)
                    gateway.terminate()
                    self.assertEqual(gateway.wait(20), 0)
                    gateway, _ = self.launch("gateway", int(address.split(":")[1]))
            finally:
                over.set()
            paid = {}
            for client in clients:
                paid.update(client.result(60))
        self.assertGreater(len(paid), 20 * RESTARTS)
        exported, after = {}, 0
        while after is not None:
            status, page = self.ask_once(address, "GET", f"/v1/payments/export?after={after}", TOKEN)
            self.assertEqual(status, 200, page)
            for payment in page["items"]:
                self.assertNotIn(payment["key"], exported, "two payments for one key")
                exported[payment["key"]] = payment["id"]
            after = page["next"]
        self.assertEqual(exported, paid)

    def test_a_rehearsal_with_a_restart_and_a_kill_behind_the_edge(self):
        scenario = self.scenario((SOURCE / "tests/end_to_end/data/rolling_restart.yaml").read_text())
        done = run("run", scenario, "--out", self.out, limit=150)
        self.assert_says(done, PASS, "nothing_failed")
        self.assert_nothing_left()


if __name__ == "__main__":
    main()
