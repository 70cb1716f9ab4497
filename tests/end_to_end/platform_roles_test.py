"""Every role of the platform together: money from a payment to a payout, each service asked over its own HTTP API."""

import base64
import hashlib
import hmac
import http.server
import io
import json
import subprocess
import threading
import urllib.error
import urllib.request
import zipfile

from harness import *

PLATFORM = BIN / "tidegate-platform"
TOKEN = "operator-secret"
CARD = "4000000000010019"
ROLES = "fraud,notification,read-model,reconciliation,audit,payouts"
PROCESSES = {
    "broker": ["broker"],
    "bank-simulator": ["bank-simulator"],
    "gateway": ["gateway"],
    "acquiring": ["acquiring"],
    "ledger": ["ledger"],
    "vault": ["vault"],
    "worker": ["worker", "--roles", ROLES],
}


class Sink(http.server.ThreadingHTTPServer):
    """A merchant's webhook endpoint: answers `status`, keeps what came."""

    def __init__(self):
        sink = self
        self.got, self.status = [], 200

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.got.append((dict(self.headers.items()), body))
                self.send_response(sink.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/hook"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class PlatformRoles(EndToEnd):
    def setUp(self):
        super().setUp()
        self.running, self.addresses, self.logs = {}, {}, {}
        self.addCleanup(self.stop_all)
        for name in PROCESSES:
            self.begin(name)
        wait_until(lambda: all(self.is_ready(name) for name in PROCESSES), 30, "every process is ready")

    def begin(self, name):
        home = self.scratch / name
        home.mkdir(exist_ok=True)
        ready = home / "ready.json"
        ready.unlink(missing_ok=True)
        with open(home / "log", "ab") as log:
            self.running[name] = subprocess.Popen(
                [str(PLATFORM), *PROCESSES[name], "--data", str(home / "data"), "--ready-file", str(ready), "--peers",
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

    def entries(self, kind):
        items = self.call("ledger", "GET", "/v1/ledger/entries?limit=10000")["items"]
        return [item for item in items if item["kind"] == kind]

    def reconcile(self, rows):
        """Runs reconciliations until one has seen that many of our records: they come by events."""
        for _ in range(10):
            run = self.call("worker", "POST", "/v1/reconciliations", expect=202)["id"]
            state = lambda: self.call("worker", "GET", f"/v1/reconciliations/{run}")
            wait_until(lambda: state()["status"] in ("finished", "failed"), 20, "the reconciliation ends")
            self.assertEqual(state()["status"], "finished", state())
            summary = state()["summary"]
            if summary["matched"] + summary["missing"] + summary["amount-mismatch"] == rows:
                return run, summary
        raise AssertionError(f"never {rows} rows: {summary}")

    def payable(self, merchant):
        return self.call("ledger", "GET", f"/v1/ledger/balances?merchant={merchant['id']}&currency=EUR")["payable"]

    def test_money_from_payment_to_payout(self):
        sink = Sink()
        merchant = self.merchant()
        tenant = merchant["tenant"]
        self.call("bank-simulator", "PUT", "/admin/behaviour", {"decline_share": 0, "latency_ms": 1})
        endpoint = self.call("worker", "POST", "/v1/webhook-endpoints", {"url": sink.url, "types": ["payment.captured"]},
                             201, **tenant)
        payments = [self.pay(merchant, f"key-{i}") for i in range(20)]

        # Captured and cleared, so it settles: 20 payments less 1.5 %.
        wait_until(lambda: self.payable(merchant) == 20 * 9_850, 20, "everything settles")
        for payment in payments:
            view = lambda: self.call("worker", "GET", f"/v1/read/payments/{payment}", **tenant)
            wait_until(lambda: view()["status"] == "captured", 10, "the copy is up to date")
            self.assertFalse(view()["held"])
            decision = self.call("worker", "GET", f"/v1/fraud/decisions/{payment}")
            self.assertEqual(decision["state"], "cleared")
        self.call("worker", "GET", f"/v1/read/payments/{payments[0]}", expect=404, Tidegate_Tenant="mer_999999")

        # Every merchant's webhook, once per event, signed.
        wait_until(lambda: len(sink.got) >= 20, 10, "twenty webhooks")
        self.assertEqual(len({headers["webhook-id"] for headers, _ in sink.got}), 20)
        secret = base64.b64decode(endpoint["secret"].removeprefix("whsec_"))
        for headers, body in sink.got:
            text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            expected = base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode()
            self.assertEqual(headers["webhook-signature"], "v1," + expected)

        # A payout within the balance is paid, one beyond it refused.
        request = {"network": "network-03", "amount": 100_000, "currency": "EUR", "account": "DE02"}
        paid = self.call("worker", "POST", "/v1/payouts", request, 202, Idempotency_Key="po-1", **tenant)["id"]
        again = self.call("worker", "POST", "/v1/payouts", request, 202, Idempotency_Key="po-1", **tenant)["id"]
        self.assertEqual(paid, again)
        refused = self.call("worker", "POST", "/v1/payouts", {**request, "amount": 97_001}, 202,
                            Idempotency_Key="po-2", **tenant)["id"]
        status = lambda payout: self.call("worker", "GET", f"/v1/payouts/{payout}", **tenant)["status"]
        wait_until(lambda: status(paid) == "paid", 10, "the payout is paid")
        wait_until(lambda: status(refused) == "refused", 10, "the payout is refused")
        self.assertEqual(self.payable(merchant), 97_000)
        wait_until(lambda: self.entries("payout-paid"), 10, "the books know of it")

        # The books balance, the audit log is intact, the statement agrees.
        sums = {}
        for item in self.call("ledger", "GET", "/v1/ledger/entries?limit=10000")["items"]:
            sums[item["transfer"]] = sums.get(item["transfer"], 0) + item["amount"] * (
                1 if item["direction"] == "debit" else -1)
        self.assertEqual(set(sums.values()), {0})
        verification = self.call("worker", "GET", "/v1/audit/verification")
        self.assertEqual((verification["intact"], verification["faults"]), (True, []))
        run, summary = self.reconcile(20)
        self.assertEqual(summary["matched"], 20)
        with zipfile.ZipFile(io.BytesIO(self.call("worker", "GET", f"/v1/reconciliations/{run}/report"))) as report:
            self.assertIsNone(report.testzip())
            self.assertIn("matched,20", report.read("summary.csv").decode())

    def test_wrong_statements_are_found_exactly(self):
        merchant = self.merchant()
        self.call("bank-simulator", "PUT", "/admin/behaviour",
                  {"decline_share": 0, "latency_ms": 1, "statement_missing_share": 0.2, "statement_mismatch_share": 0.2})
        payments = [self.pay(merchant, f"key-{i}") for i in range(40)]
        wait_until(lambda: len(self.entries("settled")) >= 2 * len(payments), 20, "everything settles")
        summary = self.reconcile(40)[1]
        # What the provider's own file says, against what the bank's true record says.
        true = {item["reference"]: item["amount"] for item in self.call("bank-simulator", "GET", "/v1/statement")["items"]}
        request = urllib.request.Request(
            f"http://{self.addresses['bank-simulator.http']}/v1/settlement-statement?limit=1000",
            headers={"Authorization": f"Bearer {TOKEN}"})
        rows = urllib.request.urlopen(request, timeout=10).read().decode().splitlines()[1:]
        told = {row.split(",")[1]: int(row.split(",")[2]) for row in rows}
        self.assertEqual(summary["missing"], len(set(true) - set(told)))
        self.assertEqual(summary["amount-mismatch"], sum(true[reference] != amount for reference, amount in told.items()))
        self.assertGreater(summary["missing"], 0)
        self.assertGreater(summary["amount-mismatch"], 0)

    def test_a_held_payment_does_not_settle_until_it_is_released(self):
        merchant = self.merchant()
        self.call("bank-simulator", "PUT", "/admin/behaviour", {"decline_share": 0, "latency_ms": 1})
        self.call("worker", "PUT", "/admin/fraud/rules", {"blocked_cards": [merchant["card_token"]]})
        payment = self.pay(merchant, "key-1")
        held = lambda: self.call("worker", "GET", f"/v1/read/payments/{payment}", **merchant["tenant"])
        wait_until(lambda: self.entries("posted"), 10, "it is captured")
        wait_until(lambda: held()["held"], 10, "it is held")
        self.assertEqual(self.payable(merchant), 0)
        self.call("worker", "POST", f"/admin/fraud/{payment}/release")
        wait_until(lambda: self.payable(merchant) == 9_850, 10, "it settles once released")

    def test_dead_letters_are_replayed_with_their_id(self):
        sink = Sink()
        sink.status = 500
        merchant = self.merchant()
        self.call("bank-simulator", "PUT", "/admin/behaviour", {"decline_share": 0, "latency_ms": 1})
        self.call("worker", "PUT", "/admin/notifications", {"attempts": 3, "first_delay_ms": 20, "alert_at": 1})
        self.call("worker", "POST", "/v1/webhook-endpoints", {"url": sink.url, "types": ["payment.captured"]}, 201,
                  **merchant["tenant"])
        self.pay(merchant, "key-1")
        letters = lambda: self.call("worker", "GET", "/v1/dead-letters", **merchant["tenant"])["items"]
        wait_until(letters, 10, "a dead letter")
        self.assertEqual((letters()[0]["attempts"], letters()[0]["cause"]), (3, "it answered 500"))
        self.assertEqual(len(sink.got), 3)
        wait_until(lambda: "ALERT" in (self.scratch / "worker/log").read_text(), 5, "somebody is called")
        sink.status = 204
        self.call("worker", "POST", "/v1/dead-letters/replay", {}, 202, **merchant["tenant"])
        wait_until(lambda: len(sink.got) == 4, 10, "it is sent again")
        self.assertEqual(len({headers["webhook-id"] for headers, _ in sink.got}), 1)
        self.assertEqual(letters(), [])

    def test_workers_that_are_killed_lose_and_repeat_nothing(self):
        merchant = self.merchant()
        self.call("bank-simulator", "PUT", "/admin/behaviour", {"decline_share": 0, "latency_ms": 5})
        self.call("worker", "PUT", "/admin/fraud/rules", {"same_amounts": 1_000})  # eighty alike would be held
        for round_, victim in enumerate(["worker", "ledger", "acquiring", "worker"]):
            for i in range(10):
                self.pay(merchant, f"key-{round_}-{i}")
            self.running[victim].kill()
            self.running[victim].wait(10)
            for i in range(10):
                self.pay(merchant, f"key-{round_}-late-{i}")
            self.begin(victim)
        wait_until(lambda: self.payable(merchant) == 80 * 9_850, 30, "everything settles, once")
        self.assertEqual(len({item["payment"] for item in self.entries("settled")}), 80)
        charges = self.call("bank-simulator", "GET", "/v1/statement")["items"]
        self.assertEqual(len(charges), 80)
        wait_until(lambda: self.call("worker", "GET", "/v1/read/lag")["staleness_ms"] < 1_000, 20, "the copy is fresh")
        verification = self.call("worker", "GET", "/v1/audit/verification")
        self.assertEqual(verification["faults"], [])

    def test_no_card_number_is_anywhere(self):
        merchant = self.merchant()
        tenant = merchant["tenant"]
        card = {"number": CARD, "expiry_month": 12, "expiry_year": 2030, "cvv": "987"}
        token = self.call("vault", "POST", "/v1/tokens", card, 201, **tenant)["token"]
        self.assertEqual(self.call("vault", "POST", "/v1/tokens", card, 200, **tenant)["token"], token)
        other = self.call("vault", "POST", "/v1/tokens", card, 201, Tidegate_Tenant="mer_999999")["token"]
        self.assertNotEqual(other, token)
        self.call("vault", "POST", "/v1/tokens", {**card, "number": CARD[:-1] + "8"}, 422, **tenant)
        self.call("vault", "GET", f"/v1/tokens/{token}", expect=404, Tidegate_Tenant="mer_999999")
        shown = self.call("vault", "GET", f"/v1/tokens/{token}", **tenant)
        self.assertEqual((shown["last_four"], shown["bin"]), ("0019", "400000"))
        self.call("vault", "GET", f"/v1/tokens/{token}", expect=401, token="wrong")
        self.pay(merchant, "key-1")
        wait_until(lambda: self.entries("settled"), 10, "a payment settles")
        self.stop_all()
        for path in self.scratch.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                self.assertNotIn(CARD.encode(), content, path)
                self.assertNotIn(b'"987"', content, path)


if __name__ == "__main__":
    main()
