"""A shop of 60 lines that Tidegate did not ship: orders by key, its bank's statement, a ledger. `--lose N` forgets every
Nth order that it acknowledged; `--twice N` charges every Nth one twice."""

import argparse
import http.server
import json
import threading
import urllib.parse

options = argparse.ArgumentParser()
options.add_argument("--lose", type=int, default=0)
options.add_argument("--twice", type=int, default=0)
options = options.parse_args()
orders, charges, entries, lock = {}, [], [], threading.Lock()


def place(client, key, order):
    """The order under that key, made at most once."""
    with lock:
        if (client, key) in orders:
            return orders[client, key]
        number = len(orders) + 1
        made = {"order": {"id": f"o{number}"}, "client": client, "ref": key, "total": order["total"], "state": "paid"}
        orders[client, key] = made
        for attempt in range(2 if options.twice and number % options.twice == 0 else 1):
            charges.append({"line": f"c{number}-{attempt}", "ref": key, "sum": order["total"], "ok": "yes"})
        for account, side in (("bank-settlement", "debit"), ("merchant-payable", "credit")):
            entries.append({"n": len(entries) + 1, "batch": f"b{number}", "order": f"o{number}", "account": account,
                            "side": side, "sum": order["total"]})
        if options.lose and number % options.lose == 0:
            made["lost"] = True
        return made


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(201, place(self.headers["X-Client"], self.headers["X-Request-Id"], order))

    def do_GET(self):
        path, _, query = self.path.partition("?")
        rows = {"/orders": [o for o in orders.values() if "lost" not in o], "/statement": charges, "/books": entries}[path]
        start = int(dict(urllib.parse.parse_qsl(query)).get("from", 0))
        more = start + 100 if start + 100 < len(rows) else None
        self.answer(200, {"rows": rows[start:start + 100], "more": more})

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
print(server.server_port, flush=True)
server.serve_forever()
