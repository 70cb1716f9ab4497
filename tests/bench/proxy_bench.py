"""The fault proxy against haproxy (TCP mode), nginx (stream) and toxiproxy: the proxy has one core, client and server have
the other. Interleaved; ratios are of pairs in one round. Peers that are not installed are left out and said so.

    throughput, p50 and p99 that the proxy adds, CPU per request     64 connections, small requests
    8,000 connections                                                the same with 8,000
    bulk                                                             one connection, GB/s and CPU per GB
    heal                                                             ours: from the call to the first byte, under traffic
"""

import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = SOURCE / "build/release/bin"
REPETITIONS = int(os.environ.get("TIDEGATE_BENCH_REPETITIONS", "5"))
SECONDS = int(os.environ.get("TIDEGATE_BENCH_SECONDS", "4"))
TOXIPROXY = "github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0"
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def pinned(core, *command, **options):
    return subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, **options)


def wait_for(port):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"nothing listens on {port}")


def cpu_seconds(pid):
    """Of a process and its children: nginx and toxiproxy's shells have some."""
    total = 0.0
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if int(entry.parent.name) == pid or int(fields[1]) == pid:
            total += (int(fields[11]) + int(fields[12])) / TICK
    return total


class Proxy:
    def __init__(self, name, upstream, directory):
        self.name, self.port, self.directory = name, free_port(), pathlib.Path(directory)
        self.process = getattr(self, name)(upstream)
        wait_for(self.port)

    def tidegate(self, upstream):
        environment = dict(os.environ, XDG_RUNTIME_DIR=str(self.directory))
        return pinned(0, BIN / "tidegate", "chaos", "proxy", f"127.0.0.1:{self.port}", f"127.0.0.1:{upstream}", env=environment)

    def haproxy(self, upstream):
        config = self.directory / "haproxy.cfg"
        config.write_text(f"""global
  maxconn 9500
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen l
  bind 127.0.0.1:{self.port}
  server s 127.0.0.1:{upstream}
""")
        return pinned(0, "haproxy", "-f", config)

    def nginx(self, upstream):
        config = self.directory / "nginx.conf"
        module = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n"
        config.write_text((module if pathlib.Path("/usr/lib/nginx/modules/ngx_stream_module.so").exists() else "") + f"""
daemon off; master_process off; pid {self.directory}/nginx.pid; error_log /dev/null;
events {{ worker_connections 18000; }}
stream {{ server {{ listen 127.0.0.1:{self.port} backlog=8192; proxy_pass 127.0.0.1:{upstream}; }} }}
""")
        return pinned(0, "nginx", "-c", config, "-p", self.directory)

    def toxiproxy(self, upstream):
        api = free_port()
        environment = dict(os.environ, GOMAXPROCS="1", LOG_LEVEL="error")
        process = pinned(0, toxiproxy_server(), "-port", api, env=environment)
        wait_for(api)
        body = json.dumps({"name": "p", "listen": f"127.0.0.1:{self.port}", "upstream": f"127.0.0.1:{upstream}"})
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{api}/proxies", body.encode(), method="POST"), timeout=10)
        return process

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def toxiproxy_server():
    path = SOURCE / "build/bench/tools/server"
    if not path.exists() and shutil.which("go"):
        subprocess.run(["go", "install", TOXIPROXY], env=dict(os.environ, GOBIN=str(path.parent)), check=False, timeout=600)
    return path


def available():
    names = ["tidegate"]
    names += [name for name in ("haproxy", "nginx") if shutil.which(name)]
    if toxiproxy_server().exists():
        names.append("toxiproxy")
    for name in ("haproxy", "nginx", "toxiproxy"):
        if name not in names:
            print(f"{name} is not installed and left out")
    return names


def wrk(port, connections):
    out = subprocess.run(["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "--timeout", "10s",
                          f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True, timeout=SECONDS + 60).stdout
    unit = {"us": 1e-3, "ms": 1, "s": 1e3}
    latency = {p: float(v) * unit[u] for p, v, u in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", out)}
    errors = re.search(r"Socket errors: (.*)", out)
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), "requests": int(re.search(r"(\d+) requests in", out)[1]),
            "p50_ms": latency["50"], "p99_ms": latency["99"], "errors": errors[1] if errors else ""}


def measure(names, upstream, connections, directory):
    rows = {name: [] for name in ["direct", *names]}
    for _ in range(REPETITIONS):
        rows["direct"].append(wrk(upstream, connections))
        for name in names:
            proxy = Proxy(name, upstream, directory)
            before = proxy.cpu()
            row = wrk(proxy.port, connections)
            row["cpu_us"] = (proxy.cpu() - before) / row["requests"] * 1e6
            rows[name].append(row)
            proxy.stop()
    return rows


def median(rows, key):
    return statistics.median(row[key] for row in rows)


def report(title, rows):
    direct = rows["direct"]
    result = {}
    for name, measured in rows.items():
        result[name] = {key: median(measured, key) for key in ("rate", "p50_ms", "p99_ms")}
        line = f"{title:<20} {name:<10} {result[name]['rate']:>9,.0f}/s  p50 {result[name]['p50_ms']:.2f}  p99 {result[name]['p99_ms']:.2f} ms"
        if name != "direct":
            result[name]["cpu_us"] = median(measured, "cpu_us")
            result[name]["added_p50_ms"] = result[name]["p50_ms"] - median(direct, "p50_ms")
            line += f"  CPU {result[name]['cpu_us']:.2f} us/request"
        errors = {row["errors"] for row in measured if row["errors"]}
        print(line + (f"  {errors}" if errors else ""))
    for name in rows:
        if name in ("direct", "tidegate"):
            continue
        pairs = {key: [a[key] / b[key] for a, b in zip(rows["tidegate"], rows[name])] for key in ("rate", "cpu_us", "p99_ms")}
        ratios = {key: statistics.median(values) for key, values in pairs.items()}
        result[f"tidegate / {name}"] = ratios
        print(f"{title:<20} tidegate / {name}: throughput {ratios['rate']:.2f} [{min(pairs['rate']):.2f} .. {max(pairs['rate']):.2f}], "
              f"CPU per request {ratios['cpu_us']:.2f}, p99 {ratios['p99_ms']:.2f}")
    return result


