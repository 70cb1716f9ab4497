"""What the end-to-end tests share: running the real programs, and looking for what they may have left behind."""

import ctypes
import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(os.environ["TIDEGATE_SOURCE"])
BIN = pathlib.Path(os.environ["TIDEGATE_BIN"])
TIDEGATE = BIN / "tidegate"
PASS, ERROR, INCONCLUSIVE, FAIL, USAGE, INTERRUPTED = 0, 97, 98, 99, 104, 105


class Finished:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __str__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def start(*arguments, **options):
    return subprocess.Popen(
        [str(TIDEGATE), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def finish(process, limit):
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"still running after {limit} s\n{out}\n{err}") from None
    return Finished(process.returncode, out, err)


def run(*arguments, limit=120, **options):
    return finish(start(*arguments, **options), limit)


def processes_of(directory):
    """Ids of the processes whose command line or environment names the directory."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if str(directory).encode() in command:
            found.append(int(entry.name))
    return found


def arguments_of(process):
    try:
        return pathlib.Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def enter_private_network():
    """Gives this process and its children a loopback of their own, so that every port on it is theirs. False where the
    machine lets nobody do so."""
    new_network, set_interface_flags, interface_up = 0x40000000, 0x8914, 1  # <sched.h>, <linux/sockios.h>, <net/if.h>
    if ctypes.CDLL(None, use_errno=True).unshare(new_network) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, set_interface_flags, struct.pack("16sh14x", b"lo", interface_up))
    return True


def listening_ports():
    """TCP ports that somebody listens on, in this network namespace."""
    listen = "0A"
    rows = [line.split() for file in ("tcp", "tcp6") for line in pathlib.Path("/proc/self/net", file).read_text().splitlines()[1:]]
    return [int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == listen]


def wait_until(condition, limit, what):
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {limit} s: {what}")


class EndToEnd(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-e2e-"))
        self.out = self.scratch / "run"
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)

    def verdict(self, directory=None):
        return json.loads(((directory or self.out) / "verdict.json").read_text())

    def events(self, directory=None):
        lines = ((directory or self.out) / "events.ndjson").read_text().splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]

    def scenario(self, text, name="scenario.yaml"):
        """A scenario file in the scratch folder; @SOURCE@ becomes the source tree."""
        path = self.scratch / name
        path.write_text(text.replace("@SOURCE@", str(SOURCE)))
        return path

    def quick(self, **changes):
        """The quick scenario with some lines replaced."""
        text = (SOURCE / "tests/end_to_end/data/quick.yaml").read_text()
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        return self.scenario(text)

    def start_vault(self, token):
        """A vault beside a gateway that a test starts by itself: cards become tokens there. Its address."""
        home = self.scratch / "vault"
        home.mkdir()
        ready = home / "ready.json"
        (home / "peers.json").write_text('{"generation": 1, "peers": {}}')
        with (home / "log").open("ab") as log:
            vault = subprocess.Popen(
                [str(BIN / "tidegate-platform"), "vault", "--data", str(home / "data"), "--ready-file", str(ready),
                 "--peers", str(home / "peers.json"), "--operator-token", token], stdout=log, stderr=log)
        self.addCleanup(lambda: (vault.kill(), vault.wait()))
        wait_until(ready.exists, 20, "the vault listens")
        return json.loads(ready.read_text())["http"]

    private_network = False

    def assert_nothing_left(self, limit=3):
        wait_until(lambda: not processes_of(self.scratch), limit, "processes left behind")
        if self.private_network:
            wait_until(lambda: not listening_ports(), limit, "ports left behind")

    def assert_says(self, finished, code, *texts):
        self.assertEqual(finished.code, code, str(finished))
        for text in texts:
            self.assertIn(text, finished.out + finished.err, str(finished))


SKIPPED = 77  # what ctest is told to take for "skipped"


def main_in_mount_namespace(file):
    """main(), in a mount namespace of its own; skipped where the machine lets nobody make one."""
    inside = "TIDEGATE_TEST_INSIDE_A_MOUNT_NAMESPACE"
    if os.environ.get(inside):
        main()
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        print("skipped: this machine lets nobody make a mount namespace")
        sys.exit(SKIPPED)
    sys.exit(subprocess.run(["unshare", "--mount", sys.executable, "-B", file], env={**os.environ, inside: "yes"}).returncode)


def main():
    unittest.main(verbosity=2, argv=[sys.argv[0], *sys.argv[1:]])


__all__ = ["EndToEnd", "run", "start", "finish", "main", "main_in_mount_namespace", "wait_until", "processes_of", "arguments_of",
           "enter_private_network", "listening_ports", "signal", "SOURCE", "BIN", "TIDEGATE",
           "PASS", "ERROR", "INCONCLUSIVE", "FAIL", "USAGE", "INTERRUPTED"]
