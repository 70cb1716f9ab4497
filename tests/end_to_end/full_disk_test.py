"""A gateway on a disk that is really full, and on one that cannot be written: refusals, reads, recovery without help."""

import http.client
import json
import subprocess

from harness import *

PLATFORM = BIN / "tidegate-platform"
TOKEN = "operator-secret"


class FullDisk(EndToEnd):
    def setUp(self):
        super().setUp()
        self.data = self.scratch / "data"
        self.data.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(self.data)], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(self.data)])
        (self.scratch / "peers.json").write_text(
            json.dumps({"generation": 1, "peers": {"vault.http": self.start_vault(TOKEN)}}))

    def launch(self):
        return subprocess.Popen(
            [str(PLATFORM), "gateway", "--data", str(self.data), "--ready-file", str(self.scratch / "ready"), "--peers",
             str(self.scratch / "peers.json"), "--operator-token", TOKEN],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def ask(self, method, path, token, body=None, key=None):
        connection = http.client.HTTPConnection(self.address, timeout=20)
        headers = {"Authorization": f"Bearer {token}"}
        if key:
            headers["Idempotency-Key"] = key
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, json.loads(body)

    def pay(self, key):
        return self.ask("POST", "/v1/payments", self.merchant["api_key"],
                        {"amount": 100, "currency": "EUR", "card": self.merchant["card_token"]}, key)

    def fill(self):
        with (self.data / "filler").open("wb", buffering=0) as filler:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        filler.write(b"x" * size)
                except OSError:
                    pass

    def test_a_full_disk(self):
        gateway = self.launch()
        self.addCleanup(lambda: (gateway.kill(), gateway.communicate()))
        wait_until((self.scratch / "ready").exists, 20, "the gateway is not ready")
        self.address = json.loads((self.scratch / "ready").read_text())["http"]
        _, self.merchant = self.ask("POST", "/admin/merchants", TOKEN,
                                    {"name": "Shop", "currency": "EUR", "card": "4000000000000002"})
        status, first = self.pay("first")
        self.assertEqual(status, 202)
        taken = 1
        for round in range(3):
            self.fill()
            refused = tries = 0
            while refused < 100:  # pages that are there already, the log's above all, may still be used
                self.assertLess(tries, 3000, "a full disk refuses nothing")
                status, answer = self.pay(f"full-{round}-{tries}")
                self.assertIn(status, (202, 503), answer)
                refused += status == 503
                tries += 1
            taken += tries
            self.assertEqual(self.ask("GET", f"/v1/payments/{first['id']}", self.merchant["api_key"])[0], 200)
            self.assertEqual(self.ask("GET", "/v1/payments/export", TOKEN)[0], 200)
            (self.data / "filler").unlink()
            for i in range(tries):  # each is taken now, once
                status, answer = self.pay(f"full-{round}-{i}")
                self.assertEqual(status, 202, answer)
        _, page = self.ask("GET", "/v1/payments/export?limit=10000", TOKEN)
        self.assertEqual(len(page["items"]), taken)
        gateway.terminate()
        gateway.communicate(timeout=20)
        self.assertEqual(gateway.returncode, 0)

    def test_a_disk_that_cannot_be_written(self):
        subprocess.run(["mount", "-o", "remount,ro", str(self.data)], check=True)
        gateway = self.launch()
        _, errors = gateway.communicate(timeout=20)
        self.assertEqual(gateway.returncode, 1)
        self.assertIn("Read-only file system", errors)
        self.assertIn(str(self.data), errors)


if __name__ == "__main__":
    main_in_mount_namespace(__file__)