def sink(port_box, total, done):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port_box.append(listener.getsockname()[1])
        while True:
            connection, _ = listener.accept()
            buffer, got = bytearray(1 << 20), 0
            while count := connection.recv_into(buffer):
                got += count
            connection.close()
            if got >= total:
                done.append(got)
                return


def bulk(names, directory):
    total, block = 2 << 30, bytes(1 << 20)
    rows = {name: [] for name in names}
    for _ in range(max(3, REPETITIONS // 2)):
        for name in names:
            port, done = [], []
            receiver = threading.Thread(target=sink, args=(port, total, done))
            receiver.start()
            while not port:
                time.sleep(0.01)
            proxy = Proxy(name, port[0], directory)
            before, start = proxy.cpu(), time.monotonic()
            with socket.create_connection(("127.0.0.1", proxy.port)) as sender:
                os.sched_setaffinity(0, {1})
                for _ in range(total // len(block)):
                    sender.sendall(block)
            receiver.join(60)
            seconds = time.monotonic() - start
            os.sched_setaffinity(0, {0, 1})
            rows[name].append({"gb_per_s": total / seconds / 1e9, "cpu_s_per_gb": (proxy.cpu() - before) / (total / 1e9),
                               "whole": done == [total]})
            proxy.stop()
    result = {name: {key: median(values, key) for key in ("gb_per_s", "cpu_s_per_gb")} for name, values in rows.items()}
    for name, values in result.items():
        print(f"{'bulk':<20} {name:<10} {values['gb_per_s']:.2f} GB/s  CPU {values['cpu_s_per_gb']:.2f} s/GB"
              f"{'' if all(row['whole'] for row in rows[name]) else '  BYTES LOST'}")
    return result


class Agent:
    """The control API of our proxy."""

    def __init__(self, directory):
        deadline = time.monotonic() + 10
        files = []
        while not files and time.monotonic() < deadline:
            files = list(pathlib.Path(directory).glob("tidegate-agents-*/*.json"))
            time.sleep(0.02)
        endpoint = json.loads(files[0].read_text())
        self.base, self.token = f"http://{endpoint['address']}/v1", endpoint["token"]

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.base + path, json.dumps(body).encode() if body else None, method=method,
                                         headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)


def heal(upstream, directory):
    """A request that a fault holds; how long after the heal its answer is there. Load runs beside it on 32 connections."""
    faults = {"partition": {}, "latency": {"delay": "30m"}, "bandwidth": {"per_second": "1B"}, "slice": {"size": "1B", "gap": "1m"},
              "slow_accept": {"delay": "30m"}}
    proxy = Proxy("tidegate", upstream, directory)
    agent = Agent(directory)
    load = subprocess.Popen(["taskset", "-c", "1", "wrk", "-t1", "-c32", "-d30s", "--timeout", "30s", f"http://127.0.0.1:{proxy.port}/"],
                            stdout=subprocess.DEVNULL)
    result = {}
    try:
        for kind, parameters in faults.items():
            times = []
            for round_ in range(8):
                probe = None
                if kind != "slow_accept":
                    probe = socket.create_connection(("127.0.0.1", proxy.port))
                agent.call("POST", "/faults", {"id": kind, "link": "proxy", "kind": kind, "parameters": parameters})
                if probe is None:
                    probe = socket.create_connection(("127.0.0.1", proxy.port))
                probe.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                time.sleep(0.15)
                start = time.monotonic()
                agent.call("DELETE", f"/faults/{kind}")
                probe.settimeout(10)
                got = b""
                while b"\r\n\r\n" not in got:
                    got += probe.recv(4096)
                times.append((time.monotonic() - start) * 1e3)
                probe.close()
            result[kind] = {"median_ms": statistics.median(times), "longest_ms": max(times)}
            print(f"{'heal under traffic':<20} {kind:<12} median {result[kind]['median_ms']:.1f} ms, longest {result[kind]['longest_ms']:.1f} ms")
    finally:
        load.terminate()
        load.wait(10)
        proxy.stop()
    return result


def proxy():
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as directory:
        server = subprocess.Popen(["taskset", "-c", "1", str(BIN / "null-server")], stdout=subprocess.PIPE, text=True)
        upstream = int(re.search(r":(\d+)", server.stdout.readline())[1])
        try:
            names = available()
            parts = os.environ.get("TIDEGATE_BENCH_PROXY", "small,many,bulk,heal").split(",")
            result = {}
            if "small" in parts:
                result["64 connections"] = report("64 connections", measure(names, upstream, 64, directory))
            if "many" in parts:
                result["8,000 connections"] = report("8,000 connections", measure(names, upstream, 8000, directory))
            if "bulk" in parts:
                result["bulk"] = bulk(names, directory)
            if "heal" in parts:
                result["heal"] = heal(upstream, directory)
            return result
        finally:
            server.terminate()
            server.wait(10)
