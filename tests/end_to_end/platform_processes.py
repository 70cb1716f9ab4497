"""The reference platform as processes that a test starts, kills and asks, without the harness."""

import json
import subprocess
import urllib.error
import urllib.request

from harness import *

PLATFORM = BIN / "tidegate-platform"
TOKEN = "operator-secret"
CARD = "4000000000010019"


class Platform(EndToEnd):
    """PROCESSES: the name of each to its arguments."""
    PROCESSES = {}

    def setUp(self):
        super().setUp()
        self.running, self.addresses = {}, {}
        self.addCleanup(self.stop_all)
        for name in self.PROCESSES:
            self.begin(name)
        wait_until(lambda: all(self.is_ready(name) for name in self.PROCESSES), 30, "every process is ready")

    def begin(self, name):
        home = self.scratch / name
        home.mkdir(exist_ok=True)
        ready = home / "ready.json"
        ready.unlink(missing_ok=True)
        with open(home / "log", "ab") as log:
            self.running[name] = subprocess.Popen(
                [str(PLATFORM), *self.PROCESSES[name], "--data", str(home / "data"), "--ready-file", str(ready), "--peers",
                 str(self.scratch / "peers.json"), "--operator-token", TOKEN], stdout=log, stderr=log)
        wait_until(ready.exists, 20, f"{name} listens")
        for endpoint, address in json.loads(ready.read_text()).items():
            self.addresses[f"{name}.{endpoint}"] = address
        part = self.scratch / "peers.part"
        part.write_text(json.dumps({"generation": 1, "peers": self.addresses}))
        part.rename(self.scratch / "peers.json")

    def stop_all(self):
        for process in self.running.values():
            process.terminate()
        for name, process in self.running.items():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                raise AssertionError(f"{name} did not end within 10 s of SIGTERM") from None

    def call(self, process, method, path, body=None, expect=200, **headers):
        request = urllib.request.Request(f"http://{self.addresses[process + '.http']}{path}", method=method)
        request.add_header("Authorization", f"Bearer {headers.pop('token', TOKEN)}")
        for key, value in headers.items():
            request.add_header(key.replace("_", "-"), value)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                status, raw = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, raw = error.code, error.read()
        self.assertEqual(status, expect, f"{method} {path}: {raw[:500]}")
        return raw if raw[:2] == b"PK" else json.loads(raw) if raw else None

    def is_ready(self, name):
        try:
            self.call(name, "GET", "/readyz")
            return True
        except (AssertionError, OSError):
            return False

    def merchant(self, name="Aachen Audio"):
        made = self.call("gateway", "POST", "/admin/merchants", {"name": name, "currency": "EUR", "card": CARD}, 201)
        made["tenant"] = {"Tidegate_Tenant": made["id"]}
        return made

    def pay(self, merchant, key, amount=10_000):
        return self.call("gateway", "POST", "/v1/payments",
                         {"amount": amount, "currency": "EUR", "card": merchant["card_token"]}, 202,
                         token=merchant["api_key"], Idempotency_Key=key)["id"]

    def pages(self, process, path):
        """All items of an export, page by page, as of one point."""
        items, after, as_of = [], None, None
        while True:
            query = f"?limit=100{f'&after={after}' if after else ''}{f'&as_of={as_of}' if as_of else ''}"
            page = self.call(process, "GET", path + query)
            items += page["items"]
            if as_of is not None:
                self.assertEqual(page["as_of"], as_of)
            after, as_of = page["next"], page["as_of"]
            if after is None:
                return items


__all__ = ["Platform", "PLATFORM", "TOKEN", "CARD"]
