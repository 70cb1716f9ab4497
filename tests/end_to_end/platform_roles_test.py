"""Every role of the platform together: money from a payment to a payout, each service asked over its own HTTP API."""

import base64
import concurrent.futures
import hashlib
import hmac
import http.server
import io
import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
import zipfile

from harness import *
from platform_processes import *

ROLES = "fraud,notification,read-model,reconciliation,audit,payouts"


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


class Roles(Platform):
    PROCESSES = {
        "broker": ["broker"],
        "bank-simulator": ["bank-simulator"],
        "gateway": ["gateway"],
        "acquiring": ["acquiring"],
        "ledger": ["ledger"],
        "vault": ["vault"],
        "worker": ["worker", "--roles", ROLES],
    }

    def entries(self, kind):
        return [item for item in self.pages("ledger", "/v1/ledger/entries") if item["kind"] == kind]

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


class PlatformRoles(Roles):
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

        # What a consumer has applied of one topic, and of all.
        topics = lambda query: {item["stream"].split("/")[1] for item in
                                self.call("worker", "GET", f"/v1/consumers/read-model/applied{query}")["items"]}
        self.assertEqual(topics("?topic=payments"), {"payments"})
        self.assertEqual(topics(""), {"payments", "fraud", "ledger"})

        # The books balance, the audit log is intact, the statement agrees.
        sums = {}
        for item in self.pages("ledger", "/v1/ledger/entries"):
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

    def test_nobody_waits_for_an_endpoint_that_was_removed(self):
        sink = Sink()
        sink.status = 500
        merchant = self.merchant()
        self.call("bank-simulator", "PUT", "/admin/behaviour", {"decline_share": 0, "latency_ms": 1})
        self.call("worker", "PUT", "/admin/notifications", {"attempts": 8, "first_delay_ms": 500})
        endpoint = self.call("worker", "POST", "/v1/webhook-endpoints", {"url": sink.url, "types": ["payment.captured"]}, 201,
                             **merchant["tenant"])["id"]
        self.pay(merchant, "key-1")
        wait_until(lambda: sink.got, 10, "an attempt")
        self.call("worker", "DELETE", f"/v1/webhook-endpoints/{endpoint}", None, 200, **merchant["tenant"])
        letters = lambda: self.call("worker", "GET", "/v1/dead-letters", **merchant["tenant"])["items"]
        wait_until(letters, 10, "a dead letter")  # eight attempts take half a minute at least
        self.assertEqual(letters()[0]["cause"], "the endpoint was removed")
        self.assertLess(letters()[0]["attempts"], 8)

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

    def test_what_the_bank_cannot_take_yet_waits_in_the_bus(self):
        """There the group's lag shows it; what acquiring has taken is bounded."""
        merchant = self.merchant()
        self.call("worker", "PUT", "/admin/fraud/rules", {"same_amounts": 100_000})
        self.running["bank-simulator"].kill()
        self.running["bank-simulator"].wait(10)
        with concurrent.futures.ThreadPoolExecutor(8) as clients:
            list(clients.map(lambda i: self.pay(merchant, f"key-{i}"), range(7_000)))

        def taken():
            applied = self.call("acquiring", "GET", "/v1/consumers/acquiring/applied?topic=payments")["items"]
            return sum(stream["sequence"] for stream in applied)

        wait_until(lambda: taken() >= 4_096, 30, "it takes what it may have open")
        time.sleep(1)
        self.assertLess(taken(), 6_500)  # a transaction or two more than the limit
        self.begin("bank-simulator")
        self.call("bank-simulator", "PUT", "/admin/behaviour", {"decline_share": 0, "latency_ms": 1})
        wait_until(lambda: self.payable(merchant) == 7_000 * 9_850, 60, "everything settles, once")
        self.assertEqual(len(self.pages("bank-simulator", "/v1/statement")), 7_000)

    def test_an_acquirer_that_was_paused_charges_nobody_twice(self):
        """What wakes up after another process has taken its database writes nothing, and is in nobody's way."""
        merchant = self.merchant()
        self.call("bank-simulator", "PUT", "/admin/behaviour", {"decline_share": 0, "latency_ms": 5})
        self.call("worker", "PUT", "/admin/fraud/rules", {"same_amounts": 1_000})
        for i in range(10):
            self.pay(merchant, f"before-{i}")
        wait_until(lambda: self.payable(merchant) == 10 * 9_850, 30, "the first ten settle")
        for i in range(10):
            self.pay(merchant, f"meanwhile-{i}")  # it is at work
        paused = self.running["acquiring"]
        paused.send_signal(signal.SIGSTOP)
        self.addCleanup(lambda: (paused.kill(), paused.wait(10)))
        (self.scratch / "acquiring/data/acquiring-0.lock").unlink()  # an operator who takes it for dead
        self.begin("acquiring")
        for i in range(10):
            self.pay(merchant, f"after-{i}")
        wait_until(lambda: self.payable(merchant) == 30 * 9_850, 60, "its successor does the work")
        paused.send_signal(signal.SIGCONT)
        for i in range(10):
            self.pay(merchant, f"awake-{i}")
        wait_until(lambda: self.payable(merchant) == 40 * 9_850, 60, "both are there, and one works")
        self.assertEqual(len({item["payment"] for item in self.entries("settled")}), 40)
        charges = self.call("bank-simulator", "GET", "/v1/statement")["items"]
        self.assertEqual(len(charges), 40)

    def callback(self, body, secret=TOKEN, age=0, expect=202):
        """What an acquirer tells by itself, signed with the secret shared with it."""
        raw, at = json.dumps(body).encode(), int(time.time()) - age
        mac = hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()
        request = urllib.request.Request(f"http://{self.addresses['gateway.http']}/v1/provider-callbacks/acq-01", raw,
                                         {"webhook-signature": f"t={at},v1={mac}"}, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                status = response.status
        except urllib.error.HTTPError as error:
            status = error.code
        self.assertIn(status, (expect, 503), body)  # 503: it is full, and the acquirer sends again
        return status

    def test_callbacks_repeated_forged_late_and_in_floods_change_nothing(self):
        merchant = self.merchant()
        self.call("bank-simulator", "PUT", "/admin/behaviour", {"decline_share": 0, "latency_ms": 1})
        payment = self.pay(merchant, "key-1")
        wait_until(lambda: self.entries("settled"), 10, "it settles")
        known = self.pages("acquiring", "/v1/attempts/export")[0]["reference"]
        approved = {"reference": known, "status": "approved", "auth_code": "A1"}
        self.callback(approved, secret="somebody else", expect=401)
        self.callback(approved, age=3600, expect=401)
        self.callback({"reference": "pay_0000000000000001-a1", "status": "approved"}, expect=404)
        self.callback({**approved, "status": "perhaps"}, expect=400)
        self.callback({**approved, "reference": 7}, expect=400)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            flood = [pool.submit(self.callback, approved) for _ in range(2000)]
            others = [self.pay(merchant, f"during-{i}") for i in range(20)]  # others are served meanwhile
            self.assertGreater(sum(one.result() == 202 for one in flood), 1000)
        wait_until(lambda: self.payable(merchant) == 21 * 9_850, 20, "each settles once")
        self.assertEqual(len(self.call("bank-simulator", "GET", "/v1/statement?limit=1000")["items"]), 1 + len(others))
        # The bank contradicts itself on money that has moved: people have to look at it, and nothing is undone.
        self.callback({"reference": known, "status": "declined", "reason": "late"})
        status = lambda: self.call("gateway", "GET", f"/v1/payments/{payment}", token=merchant["api_key"])["status"]
        wait_until(lambda: status() == "conflicted", 10, "people are told")
        self.assertEqual(self.payable(merchant), 21 * 9_850)

    def test_another_tenants_ids_do_not_exist(self):
        self.call("bank-simulator", "PUT", "/admin/behaviour", {"decline_share": 0, "latency_ms": 1})
        owner, other = self.merchant("Aachen Audio"), self.merchant("Bergen Books")
        asks = lambda who, method, path, body=None, expect=200, **headers: self.call(
            "gateway", method, path, body, expect, token=who["api_key"], **headers)
        held = asks(owner, "POST", "/v1/payments/authorize-only",
                    {"amount": 500, "currency": "EUR", "card": owner["card_token"]}, 202, Idempotency_Key="held")["id"]
        payment = self.pay(owner, "key-1")
        wait_until(lambda: asks(owner, "GET", f"/v1/payments/{held}")["status"] == "authorized", 10, "it is authorized")
        capture = asks(owner, "POST", f"/v1/payments/{held}/capture", {"amount": 100}, 202, Idempotency_Key="c")["id"]
        asks(owner, "POST", "/v1/wallets", {"wallet": "mine", "currency": "EUR"}, 201, Idempotency_Key="w")
        asks(owner, "POST", "/v1/wallets/mine/credit", {"amount": 50, "currency": "EUR"}, Idempotency_Key="wc")
        wait_until(lambda: self.payable(owner) == 9_850 + 98, 20, "the payment and the captured part settle")
        payout = asks(owner, "POST", "/v1/payouts", {"network": "network-03", "amount": 100, "currency": "EUR",
                                                     "account": "DE02"}, 202, Idempotency_Key="p")["id"]
        endpoint = asks(owner, "POST", "/v1/webhook-endpoints", {"url": "http://127.0.0.1:1/hook"}, 201)["id"]
        for method, path, body in (("GET", f"/v1/payments/{payment}", None),
                                   ("GET", f"/v1/payments/{payment}?wait=1ms", None),
                                   ("GET", "/v1/payments?key=key-1", None),
                                   ("GET", f"/v1/payments/{payment}/operations", None),
                                   ("GET", f"/v1/operations/{capture}", None),
                                   ("POST", f"/v1/payments/{payment}/refund", {"amount": 1}),
                                   ("POST", f"/v1/payments/{held}/cancel", None),
                                   ("GET", "/v1/wallets/mine", None),
                                   ("GET", f"/v1/payouts/{payout}", None),
                                   ("GET", f"/v1/tokens/{owner['card_token']}", None),
                                   ("DELETE", f"/v1/tokens/{owner['card_token']}", None),
                                   ("DELETE", f"/v1/webhook-endpoints/{endpoint}", None)):
            with self.subTest(method=method, path=path):
                asks(other, method, path, body, 404, Idempotency_Key=f"x-{method}-{path}")
        # Another tenant's debit of a wallet of that name is of a wallet of its own, which is empty.
        asks(other, "POST", "/v1/wallets/mine/debit", {"amount": 1, "currency": "EUR"}, 422, Idempotency_Key="d")
        self.assertEqual(asks(owner, "GET", "/v1/wallets/mine")["balance"], 50)
        self.assertEqual(asks(other, "GET", "/v1/webhook-endpoints")["items"], [])
        # A card token of another tenant pays nothing.
        asks(other, "POST", "/v1/payments", {"amount": 5, "currency": "EUR", "card": owner["card_token"]}, 422,
             Idempotency_Key="theirs")
        for wrong in ("", "tgk_" + "0" * 48, owner["api_key"][:-1], TOKEN + "x"):
            with self.subTest(token=wrong):
                self.call("gateway", "GET", f"/v1/payments/{payment}", expect=401, token=wrong)
                self.call("gateway", "GET", "/v1/payments/export", expect=401, token=wrong)
                self.call("worker", "GET", "/v1/audit/log", expect=401, token=wrong)
                self.call("vault", "GET", f"/v1/tokens/{owner['card_token']}", expect=401, token=wrong)

    def test_no_card_number_is_anywhere(self):
        merchant = self.merchant()
        tenant = merchant["tenant"]
        card = {"number": CARD, "expiry_month": 12, "expiry_year": 2030, "cvv": "987"}
        # The merchant's card has been in the vault since it was made: the same card, the same token.
        token = self.call("vault", "POST", "/v1/tokens", card, 200, **tenant)["token"]
        self.assertEqual(token, merchant["card_token"])
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


class FourShards(Roles):
    """Payments and books in four databases each, over merchants in different ones."""
    PROCESSES = {name: [*arguments, *(["--shards", "4"] if name in ("gateway", "acquiring", "ledger", "worker") else [])]
                 for name, arguments in Roles.PROCESSES.items()}
    test_money_from_payment_to_payout = PlatformRoles.test_money_from_payment_to_payout
    test_workers_that_are_killed_lose_and_repeat_nothing = PlatformRoles.test_workers_that_are_killed_lose_and_repeat_nothing

    def test_merchants_in_every_shard_keep_their_own_books(self):
        self.call("bank-simulator", "PUT", "/admin/behaviour", {"decline_share": 0, "latency_ms": 1})
        merchants = [self.merchant(f"Shop {i}") for i in range(16)]
        shards = {item["id"]: item["shard"] for item in self.call("gateway", "GET", "/admin/merchants")["items"]}
        self.assertEqual(set(shards.values()), {0, 1, 2, 3})
        for i in range(5):
            for merchant in merchants:
                self.pay(merchant, f"{merchant['id']}-{i}")  # one key at many merchants looks like fraud
        for merchant in merchants:
            wait_until(lambda: self.payable(merchant) == 5 * 9_850, 20, "everything settles")
        entries = self.pages("ledger", "/v1/ledger/entries")
        self.assertEqual(len({item["sequence"] for item in entries}), len(entries))
        sums = {}
        for item in entries:
            sums[item["transfer"]] = sums.get(item["transfer"], 0) + item["amount"] * (
                1 if item["direction"] == "debit" else -1)
        self.assertEqual(set(sums.values()), {0})
        self.assertEqual(len({item["payment"] for item in entries if item["kind"] == "settled"}), 80)
        # A wallet is where its merchant's books are.
        for merchant in merchants:
            self.call("ledger", "POST", "/v1/wallets/w/credit", {"amount": 70, "currency": "EUR"}, Idempotency_Key="c",
                      **merchant["tenant"])
            self.call("ledger", "POST", "/v1/wallets/w/debit", {"amount": 20, "currency": "EUR"}, Idempotency_Key="d",
                      **merchant["tenant"])
        moved = self.pages("ledger", "/v1/wallets/export")
        self.assertEqual(sorted(item["balance"] for item in moved), [50] * 16 + [70] * 16)
        # The number belongs to the data.
        self.running["ledger"].terminate()
        self.running["ledger"].wait(10)
        refused = subprocess.run([str(PLATFORM), "ledger", "--shards", "2", "--data", str(self.scratch / "ledger/data"),
                                  "--ready-file", str(self.scratch / "other")], capture_output=True, text=True, timeout=20)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("the books were split over 4", refused.stderr)
        self.begin("ledger")
        wait_until(lambda: self.is_ready("ledger"), 10, "it goes on with its own number")


if __name__ == "__main__":
    main()
