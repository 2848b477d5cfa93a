# SPDX-License-Identifier: MIT
"""`aha bench` and the scripts of bench/wrk against live daemons and stubs."""

import glob
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
import time
import unittest

from tests.http.daemon import AHA, DATA, LONG, Daemon

PORTRAIT = os.path.join(DATA, "astronaut.jpg")
SMALL = os.path.join(DATA, "grey.jpg")
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PATIENCE_S = 300


def bench(*arguments):
    result = subprocess.run([AHA, "bench", *arguments], capture_output=True,
                            text=True, timeout=PATIENCE_S)
    return result.returncode, result.stdout, result.stderr


def figures(*arguments):
    status, text, complaint = bench("--json", *arguments)
    if not text:
        raise AssertionError(complaint)
    return status, json.loads(text)


class Stub:
    """Answers each POST after a pause, one at a time; a context manager."""

    def __init__(self, pause_s=0.0, status=200):
        seen = self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                seen.append((self.path, self.client_address, self.headers,
                             body))
                time.sleep(pause_s)
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # clients may go away
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(PATIENCE_S)


class Requests(unittest.TestCase):
    def test_what_is_sent(self):
        with Stub() as stub:
            status, said = figures(
                "--rate", "20", "--duration", "0.5", "--connections", "1",
                "--header", "X-API-Key: secret", stub.url + "/?max_faces=1",
                PORTRAIT, os.path.join(DATA, "rgb.png"))
        self.assertEqual(status, 0, said)
        self.assertEqual(said["outcomes"]["200"]["n"], 10)
        self.assertEqual(len(stub.seen), 10)
        # One connection carries all, the photos take turns.
        self.assertEqual(len({client for _, client, _, _ in stub.seen}), 1)
        for i, (path, _, headers, body) in enumerate(stub.seen):
            name = "rgb.png" if i % 2 else "astronaut.jpg"
            with open(os.path.join(DATA, name), "rb") as stream:
                self.assertEqual(body, stream.read())
            self.assertEqual(path, "/v1/analyze?max_faces=1")
            self.assertEqual(headers["Content-Type"],
                             "image/png" if i % 2 else "image/jpeg")
            self.assertEqual(headers["X-API-Key"], "secret")
            self.assertNotIn("Expect", headers)

    def test_waiting_counts(self):
        """A server of 20 answers a second, offered 40: the queue shows."""
        with Stub(pause_s=0.05) as stub:
            _, said = figures("--rate", "40", "--duration", "1",
                              "--connections", "1", stub.url, SMALL)
        times = said["outcomes"]["200"]
        self.assertEqual(times["n"], 40)
        self.assertGreater(times["max_ms"], 800)
        self.assertGreater(times["p50_ms"], 300)
        self.assertGreater(said["lateness_ms"], 700)

    def test_closed_loop(self):
        with Stub(pause_s=0.05) as stub:
            _, said = figures("--closed", "1", "--duration", "1", stub.url,
                              SMALL)
        times = said["outcomes"]["200"]
        self.assertEqual(times["n"], len(stub.seen))
        self.assertEqual(said["rate"], 0)
        self.assertGreaterEqual(times["p50_ms"], 50)

    def test_classes(self):
        with Stub(status=503) as stub:
            status, said = figures("--rate", "20", "--duration", "0.2",
                                   "--connections", "1", stub.url, SMALL)
        self.assertEqual((status, list(said["outcomes"])), (1, ["503"]))
        with Stub(pause_s=1) as stub:
            status, said = figures("--rate", "10", "--duration", "0.2",
                                   "--timeout-ms", "200", stub.url, SMALL)
        self.assertEqual((status, list(said["outcomes"])), (1, ["timeout"]))
        status, said = figures("--rate", "10", "--duration", "0.2", stub.url,
                               SMALL)
        self.assertEqual((status, list(said["outcomes"])), (1, ["connect"]))

    def test_usage(self):
        for arguments, word in (((), "name the daemon"),
                                (("http://localhost:1",), "name the daemon"),
                                (("--rate", "0", "u", SMALL), "--rate"),
                                (("localhost:8080", SMALL), "http://"),
                                (("ftp://localhost", SMALL), "http://")):
            status, _, complaint = bench(*arguments)
            self.assertEqual(status, 2, complaint)
            self.assertIn(word, complaint)
        status, _, complaint = bench("http://127.0.0.1:1", "missing.jpg")
        self.assertEqual(status, 1)
        self.assertIn("missing.jpg", complaint)


class Live(unittest.TestCase):
    def test_daemon(self):
        with Daemon(*LONG) as daemon:
            status, text, complaint = bench(
                "--rate", "4", "--duration", "1", "--timeout-ms", "120000",
                daemon.url + "/v1/analyze?min_face_size=80", PORTRAIT, SMALL)
            answered = daemon.metrics()
        self.assertEqual(status, 0, complaint)
        self.assertRegex(text, r"(?m)^200 +4 ")
        self.assertEqual(sum(value for name, value in answered.items()
                             if name.startswith("http_server_request_duration_"
                                                "seconds_count")
                             and "analyze" in name), 4)

    def wrk(self, script, url, seconds):
        """How many answers it got, all of them 2xx."""
        said = subprocess.run(
            ["wrk", "-t1", "-c1", f"-d{seconds}s", "--timeout", "120s", "-s",
             script, url, "--", SMALL, os.path.join(DATA, "rgb.png")],
            capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertNotIn("Non-2xx", said.stdout, script)
        self.assertNotIn("Socket errors", said.stdout, script)
        return int(re.search(r"(\d+) requests in", said.stdout).group(1))

    @unittest.skipUnless(shutil.which("wrk"), "no wrk")
    def test_wrk(self):
        scripts = sorted(glob.glob(os.path.join(ROOT, "bench/wrk/*.lua")))
        self.assertGreaterEqual(len(scripts), 3)
        with Daemon(*LONG) as daemon:
            for script in scripts:
                # Sanitizers on a busy machine are slow.
                self.assertTrue(self.wrk(script, daemon.url, 3) or
                                self.wrk(script, daemon.url, 60), script)


if __name__ == "__main__":
    unittest.main()
