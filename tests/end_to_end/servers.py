"""Small servers for end-to-end tests of transports, on the standard library alone: TLS, unix socket, proxy, WebSocket, gRPC."""

import base64
import hashlib
import http.server
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
import time


class Answering(http.server.BaseHTTPRequestHandler):
    """200 with what the server knows about the connection."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        self.rfile.read(length)
        seen = self.server.seen
        with seen["lock"]:
            seen["requests"] += 1
            seen["targets"].add(self.path)
            if isinstance(self.connection, ssl.SSLSocket):
                seen["names"].add(self.connection.server_hostname_seen if hasattr(self.connection, "server_hostname_seen") else None)
                seen["alpn"].add(self.connection.selected_alpn_protocol())
                seen["clients"].add(str((self.connection.getpeercert() or {}).get("subject")))
        body = b'{"ok":true}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *arguments):
        pass


def fresh_notes():
    return {"lock": threading.Lock(), "requests": 0, "targets": set(), "names": set(), "alpn": set(), "clients": set(),
            "sessions": [], "connections": 0}


class Tls(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context, handler=None):
        super().__init__(("127.0.0.1", 0), Answering)
        self.context, self.seen, self.handler = context, fresh_notes(), handler or Answering

    def handle_error(self, *arguments):
        pass

    def get_request(self):
        return self.socket.accept()

    def finish_request(self, request, address):
        request.settimeout(10)
        with self.context.wrap_socket(request, server_side=True) as secured:
            with self.seen["lock"]:
                self.seen["connections"] += 1
                self.seen["sessions"].append(secured.session_reused)
            self.handler(secured, address, self)


class Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    server_name, server_port = "unix", 0

    def __init__(self, path):
        class Handler(Answering):
            def address_string(self):
                return "unix"
        super().__init__(str(path), Handler)
        self.seen = fresh_notes()


class Proxy(http.server.BaseHTTPRequestHandler):
    """Answers requests in absolute form itself: that they came is what a test wants to know."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.targets.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *arguments):
        pass


class WebSocket(socketserver.StreamRequestHandler):
    """Upgrades, sends a ping and a greeting, and echoes every text in two fragments; after one that says "later", when
    its client is done with it, comes a ping and a message of its own."""

    def exactly(self, count):
        data = self.rfile.read(count)
        if len(data) < count:
            raise ConnectionError
        return data

    def handle(self):
        try:
            self.talk()
        except (ConnectionError, OSError):
            pass

    def talk(self):
        self.rfile.readline()
        headers = {}
        while line := self.rfile.readline().strip().decode():
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        accept = hashlib.sha1((headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         b"Sec-WebSocket-Accept: " + base64.b64encode(accept) + b"\r\n\r\n")
        self.wfile.write(b"\x89\x02hi" + b"\x81\x05hello")
        while True:
            first, second = self.exactly(2)
            length = second & 0x7F
            if length == 126:
                length = struct.unpack(">H", self.exactly(2))[0]
            mask, data = self.exactly(4), self.exactly(length)
            text = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
            if first & 0x0F == 8:
                return
            if first & 0x0F == 10:
                self.server.pongs.append(text)
                continue
            half = len(text) // 2
            self.wfile.write(bytes([0x01, half]) + text[:half] + bytes([0x80, len(text) - half]) + text[half:])
            if text == b"later":
                time.sleep(0.02)
                self.wfile.write(b"\x89\x04idle" + b"\x81\x04kept")


def literal(name, value):
    """A header field without indexing or Huffman code (RFC 7541, 6.2.2)."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


class Grpc(socketserver.StreamRequestHandler):
    """HTTP/2 with prior knowledge, enough for unary calls: every call gets `reply`, or `status` when that is not 0."""

    def send(self, kind, flags, stream, payload=b""):
        self.wfile.write(struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload)

    def handle(self):
        try:
            self.talk()
        except (ConnectionError, OSError):
            pass

    def talk(self):
        self.rfile.read(24)
        self.send(4, 0, 0)
        bodies = {}
        while head := self.rfile.read(9):
            if len(head) < 9:
                return
            length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            stream = int.from_bytes(head[5:9], "big") & 0x7FFFFFFF
            payload = self.rfile.read(length)
            if kind == 4 and not flags & 1:
                self.send(4, 1, 0)
            elif kind == 6 and not flags & 1:
                self.send(6, 1, 0, payload)
            elif kind == 0:
                bodies[stream] = bodies.get(stream, b"") + payload
            if kind in (0, 1) and flags & 1:
                self.answer(stream, bodies.pop(stream, b""))

    def answer(self, stream, body):
        self.server.bodies.append(body)
        self.send(1, 4, stream, b"\x88" + literal(b"content-type", b"application/grpc"))
        if self.server.status == 0:
            self.send(0, 0, stream, b"\x00" + struct.pack(">I", len(self.server.reply)) + self.server.reply)
        self.send(1, 5, stream, literal(b"grpc-status", str(self.server.status).encode()))


class Threaded(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, handler, **notes):
        super().__init__(("127.0.0.1", 0), handler)
        self.__dict__.update(notes)


def served(test, server):
    """Runs it until the test ends; its port."""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    test.addCleanup(server.server_close)
    test.addCleanup(server.shutdown)
    return server.server_address[1] if isinstance(server.server_address, tuple) else server.server_address


def openssl(*arguments, folder):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)


def make_certificates(folder):
    """ca.pem, server.pem and server.key for localhost and 127.0.0.1, client.pem and client.key."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority", "-days", "2", folder=folder)
    for name, extra in (("server", "subjectAltName=DNS:localhost,IP:127.0.0.1"), ("client", "extendedKeyUsage=clientAuth")):
        openssl("req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}", folder=folder)
        (folder / f"{name}.ext").write_text(extra + "\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", f"{name}.ext", "-out", f"{name}.pem", folder=folder)


__all__ = [name for name in dir() if not name.startswith("_")]
