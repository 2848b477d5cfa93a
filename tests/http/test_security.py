# SPDX-License-Identifier: MIT
"""Who may ask, over what, and what the daemon lets out or keeps."""

import concurrent.futures
import contextlib
import hashlib
import os
import re
import signal
import ssl
import subprocess
import tempfile
import time
import unittest
import warnings

from tests.http.daemon import (DATA, FAST, LONG, Checks, Daemon, photo,
                               wait_for)
from tests.http.photos import png_interlaced
from tests.http.process import is_sanitized, memory

PARTIAL = (b"POST /v1/analyze HTTP/1.1\r\nHost: a\r\n"
           b"Content-Length: 900000\r\n\r\n")


def key_line(name, key, *rate):
    return ":".join((name, hashlib.sha256(key.encode()).hexdigest(),
                     *rate)) + "\n"


class Folder(Checks):
    """With a folder for files of the test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        """A file that is put in place as a whole."""
        with open(self.path(name + ".new"), "w", encoding="ascii") as stream:
            stream.write(text)
        os.rename(self.path(name + ".new"), self.path(name))
        return self.path(name)


class Keys(Folder):
    def ask(self, daemon, key, path="/v1/info"):
        return daemon.ask("GET", path, None, {"X-API-Key": key})

    def test_keys(self):
        keys = self.write("keys", "# ours\n\n" + key_line("me", "secret"))
        with Daemon(*LONG, "--api-key-file", keys) as daemon:
            bearer = {"Authorization": "Bearer secret"}
            self.assertEqual(daemon.analyze(photo(), FAST, bearer)[0], 200)
            for headers in ({"X-API-Key": "secret"}, bearer,
                            {"Authorization": "bearer  secret"}):
                self.assertEqual(daemon.ask("GET", "/v1/info", None,
                                            headers)[0], 200, headers)
            for headers in ({}, {"X-API-Key": ""}, {"X-API-Key": "secret "
                                                    "secret"},
                            {"Authorization": "Bearer wrong"},
                            {"Authorization": "Basic secret"},
                            {"X-API-Key": "me"}):
                for method, path in (("GET", "/v1/info"), ("GET", "/v2"),
                                     ("GET", "/v2/models/AHA"),
                                     ("GET", "/v1/models/AHA"),
                                     ("POST", "/v1/analyze"),
                                     ("POST", "/v1/batch"),
                                     ("POST", "/v1/detect"),
                                     ("POST", "/v2/models/AHA/infer")):
                    answer = daemon.ask(method, path, b"x" * 100000 if
                                        method == "POST" else None, headers)
                    problem = self.problem(answer, 401, "unauthorized")
                    self.assertIn("Bearer", answer[1]["WWW-Authenticate"])
                    self.assertNotIn("wrong", str(problem))
            for path in ("/", "/docs", "/openapi.yaml", "/openapi.json",
                         "/web/style.css", "/v2/health/live",
                         "/v2/health/ready"):
                self.assertEqual(daemon.ask("GET", path)[0], 200, path)
            for path in ("/livez", "/readyz", "/metrics"):
                self.assertEqual(daemon.admin("GET", path)[0], 200, path)
            daemon.stop()
            named = [line["key"] for line in daemon.log()
                     if line.get("path") == "/v1/analyze"]
        self.assertEqual(named[0], "me")
        self.assertEqual(set(named[1:]), {""})
        self.assertNotIn("secret", "".join(daemon.lines))

    def test_rates(self):
        keys = self.write("keys", key_line("slow", "s", "1") +
                          key_line("free", "f", "0") + key_line("usual", "u"))
        with Daemon("--api-key-file", keys, "--rate-limit", "1") as daemon:
            for key in "su":
                begin = time.monotonic()
                self.assertEqual(self.ask(daemon, key)[0], 200)
                answer = self.ask(daemon, key)
                if time.monotonic() - begin < 0.9:
                    self.problem(answer, 429, "rate_limited")
                    self.assertEqual(answer[1]["Retry-After"], "1")
                time.sleep(1.1)
                self.assertEqual(self.ask(daemon, key)[0], 200)
            for _ in range(20):
                self.assertEqual(self.ask(daemon, "f")[0], 200)

    def test_reload(self):
        keys = self.write("keys", key_line("a", "old"))
        with Daemon("--api-key-file", keys) as daemon:
            self.write("keys", key_line("b", "new"))
            self.assertEqual(self.ask(daemon, "new")[0], 401)
            daemon.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_for(
                lambda: self.ask(daemon, "new")[0] == 200))
            self.assertEqual(self.ask(daemon, "old")[0], 401)
            self.write("keys", "no key")
            answer = daemon.admin("POST", "/admin/reload")
            self.problem(answer, 500, "reload_failed")
            self.assertEqual(self.ask(daemon, "new")[0], 200)


class Browsers(Checks):
    def test_other_origins(self):
        ask = {"Origin": "https://a.example",
               "Access-Control-Request-Method": "POST"}
        with Daemon() as daemon:
            answer = daemon.ask("OPTIONS", "/v1/analyze", None, ask)
            self.problem(answer, 405, "method_not_allowed")
            for _, headers, _ in (answer, daemon.ask("GET", "/v1/info", None,
                                                     ask)):
                self.assertFalse([name for name in headers
                                  if name.startswith("Access-Control")])
        with Daemon("--allow-origin", "https://a.example") as daemon:
            status, headers, body = daemon.ask("OPTIONS", "/v1/analyze", None,
                                               ask)
            self.assertEqual((status, body), (204, b""))
            self.assertEqual(headers["Access-Control-Allow-Methods"], "POST")
            for name in ("X-API-Key", "Content-Type", "traceparent"):
                self.assertIn(name, headers["Access-Control-Allow-Headers"])
            for method, path, body in (("OPTIONS", "/v1/analyze", None),
                                       ("GET", "/v1/info", None),
                                       ("GET", "/nothing", None),
                                       ("POST", "/v1/analyze", b"x")):
                _, headers, _ = daemon.ask(method, path, body, ask)
                self.assertEqual(headers["Access-Control-Allow-Origin"],
                                 "https://a.example", path)
                self.assertIn("Origin", headers.get_all("Vary"))
                self.assertNotIn("Access-Control-Allow-Credentials", headers)
            _, headers, _ = daemon.admin("GET", "/metrics")
            self.assertNotIn("Access-Control-Allow-Origin", headers)
            self.assertEqual(daemon.admin("OPTIONS", "/livez")[0], 405)
        with Daemon("--allow-origin", "*") as daemon:
            _, headers, _ = daemon.ask("GET", "/v1/info")
            self.assertEqual(headers["Access-Control-Allow-Origin"], "*")

    def test_headers_of_every_answer(self):
        with Daemon() as daemon:
            etag = daemon.ask("GET", "/")[1]["ETag"]
            answers = [daemon.ask(*request) for request in (
                ("GET", "/v1/info"), ("HEAD", "/v1/info"), ("GET", "/nothing"),
                ("PUT", "/v2"), ("GET", "/v2/health/live"), ("GET", "/"),
                ("GET", "/docs"), ("GET", "/web/style.css"),
                ("GET", "/openapi.json"), ("POST", "/v1/analyze", b"x"),
                ("GET", "/", None, {"If-None-Match": etag}),
                ("POST", "/v1/analyze", photo(), {"Accept": "image/svg+xml"}),
                ("POST", "/v1/batch", b'{"images": [{"base64": "eA=="}]}',
                 {"Content-Type": "application/json",
                  "Accept": "application/x-ndjson"}))]
            answers += [daemon.admin("GET", path) for path in
                        ("/livez", "/readyz", "/metrics", "/nothing")]
        self.assertEqual([status for status, _, _ in answers],
                         [200, 200, 404, 405, 200, 200, 200, 200, 200, 415,
                          304, 200, 200, 200, 200, 200, 404])
        for status, headers, _ in answers:
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(headers["X-Frame-Options"], "DENY")
            policy = headers["Content-Security-Policy"]
            self.assertTrue(policy.startswith("default-src 'none'"))
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(headers["Cache-Control"], "no-cache"
                             if headers["ETag"] else "no-store")
            self.assertRegex(headers["X-Request-ID"], "^[0-9a-f]{32}$")
            self.assertRegex(headers["traceparent"],
                             "^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$")
            self.assertIsNone(headers["Server"])


class Encryption(Folder):
    def certificate(self):
        """A new pair in place of the last; the certificate's bytes."""
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout", self.path("key.pem"),
             "-out", self.path("cert.pem")],
            check=True, capture_output=True, timeout=120)
        with open(self.path("cert.pem"), encoding="ascii") as stream:
            return ssl.PEM_cert_to_DER_cert(stream.read())

    def served(self, daemon):
        connection = daemon.connect()
        connection.connect()
        with connection.sock as sock:
            return sock.getpeercert(True)

    def test_https(self):
        first = self.certificate()
        anyone = ssl.create_default_context()
        anyone.check_hostname = False
        anyone.verify_mode = ssl.CERT_NONE
        with Daemon(*LONG, "--tls-cert", self.path("cert.pem"), "--tls-key",
                    self.path("key.pem"), context=anyone) as daemon:
            self.assertTrue(daemon.url.startswith("https://"))
            self.assertTrue(daemon.admin_url.startswith("http://"))
            self.assertEqual(self.served(daemon), first)
            daemon.context = ssl.create_default_context(
                cafile=self.path("cert.pem"))
            self.assertEqual(daemon.analyze(photo(), FAST)[0], 200)
            self.refuses_old(daemon)
            # Plain HTTP and noise are no reason to fall over.
            for noise in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff",
                          b""):
                with daemon.socket() as client:
                    client.sendall(noise)
            daemon.context = anyone
            second = self.certificate()
            self.assertEqual(self.served(daemon), first)
            daemon.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_for(lambda: self.served(daemon) == second))
            # A key that is another's is not taken.
            with open(self.path("key.pem"), "w", encoding="ascii") as stream:
                stream.write("nothing")
            self.problem(daemon.admin("POST", "/admin/reload"), 500,
                         "reload_failed")
            self.assertEqual(self.served(daemon), second)
            self.assertEqual(daemon.stop(), 0)

    def refuses_old(self, daemon):
        """TLS 1.2 is spoken, 1.1 is not."""
        for version, is_spoken in ((ssl.TLSVersion.TLSv1_2, True),
                                   (ssl.TLSVersion.TLSv1_1, False)):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.set_ciphers("ALL@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = version
            with daemon.socket() as client:
                try:
                    context.wrap_socket(client).close()
                    self.assertTrue(is_spoken)
                except OSError as error:
                    self.assertFalse(is_spoken, error)
                    # by the daemon, not by this side
                    self.assertNotIn("NO_", getattr(error, "reason", ""))

    def test_start_is_refused(self):
        self.certificate()
        for cert, key in (("key.pem", "cert.pem"), ("cert.pem", "none.pem")):
            with self.assertRaises(RuntimeError) as refused:
                Daemon("--tls-cert", self.path(cert), "--tls-key",
                       self.path(key))
            self.assertIn(".pem", str(refused.exception))
            self.assertNotIn("BEGIN", str(refused.exception))


class Resources(Folder):
    def test_formats(self):
        with Daemon("--formats", "png,gif") as daemon:
            self.problem(daemon.analyze(photo()), 415,
                         "unsupported_media_type")
            for name, kind in (("rgb.png", "png"), ("plain.gif", "gif")):
                status, _, answer = daemon.analyze(photo(name))
                self.assertEqual((status, answer["image"]["format"]),
                                 (200, kind))
            self.problem(daemon.analyze(photo("lossy.webp")), 415,
                         "unsupported_media_type")

    def test_memory_of_uploads(self):
        """More than may be buffered is refused at once, and only that."""
        with Daemon("--max-source-bytes", "900000", "--max-request-bytes",
                    "900000", "--max-buffered-bytes", "2531072",
                    "--body-timeout-s", "60") as daemon:
            with daemon.socket() as slow, daemon.socket() as second:
                for client in slow, second:
                    client.sendall(PARTIAL + b"\xff" * 880000)
                self.assertTrue(wait_for(
                    lambda: daemon.metrics()["aha_upload_bytes"] == 1800000))
                answer = daemon.analyze(b"\xff" * 500000)
                self.problem(answer, 503, "overloaded")
                self.assertIn(int(answer[1]["Retry-After"]), range(1, 61))
                self.assertEqual(daemon.analyze(photo(), FAST)[0], 200)
            self.assertTrue(daemon.reaches("aha_upload_bytes", 0))
            self.problem(daemon.analyze(b"\xff" * 500000), 415,
                         "unsupported_media_type")

    def test_memory_of_large_images(self):
        """One at a time; who would wait too long is told to come again."""
        body = png_interlaced(7000)
        with Daemon(*LONG, "--workers", "6") as daemon:
            before = memory(daemon, "VmHWM")
            self.assertEqual(daemon.analyze(body)[0], 200)
            one = memory(daemon, "VmHWM") - before
            with concurrent.futures.ThreadPoolExecutor(6) as pool:
                answers = list(pool.map(daemon.analyze, [body] * 6))
            refused = [answer for answer in answers if answer[0] != 200]
            for answer in refused:
                problem = self.problem(answer, 503, "overloaded")
                self.assertRegex(problem["detail"], "^Other images are being ")
            self.assertIn(len(refused), range(1, 6))
            if not is_sanitized(daemon):
                self.assertLess(memory(daemon, "VmHWM") - before,
                                one + (150 << 20))

    def written(self, process):
        with open(process + "/io", encoding="ascii") as stream:
            return re.search(r"^write_bytes: \d+$", stream.read(),
                             re.M).group()

    def test_nothing_is_written(self):
        """No photo, nor a part of one, goes to any disk."""
        names = [name for name in os.listdir(DATA)
                 if name.endswith((".jpg", ".png", ".gif", ".webp", ".tiff",
                                   ".avif", ".heic"))]
        with Daemon(*LONG, "--formats", "jpeg,png,webp,gif,tiff,heif,avif",
                    TMPDIR=self.folder, HOME=self.folder) as daemon:
            process = f"/proc/{daemon.process.pid}"
            before = self.written(process)  # by a sanitizer
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                done = list(pool.map(lambda name: daemon.analyze(
                    photo(name), FAST)[0], names))
            self.assertLessEqual(set(done), {200, 422})
            self.assertGreater(done.count(200), 15)
            daemon.ask("POST", "/v1/analyze", photo(), {"Accept": "image/png"})
            self.assertEqual(self.written(process), before)
            opened = set()
            for fd in os.listdir(process + "/fd"):
                with contextlib.suppress(FileNotFoundError):  # just closed
                    opened.add(os.readlink(f"{process}/fd/{fd}"))
        self.assertEqual(os.listdir(self.folder), [])
        for name in opened:
            self.assertRegex(name, r"^(pipe:|socket:|anon_inode:|/dev/|/proc/)|"
                             r"\.safetensors$")


if __name__ == "__main__":
    unittest.main()
