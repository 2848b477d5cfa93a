# SPDX-License-Identifier: MIT
"""The n-th allocation or system call fails, for every n: never a crash, a
hang or a lost daemon.

tests/faults/fault.c is preloaded; a page shared with it says what is to fail.
AHA_FAULT_EVERY=1 (make torture) tries every n up to EACH, the usual run some.
"""

import base64
import http.client
import json
import os
import tempfile
import unittest

from tests.http import faults
from tests.http.daemon import FAST, LONG, Daemon, multipart, photo, without_times

EVERY = os.environ.get("AHA_FAULT_EVERY") == "1"
APART = ("--isolate-decoders", "on")
EACH = 2000  # most of the calls beyond read the headers of weights
MOST = 200000  # calls of one step; more means that the count never ends
# Calls that there are at least: with fewer, they are not seen.
OF_REQUESTS = {"memory": 100, "file": 3, "net": 20, "thread": 1}
OF_START = {"memory": 5000, "file": 20, "net": 6, "thread": 3}
OF_RELOAD = {"memory": 5000, "file": 10, "net": 0, "thread": 0}


def steps():
    """1, 2, 3 ..., ever fewer; when every one is wanted only from EACH on."""
    n = 1
    while n < MOST:
        yield n
        n += 1 + (max(0, n - EACH) // 50 if EVERY else n // 6)
    raise AssertionError("the calls of one step have no end")


@faults.NEEDED
class Calls(unittest.TestCase):
    """Requests, while something fails below them."""

    @classmethod
    def setUpClass(cls):
        cls.photo = photo()
        cls.small = photo("rgb.png")
        image = [{"name": "face", "datatype": "FP32",
                  "shape": [1, 1, 16, 16], "data": [0.5] * 256}]
        cls.tensor = json.dumps({"inputs": image})

    def setUp(self):
        self.faults = faults.Faults()
        self.addCleanup(self.faults.close)
        # A key that nobody needs, to be read at start and at reload.
        self.keys = tempfile.NamedTemporaryFile("w")
        self.addCleanup(self.keys.close)
        self.keys.write("a:" + "0" * 64 + "\n")
        self.keys.flush()

    def requests(self, daemon):
        """One of each: (what, a function that asks)."""
        jpeg = {"Content-Type": "image/jpeg"}
        form, kind = multipart([("file", "a.png", self.small)] * 2)
        image = base64.b64encode(self.small).decode()
        body = json.dumps({"image": {"base64": image}})
        return {
            "analyze": lambda: daemon.ask(
                "POST", "/v1/analyze" + FAST, self.photo, jpeg),
            "refused": lambda: daemon.ask(
                "POST", "/v1/analyze?top_k=x", self.small),
            "json": lambda: daemon.ask(
                "POST", "/v1/detect", body,
                {"Content-Type": "application/json"}),
            "batch": lambda: daemon.ask("POST", "/v1/batch", form,
                                        {"Content-Type": kind}),
            "stream": lambda: daemon.ask(
                "POST", "/v1/batch", form,
                {"Content-Type": kind, "Accept": "application/x-ndjson"}),
            "picture": lambda: daemon.ask(
                "POST", "/v1/analyze" + FAST, self.photo,
                {**jpeg, "Accept": "image/svg+xml"}),
            "infer": lambda: daemon.ask("POST", "/v2/models/AHA/infer",
                                        self.tensor),
            "page": lambda: daemon.ask("GET", "/"),
            "models": lambda: daemon.ask("GET", "/v1/models"),
            "missing": lambda: daemon.ask("GET", "/nothing"),
            "metrics": lambda: daemon.admin("GET", "/metrics"),
            "ready": lambda: daemon.admin("GET", "/readyz?verbose"),
        }

    def fail_each(self, daemon, kind, name, ask):
        """Ask until no call of this kind is left to fail; how many there are.

        A client may see a status that says so, or its connection end.
        """
        for n in steps():
            self.faults.arm(kind, n)
            try:
                status, _, body = ask()
                self.assertIn(status, (200, 400, 404, 422, 500, 503),
                              (name, kind, n, body[:200]))
            except (http.client.HTTPException, ConnectionError) as error:
                status, body = 0, repr(error)
            fired = self.faults.disarm()
            self.assertIsNone(daemon.process.poll(),
                              (name, kind, n, daemon.lines[-3:]))
            if not fired:
                self.assertNotIn(status, (0, 500), (name, kind, n, body))
                return n
        return 0

    def walk(self, kind, *flags, names=None):
        with Daemon(*LONG, "--workers", "1", *flags,
                    **self.faults.environment) as daemon:
            right = without_times(daemon.analyze(self.photo, FAST)[2])
            before = daemon.metrics()["process_resident_memory_bytes"]
            requests = self.requests(daemon)
            n_calls = 0
            for name in names or requests:
                n = self.fail_each(daemon, kind, name, requests[name])
                self.assertEqual(
                    without_times(daemon.analyze(self.photo, FAST)[2]), right,
                    name)
                print(f"{kind}, {name}: {n} calls", flush=True)
                n_calls += n - 1
            self.assertGreater(n_calls, OF_REQUESTS[kind], kind)
            self.assertTrue(daemon.reaches("aha_upload_bytes", 0))
            self.assertTrue(daemon.reaches("aha_queue_depth", 0))
            after = daemon.metrics()["process_resident_memory_bytes"]
            self.assertLess(after - before, 32 << 20)

    def test_memory(self):
        self.walk("memory")

    def test_files(self):
        self.walk("file")

    def test_net(self):
        self.walk("net")

    def test_apart(self):
        """Of all three processes."""
        for kind in ("memory", "net", "thread"):
            self.walk(kind, *APART, names=("analyze", "picture"))

    def test_reload(self):
        """A reload that fails keeps the weights that are there."""
        with Daemon(*LONG, "--workers", "1",
                    **self.faults.environment) as daemon:
            right = without_times(daemon.analyze(self.photo, FAST)[2])
            for kind in OF_RELOAD:
                for n in steps():
                    self.faults.arm(kind, n)
                    try:
                        status, _, body = daemon.admin("POST", "/admin/reload")
                    except (http.client.HTTPException,
                            ConnectionError) as error:
                        status, body = 0, repr(error)
                    if not self.faults.disarm():
                        self.assertEqual(status, 200, (kind, n, body))
                        self.assertGreater(n, OF_RELOAD[kind], kind)
                        print(f"{kind}, reload: {n} calls", flush=True)
                        break
                    self.assertIsNone(daemon.process.poll(), (kind, n))
                self.assertEqual(
                    without_times(daemon.analyze(self.photo, FAST)[2]), right)

    def start(self, kind, n, *flags):
        """Start a daemon whose n-th call fails; whether it failed."""
        self.faults.arm(kind, n)
        try:
            daemon = Daemon(*LONG, "--workers", "2", "--api-key-file",
                            self.keys.name, *flags,
                            **self.faults.environment)
        except RuntimeError as refused:
            said = str(refused)
            fired = self.faults.disarm()
            self.assertTrue(fired, (kind, n, said))
            self.assertRegex(said, r"no start:\n.", (kind, n))
            self.assertNotRegex(said, "(?i)segmentation|assert|abort",
                                (kind, n))
            return True
        with daemon:
            fired = self.faults.disarm()
            self.assertEqual(daemon.ask("GET", "/v1/info")[0], 401)
        return fired

    def fail_starts(self, kind, *flags):
        """How many calls a start has."""
        for n in steps():
            if not self.start(kind, n, *flags):
                print(f"{kind}, start{' apart' if flags else ''}: {n} calls",
                      flush=True)
                return n
        return 0

    def test_start(self):
        for kind in OF_START:
            self.assertGreater(self.fail_starts(kind), OF_START[kind], kind)

    def test_start_apart(self):
        for kind in ("net", "thread"):
            self.assertGreater(self.fail_starts(kind, *APART),
                               OF_START[kind], kind)


if __name__ == "__main__":
    unittest.main()
