"""A gateway on a disk whose syncs take long, on one that turns read-only, under a clock that jumps, and one that was paused
while another took over."""

import concurrent.futures
import http.client
import json
import mmap
import os
import struct
import subprocess
import time

from harness import *

PLATFORM = BIN / "tidegate-platform"
PRELOADED = BIN / "tests/libadversity.so"
TOKEN = "operator-secret"


class Adversity(EndToEnd):
    def setUp(self):
        super().setUp()
        (self.scratch / "peers.json").write_text(
            json.dumps({"generation": 1, "peers": {"vault.http": self.start_vault(TOKEN)}}))
        file = self.scratch / "adversity"
        file.write_bytes(bytes(40))
        with file.open("r+b") as opened:
            self.shared = mmap.mmap(opened.fileno(), 40)
        self.launched = 0

    def set_sync_delay(self, milliseconds):
        struct.pack_into("=q", self.shared, 0, milliseconds)

    def set_clock(self, seconds):
        struct.pack_into("=q", self.shared, 8, seconds)

    def syncs(self):
        return struct.unpack_from("=q", self.shared, 16)[0]

    def set_read_only(self, yes):
        struct.pack_into("=q", self.shared, 24, yes)

    def refused_writes(self):
        return struct.unpack_from("=q", self.shared, 32)[0]

    def launch(self):
        """A gateway on the one data directory; returns it and its address."""
        self.launched += 1
        ready = self.scratch / f"ready-{self.launched}"
        gateway = subprocess.Popen(
            [str(PLATFORM), "gateway", "--data", str(self.scratch / "data"), "--ready-file", str(ready), "--peers",
             str(self.scratch / "peers.json"), "--operator-token", TOKEN],
            env={**os.environ, "LD_PRELOAD": str(PRELOADED), "TIDEGATE_TEST_ADVERSITY": str(self.scratch / "adversity")},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (gateway.kill(), gateway.communicate()))
        wait_until(ready.exists, 20, "the gateway is not ready")
        return gateway, json.loads(ready.read_text())["http"]

    def ask(self, address, method, path, token, body=None, key=None):
        connection = http.client.HTTPConnection(address, timeout=20)
        headers = {"Authorization": f"Bearer {token}", **({"Idempotency-Key": key} if key else {})}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text)

    def add_merchant(self, address):
        _, self.merchant = self.ask(address, "POST", "/admin/merchants", TOKEN,
                                    {"name": "Shop", "currency": "EUR", "card": "4000000000000002"})

    def pay(self, address, key):
        return self.ask(address, "POST", "/v1/payments", self.merchant["api_key"],
                        {"amount": 100, "currency": "EUR", "card": self.merchant["card_token"]}, key)

    def exported(self, address):
        return [item["id"] for item in self.ask(address, "GET", "/v1/payments/export?limit=10000", TOKEN)[1]["items"]]

    def test_a_slow_disk(self):
        """Payments share the slow syncs, and none is acknowledged without one."""
        gateway, address = self.launch()
        self.add_merchant(address)
        self.set_sync_delay(100)
        before = self.syncs()
        with concurrent.futures.ThreadPoolExecutor(32) as clients:
            answers = list(clients.map(lambda i: self.pay(address, f"slow-{i}"), range(320)))
        self.assertEqual({status for status, _ in answers}, {202})
        syncs = self.syncs() - before
        self.assertGreaterEqual(syncs, 10)  # 32 at a time
        self.assertLess(syncs, 160)
        self.set_sync_delay(0)
        self.assertEqual(sorted(self.exported(address)), sorted(answer["id"] for _, answer in answers))
        gateway.terminate()
        gateway.communicate(timeout=20)
        self.assertEqual(gateway.returncode, 0)

    def test_a_disk_that_turns_read_only(self):
        """Payments are refused and can be repeated, what is there is read, and all goes on when the disk can be written."""
        gateway, address = self.launch()
        self.add_merchant(address)
        first = self.pay(address, "first")[1]["id"]
        for round in range(3):
            self.set_read_only(True)
            before = self.refused_writes()
            for i in range(20):
                status, answer = self.pay(address, f"{round}-{i}")
                self.assertEqual(status, 503, answer)
            self.assertGreaterEqual(self.refused_writes() - before, 20)
            self.assertEqual(self.ask(address, "GET", f"/v1/payments/{first}", self.merchant["api_key"])[0], 200)
            self.assertEqual(len(self.exported(address)), 1 + 20 * round)
            self.assertEqual(self.pay(address, "first")[1]["id"], first)  # answered from what is there
            self.set_read_only(False)
            for i in range(20):
                status, answer = self.pay(address, f"{round}-{i}")
                self.assertEqual(status, 202, answer)
        self.assertEqual(len(self.exported(address)), 61)
        gateway.terminate()
        gateway.communicate(timeout=20)
        self.assertEqual(gateway.returncode, 0)

    def test_a_clock_that_jumps(self):
        """Ids ascend and keys stand for their payments wherever the clock goes, also over a restart."""
        gateway, address = self.launch()
        self.add_merchant(address)
        # Repeats are answered from the store, as they are once the memory is full.
        self.ask(address, "PUT", "/admin/feature-flags", TOKEN, {"idempotency_cache": False})
        paid = []
        for jump in (0, -3600, 7200, -86400, 2 * 86400, 0):
            self.set_clock(jump)
            time.sleep(0.5)  # keys that have lapsed are deleted, every 100 ms
            status, answer = self.pay(address, f"at-{len(paid)}")
            self.assertEqual(status, 202, answer)
            paid.append(answer["id"])
            for i, known in enumerate(paid):
                self.assertEqual(self.pay(address, f"at-{i}")[1]["id"], known)
        self.set_clock(-7200)
        gateway.kill()
        gateway.wait(20)
        _, address = self.launch()
        status, answer = self.pay(address, "after-the-restart")
        self.assertEqual(status, 202, answer)
        paid.append(answer["id"])
        self.assertEqual(len(set(paid)), len(paid))
        self.assertEqual(self.exported(address), paid)
        self.assertEqual(self.pay(address, "at-0")[1]["id"], paid[0])

    def test_a_paused_owner_that_wakes_up(self):
        """What wakes up after another process has taken its database writes nothing more."""
        paused, old = self.launch()
        self.add_merchant(old)
        first = self.pay(old, "first")[1]["id"]
        paused.send_signal(signal.SIGSTOP)
        (self.scratch / "data/gateway-0.lock").unlink()  # an operator who takes it for dead
        _, new = self.launch()
        second = self.pay(new, "second")[1]["id"]
        paused.send_signal(signal.SIGCONT)
        for i in range(5):
            self.assertEqual(self.pay(old, f"late-{i}")[0], 503)
        self.assertEqual(self.pay(new, "first")[1]["id"], first)
        third = self.pay(new, "third")[1]["id"]
        self.assertEqual(self.exported(new), [first, second, third])


if __name__ == "__main__":
    main()
