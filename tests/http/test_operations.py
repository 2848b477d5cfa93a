# SPDX-License-Identifier: MIT
"""Life with a daemon: overload, reload, shutdown, and what it tells."""

import concurrent.futures
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from tests.http.daemon import (AHA, FAST, LONG, MODELS, PATIENCE_S, Checks,
                               Daemon, multipart, photo, wait_for,
                               without_times)

METRICS = os.path.join(os.path.dirname(__file__), "..", "..", "server",
                       "metrics.def")


def batch(n):
    body, kind = multipart([("file", "a.jpg", photo())] * n)
    return "/v1/batch", body, {"Content-Type": kind}


class Load(Checks):
    def overload(self, status, *flags):
        with Daemon(*LONG, "--workers", "1", "--max-queue-size", "1",
                    *flags) as daemon:
            with concurrent.futures.ThreadPoolExecutor(24) as pool:
                answers = list(pool.map(lambda _: daemon.analyze(photo()),
                                        range(48)))
                # The platform is heard all the while.
                for path in ("/livez", "/readyz", "/metrics"):
                    self.assertEqual(daemon.admin("GET", path)[0], 200)
            self.assertEqual({got for got, _, _ in answers}, {200, status})
            for answer in answers:
                if answer[0] == status:
                    self.problem(answer, status, "overloaded")
                    self.assertIn(int(answer[1]["Retry-After"]), range(1, 61))
            self.assertEqual(daemon.analyze(photo(), FAST)[0], 200)
            self.assertEqual(
                daemon.metrics()['aha_rejected_total{reason="overloaded"}'],
                sum(got == status for got, _, _ in answers))
            self.assertTrue(daemon.reaches("aha_upload_bytes", 0))

    def test_overload(self):
        self.overload(503)
        self.overload(429, "--overload-status", "429")

    def test_full_of_connections(self):
        with Daemon("--max-connections", "4", "--body-timeout-s",
                    "600") as daemon:
            idle = [daemon.socket() for _ in range(4)]
            self.assertTrue(wait_for(
                lambda: daemon.metrics()["process_open_fds"] > 4))
            for path in ("/livez", "/readyz", "/metrics"):
                self.assertEqual(daemon.admin("GET", path)[0], 200)
            for one in idle:
                one.close()
            self.assertEqual(daemon.ask("GET", "/v1/info")[0], 200)

    def late(self, daemon, form, kind, n):
        """What a photo behind n others is told that may take a third of their
        time, and how many of them wait by then."""
        begin = time.monotonic()
        daemon.analyze(photo())
        usual_ms = 1e3 * (time.monotonic() - begin)
        for _ in range(n):  # now it expects quick ones, and lets it in
            daemon.analyze(photo("rgb.png"), "?input=aligned")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            before = pool.submit(daemon.send, "/v1/batch", form,
                                 {"Content-Type": kind})
            self.assertTrue(wait_for(
                lambda: daemon.metrics()["aha_queue_depth"] > n // 2))
            answer = daemon.analyze(photo(), headers={
                "X-Timeout-Ms": str(round(n / 3 * usual_ms))})
            depth = daemon.metrics()["aha_queue_depth"]
            self.assertEqual(before.result()[0], 200)
        return answer, depth

    def test_late_while_all_are_busy(self):
        """Nobody waits for a worker to hear that the time is over."""
        n = 18
        form, kind = multipart([("file", f"{i}.jpg", photo())
                                for i in range(n)])
        with Daemon(*LONG, "--workers", "1", "--max-batch-images",
                    str(n)) as daemon:
            for _ in range(9):
                answer, depth = self.late(daemon, form, kind, n)
                if answer[0] != 503:
                    break  # else a few were done, and it was not let in
            self.problem(answer, 504, "deadline_exceeded")
            self.assertGreater(depth, 0)

    def test_deadlines(self):
        with Daemon("--request-timeout-ms", "60000") as daemon:
            for wanted in ("0", "-1", "60001", "1.5", "x", "", "9" * 40):
                problem = self.problem(daemon.analyze(
                    photo(), headers={"X-Timeout-Ms": wanted}), 400,
                    "invalid_parameter")
                self.assertIn("1 to 60000", problem["detail"])
            # Finding faces takes longer than that on any machine.
            self.problem(daemon.analyze(photo(),
                                        headers={"X-Timeout-Ms": "1"}),
                         504, "deadline_exceeded")
            self.assertEqual(daemon.analyze(
                photo(), FAST, {"X-Timeout-Ms": "60000"})[0], 200)


class Reload(Checks):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def put(self, change):
        """Expression weights, changed, in place of the last."""
        name = os.path.join(self.folder, "expression.safetensors")
        with open(os.path.join(MODELS, "expression.safetensors"),
                  "rb") as stream:
            content = change(stream.read())
        with open(name + ".new", "wb") as stream:
            stream.write(content)
        os.rename(name + ".new", name)

    def test_under_load(self):
        """No request fails and no answer differs."""
        with Daemon(*LONG) as daemon:
            wanted = without_times(daemon.analyze(photo(), FAST)[2])
            is_over = threading.Event()

            def client(_):
                n = 0
                while not is_over.is_set() or n == 0:
                    status, _, answer = daemon.analyze(photo(), FAST)
                    self.assertEqual((status, without_times(answer)),
                                     (200, wanted))
                    n += 1
                return n

            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                clients = [pool.submit(client, i) for i in range(8)]
                try:
                    for _ in range(3):
                        # Signals that come during a reload are not lost on
                        # a thread that would die of them.
                        daemon.process.send_signal(signal.SIGHUP)
                        daemon.process.send_signal(signal.SIGHUP)
                        status, _, text = daemon.admin("POST", "/admin/reload")
                        if status == 200:
                            self.assertEqual(json.loads(text)["model"],
                                             wanted["model"])
                finally:
                    is_over.set()
                self.assertGreaterEqual(sum(one.result() for one in clients),
                                        8)
            self.assertGreaterEqual(
                daemon.metrics()['aha_reloads_total{result="taken"}'], 3)
            self.assertEqual(daemon.stop(), 0)

    @unittest.skipUnless(AHA.startswith("build/release"),
                         "a sanitizer keeps what is freed")
    def test_memory(self):
        """What the last weights took is given back."""
        with Daemon(*LONG, "--workers", "2") as daemon:
            sizes = []
            for _ in range(8):
                self.assertEqual(daemon.admin("POST", "/admin/reload")[0], 200)
                sizes.append(daemon.metrics()["process_resident_memory_bytes"])
            self.assertLess(max(sizes) - sizes[0], 16 << 20, sizes)

    def test_damaged_weights(self):
        shutil.copytree(MODELS, self.folder, dirs_exist_ok=True)
        with Daemon(*LONG, models=self.folder) as daemon:
            wanted = without_times(daemon.analyze(photo(), FAST)[2])
            for change in (lambda content: content[:-1000],
                           lambda content: content[:100],
                           lambda _: b"", lambda content: b"x" + content):
                self.put(change)
                self.problem(daemon.admin("POST", "/admin/reload"), 500,
                             "reload_failed")
                status, _, answer = daemon.analyze(photo(), FAST)
                self.assertEqual((status, without_times(answer)),
                                 (200, wanted))
            self.put(lambda content: content)
            self.assertEqual(daemon.admin("POST", "/admin/reload")[0], 200)
            metrics = daemon.metrics()
        self.assertEqual((metrics['aha_reloads_total{result="taken"}'],
                          metrics['aha_reloads_total{result="refused"}']),
                         (1, 4))

    def test_pinned_weights(self):
        with Daemon() as daemon:
            digest = json.loads(daemon.ask("GET", "/v1/info")[2])["model"][
                "sha256"]
        with Daemon("--model-sha256", digest) as daemon:
            self.assertEqual(daemon.ask("GET", "/v2/health/ready")[0], 200)
        with self.assertRaises(RuntimeError) as refused:
            Daemon("--model-sha256", "0" * 64)
        self.assertIn("SHA-256", str(refused.exception))


class Stop(Checks):
    def check_unready(self, daemon):
        self.problem(daemon.admin("GET", "/readyz"), 503, "draining")
        for path in ("/v2/health/ready", "/v2/models/AHA/ready"):
            self.problem(daemon.ask("GET", path), 503, "draining")
        self.assertEqual(daemon.admin("GET", "/livez")[0], 200)
        self.assertEqual(daemon.ask("GET", "/v2/health/live")[0], 200)
        self.assertEqual(daemon.analyze(photo(), FAST)[0], 200)

    def test_unready_first(self):
        """In the delay all is served; a second signal ends it."""
        with Daemon(*LONG, "--shutdown-delay-s", "3600") as daemon:
            daemon.process.send_signal(signal.SIGTERM)
            self.assertTrue(daemon.says("stopping"))
            self.check_unready(daemon)
            self.assertEqual(daemon.stop(), 0)

    def test_drain_is_no_signal(self):
        """A preStop hook that drains leaves SIGTERM the first of two."""
        with Daemon(*LONG, "--shutdown-delay-s", "3600") as daemon:
            for _ in range(2):
                self.assertEqual(daemon.admin("POST", "/admin/drain")[::2],
                                 (202, b'{"draining":true}'))
            self.assertTrue(daemon.says("stopping"))
            self.check_unready(daemon)
            daemon.process.send_signal(signal.SIGTERM)
            with self.assertRaises(subprocess.TimeoutExpired):
                daemon.process.wait(1)
            self.check_unready(daemon)
            self.assertEqual(daemon.stop(), 0)

    def test_hurry(self):
        """A second signal: what still waits is refused, all get an answer."""
        with Daemon(*LONG, "--workers", "1", "--grace-period-s",
                    "3600") as daemon:
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                whole = pool.submit(daemon.send, *batch(32))
                alone = pool.submit(daemon.send, *batch(32))
                self.assertTrue(wait_for(
                    lambda: daemon.metrics()["aha_queue_depth"] > 32))
                daemon.process.send_signal(signal.SIGTERM)
                self.assertTrue(daemon.says("stopping"))
                self.assertTrue(wait_for(lambda: self.refuses(daemon)))
                self.assertEqual(daemon.stop(), 0)
                codes = [item.get("problem", {}).get("code")
                         for one in (whole, alone)
                         for item in one.result()[2]["results"]]
        self.assertEqual(len(codes), 64)
        self.assertIn("draining", codes)
        self.assertLessEqual(set(codes), {None, "draining"})

    def refuses(self, daemon):
        try:
            daemon.connect().connect()
        except ConnectionRefusedError:
            return True
        return False

    def test_it_loses_nothing(self):
        """SIGTERM under load: whatever was accepted is answered."""
        with Daemon("--grace-period-s", "3600", *LONG) as daemon:
            outcomes = []

            def client(_):
                while True:
                    try:
                        status = daemon.analyze(photo(), FAST)[0]
                    except (ConnectionRefusedError, ConnectionResetError):
                        return  # not accepted: the listener is gone
                    outcomes.append(status)
                    if status == 503:
                        return

            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                done = [pool.submit(client, i) for i in range(8)]
                self.assertTrue(wait_for(lambda: len(outcomes) >= 8))
                self.assertEqual(daemon.stop(), 0)
                for one in done:
                    one.result()
            self.assertLessEqual(set(outcomes), {200, 503})
            answered = sum(line.get("status") == 200 and
                           line.get("path") == "/v1/analyze"
                           for line in daemon.log())
            self.assertEqual(outcomes.count(200), answered)


class Addresses(Checks):
    def test_unix_sockets(self):
        with tempfile.TemporaryDirectory() as folder:
            public, admin = folder + "/public", folder + "/admin"
            with Daemon(*LONG, bind="unix:" + public,
                        admin_bind="unix:" + admin) as daemon:
                self.assertEqual((daemon.url, daemon.admin_url),
                                 ("unix:" + public, "unix:" + admin))
                self.assertEqual(daemon.analyze(photo(), FAST)[0], 200)
                self.assertEqual(daemon.admin("GET", "/readyz")[::2],
                                 (200, b"ready\n"))
                self.assertEqual(daemon.stop(), 0)
            self.assertEqual(os.listdir(folder), [])

    def test_ipv6(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("this machine has no IPv6")
        with Daemon(*LONG, bind="::1", admin_bind="::1") as daemon:
            self.assertTrue(daemon.url.startswith("http://[::1]:"))
            self.assertEqual(daemon.analyze(photo(), FAST)[0], 200)
            self.assertEqual(daemon.admin("GET", "/livez")[0], 200)


class Signs(Checks):
    """What it tells those who watch."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(*LONG)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__()

    def test_platform(self):
        for path, text in (("/livez", b"live\n"), ("/readyz", b"ready\n")):
            self.assertEqual(self.daemon.admin("GET", path)[::2], (200, text))
            status, headers, body = self.daemon.admin("HEAD", path)
            self.assertEqual((status, body), (200, b""))
            self.assertEqual(int(headers["Content-Length"]), len(text))
        status, _, text = self.daemon.admin("GET", "/readyz?verbose")
        self.assertEqual(status, 200)
        self.assertTrue(text.endswith(b"\nready\n"))
        self.assertIn(b"[+] model AHA", text)
        for method, path in (("DELETE", "/livez"), ("GET", "/admin/drain"),
                             ("GET", "/admin/reload")):
            self.problem(self.daemon.admin(method, path), 405,
                         "method_not_allowed")
        for path in ("/v1/info", "/", "/v2/health/live"):
            self.problem(self.daemon.admin("GET", path), 404, "not_found")

    def test_traces(self):
        trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
        for sent, is_continued, flags in (
                (f"00-{trace}-{span}-01", True, "01"),
                (f"00-{trace}-{span}-00", True, "00"),
                (f"01-{trace}-{span}-01-more", True, "01"),
                (f"00-{trace}-{span}", False, "02"),
                (f"00-{trace.upper()}-{span}-01", False, "02"),
                (f"00-{'0' * 32}-{span}-01", False, "02"), ("", False, "02")):
            _, headers, _ = self.daemon.ask(
                "GET", "/v1/info", None, {"traceparent": sent} if sent else {})
            version, got, own, end = headers["traceparent"].split("-")
            self.assertEqual((version, got == trace, end),
                             ("00", is_continued, flags), sent)
            self.assertNotEqual(own, span)
            self.assertTrue(wait_for(lambda: any(
                (line.get("trace_id"), line.get("span_id"),
                 line.get("sampled")) == (got, own, flags == "01")
                for line in self.daemon.log())))

    def test_server_timing(self):
        for path, body, headers in (("/v1/analyze", photo(), {}), batch(3)):
            _, headers, answer = self.daemon.send(path + FAST, body, headers)
            timing = dict(re.findall(r"(\w+);dur=([\d.]+)(?:, |$)",
                                     headers["Server-Timing"]))
            self.assertEqual(list(timing), ["queue", "decode", "detect",
                                            "align", "infer", "total"])
            self.assertGreater(float(timing["total"]), 0)
            self.assertGreater(float(timing["detect"]), 0)
        self.assertEqual(self.daemon.ask("GET", "/v1/info")[1]
                         ["Server-Timing"], None)

    def test_log(self):
        """A line a request, each JSON, none with anything of the photo."""
        for path in ('/%22%0a{evil}', '/%ff', '/' + 'a' * 500):
            self.daemon.ask("GET", path)
        self.daemon.analyze(photo(), headers={"X-Request-ID": "look-for-me"})
        self.assertTrue(wait_for(lambda: any(
            line.get("request_id") == "look-for-me"
            for line in self.daemon.log())))
        lines = self.daemon.log()
        self.assertEqual(len(lines), len(self.daemon.lines))
        for line in lines:
            self.assertRegex(line["time"],
                             r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        line = next(line for line in lines
                    if line.get("request_id") == "look-for-me")
        self.assertEqual(set(line), {
            "time", "level", "request_id", "trace_id", "span_id", "sampled",
            "key", "method", "path", "status", "code", "bytes", "photos",
            "faces", "queue_ms", "decode_ms", "detect_ms", "align_ms",
            "infer_ms", "total_ms"})
        self.assertEqual((line["method"], line["path"], line["status"],
                          line["code"], line["bytes"], line["photos"],
                          line["faces"]),
                         ("POST", "/v1/analyze", 200, "none", len(photo()), 1,
                          1))

    def test_metrics(self):
        """Every metric of the table, once, in the exposition format."""
        self.daemon.analyze(photo(), FAST)
        self.daemon.analyze(b"no photo")
        status, headers, text = self.daemon.admin("GET", "/metrics")
        self.assertEqual((status, headers["Content-Type"]),
                         (200, "text/plain; version=0.0.4; charset=utf-8"))
        with open(METRICS, encoding="utf-8") as stream:
            table = re.findall(r'^METRIC\(\w+, "(\w+)", "(\w+)", "(.*)"\)$',
                               stream.read(), re.M)
        rows = text.decode().splitlines()
        self.assertEqual(re.findall(r"^# TYPE (\w+) (\w+)$", text.decode(),
                                    re.M), [row[:2] for row in table])
        self.assertEqual(re.findall(r"^# HELP (\w+) (.*)$", text.decode(),
                                    re.M), [(row[0], row[2]) for row in table])
        self.assertTrue(text.endswith(b"\n"))
        family, seen, buckets = None, set(), []
        label = r'[a-z0-9_]+="[^"\\\n]*"'
        for row in rows:
            if row.startswith("#"):
                family = row.split()[2:4] if "TYPE" in row else family
                continue
            found = re.fullmatch(rf"(\w+)(?:\{{({label}(?:,{label})*)\}})? "
                                 r"(-?[\d.]+(?:e[-+]\d+)?)", row)
            self.assertTrue(found, row)
            name, labels, value = found.groups()
            self.assertNotIn((name, labels), seen)
            seen.add((name, labels))
            if family[1] != "histogram":
                self.assertEqual(name, family[0])
            elif name.endswith("_bucket"):
                buckets.append(float(value))
                self.assertEqual(buckets, sorted(buckets), row)
            elif name.endswith("_count"):
                self.assertEqual(float(value), buckets[-1], row)
                buckets = []
        metrics = self.daemon.metrics()
        self.assertGreater(metrics["process_resident_memory_bytes"], 1e6)
        self.assertGreater(metrics["process_cpu_seconds_total"], 0)
        self.assertGreaterEqual(
            metrics['aha_rejected_total{reason="unsupported_media_type"}'], 1)


class ServiceManager(Checks):
    def test_notes(self):
        """READY, RELOADING, READY, STOPPING, and a pulse all along."""
        with tempfile.TemporaryDirectory() as folder:
            inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            inbox.bind(folder + "/notes")
            inbox.settimeout(PATIENCE_S)
            notes = []

            def wait(word):
                while not notes or word not in notes[-1]:
                    notes.append(inbox.recv(4096).decode())
                return notes[-1]

            with inbox, Daemon(NOTIFY_SOCKET=folder + "/notes",
                               WATCHDOG_USEC="200000") as daemon:
                wait("READY=1")
                self.assertEqual(len(notes), 1)
                wait("WATCHDOG=1")
                daemon.process.send_signal(signal.SIGHUP)
                self.assertRegex(wait("RELOADING=1"),
                                 r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
                wait("READY=1")
                wait("WATCHDOG=1")
                daemon.process.send_signal(signal.SIGTERM)
                wait("STOPPING=1")
                self.assertEqual(daemon.process.wait(PATIENCE_S), 0)


if __name__ == "__main__":
    unittest.main()
