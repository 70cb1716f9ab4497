"""Faults without a scenario: a proxy, faults from another terminal, Toxiproxy's own command line where it is installed."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

from harness import SOURCE, USAGE, EndToEnd, main, run, start, wait_until


class Echo:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    @staticmethod
    def serve(connection):
        try:
            while data := connection.recv(65536):
                connection.sendall(data)
        except OSError:
            pass
        connection.close()


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def round_trip(client):
    begin = time.monotonic()
    client.sendall(b"x")
    assert client.recv(1) == b"x"
    return time.monotonic() - begin


class ChaosCommandLine(EndToEnd):
    def setUp(self):
        super().setUp()
        self.directory = self.scratch
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=str(self.directory))
        self.echo, self.port, self.api = Echo(), free_port(), free_port()
        self.proxy = start("chaos", "proxy", f"127.0.0.1:{self.port}", f"127.0.0.1:{self.echo.port}", "--name", "redis",
                           "--toxiproxy", f"127.0.0.1:{self.api}", env=self.environment)
        self.addCleanup(self.end)
        wait_until(lambda: list(self.directory.glob("*/*.json")), 20, "the agent's file")

    def end(self):
        if self.proxy.poll() is None:
            self.proxy.send_signal(signal.SIGTERM)
        self.proxy.communicate(timeout=20)

    def chaos(self, *arguments):
        return run("chaos", *arguments, env=self.environment)

    def client(self):
        return socket.create_connection(("127.0.0.1", self.port), 10)

    def test_inject_status_heal(self):
        client = self.client()
        round_trip(client)
        self.assertEqual(self.chaos("inject", "latency", "--link", "redis", "--set", "delay=150ms").code, 0)
        self.assertGreaterEqual(round_trip(client), 0.15)
        status = self.chaos("status")
        self.assertIn("latency on redis  ON", status.out)
        self.assertIn("at a terminal", status.out)
        report = json.loads(self.chaos("status", "--json").out)
        self.assertEqual(report["faults"][0]["hits"], 1)
        healed = self.chaos("heal", "--all")
        self.assertIn("latency healed", healed.out)
        self.assertLess(min(round_trip(client) for _ in range(10)), 0.15)
        self.assertIn("no fault is on", self.chaos("heal", "--all").out)

    def test_for_ends_by_itself(self):
        self.assertEqual(self.chaos("inject", "partition", "--link", "redis", "--for", "300ms").code, 0)
        client = self.client()
        client.settimeout(15)
        self.assertGreater(round_trip(client), 0.0)
        self.assertIn("lease ended", self.chaos("status").out)

    def test_mistakes(self):
        for arguments, message in ((("inject", "latncy", "--link", "redis"), "latency"),
                                   (("inject", "latency", "--link", "redis"), "delay"),
                                   (("inject", "latency", "--link", "redis", "--set", "delay=3"), "unit"),
                                   (("inject", "latency", "--link", "rdis", "--set", "delay=3ms"), "redis"),
                                   (("inject", "latency", "--set", "delay=3ms"), "link"),
                                   (("inject", "stop", "--pid", "999999999"), "process"),
                                   (("inject", "http_answer", "--link", "redis"), "HTTP"),
                                   (("inject", "reset", "--link", "redis", "--for", "soon"), "--for"),
                                   (("inject", "reset", "--link", "redis", "--match", "probability=2"), "probability"),
                                   (("heal", "nothing"), "nothing"), (("heal",), "--all"),
                                   (("status", "--address", "127.0.0.1:1"), "--token"),
                                   (("status", "--agent", "/nonexistent"), "--agent")):
            done = self.chaos(*arguments)
            self.assertEqual(done.code, USAGE, f"{arguments}\n{done}")
            self.assertIn(message, done.err, f"{arguments}")

    def test_stopped_process_goes_on_when_the_agent_and_its_terminal_are_gone(self):
        victim = subprocess.Popen(["sleep", "600"])
        self.addCleanup(lambda: (victim.kill(), victim.wait()))
        state = lambda: pathlib.Path(f"/proc/{victim.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        self.assertEqual(self.chaos("inject", "stop", "--pid", str(victim.pid)).code, 0)
        wait_until(lambda: state() == "T", 10, "the process stands still")
        self.proxy.send_signal(signal.SIGKILL)
        begin = time.monotonic()
        wait_until(lambda: state() == "S", 10, "the process goes on")
        self.assertLess(time.monotonic() - begin, 2.0)
        client = self.client()  # and the proxy's port still leads where it led
        round_trip(client)
        registered = lambda: [path for path in self.directory.glob("*/*.json") if path.stem != str(self.proxy.pid)]
        wait_until(registered, 10, "the successor can be found")
        os.kill(int(registered()[0].stem), signal.SIGTERM)
        wait_until(lambda: not list(self.directory.glob("*/*.json")), 10, "the successor ends")

    def test_toxiproxy_command_line(self):
        cli = SOURCE / "build/bench/tools/cli"
        if not cli.exists():
            self.skipTest("Toxiproxy's command line is not installed (./dev bench proxy installs it)")
        toxiproxy = lambda *arguments: subprocess.run([cli, "-h", f"127.0.0.1:{self.api}", *arguments], capture_output=True,
                                                      text=True, timeout=30)
        listed = toxiproxy("list")
        self.assertIn("redis", listed.stdout)
        client = self.client()
        self.assertEqual(toxiproxy("toxic", "add", "-t", "latency", "-a", "latency=150", "redis").returncode, 0)
        self.assertGreaterEqual(round_trip(client), 0.15)
        self.assertIn("latency_downstream", toxiproxy("inspect", "redis").stdout)
        self.assertEqual(toxiproxy("toxic", "update", "-n", "latency_downstream", "-a", "latency=10", "redis").returncode, 0)
        self.assertEqual(toxiproxy("toxic", "remove", "-n", "latency_downstream", "redis").returncode, 0)
        self.assertLess(min(round_trip(client) for _ in range(10)), 0.15)
        port = free_port()
        made = toxiproxy("create", "-l", f"127.0.0.1:{port}", "-u", f"127.0.0.1:{self.echo.port}", "second")
        self.assertEqual(made.returncode, 0, made)
        round_trip(socket.create_connection(("127.0.0.1", port), 10))
        self.assertEqual(toxiproxy("toggle", "second").returncode, 0)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", port), 10)
        self.assertEqual(toxiproxy("delete", "second").returncode, 0)
        self.assertNotIn("second", toxiproxy("list").stdout)


if __name__ == "__main__":
    main()
