# SPDX-License-Identifier: MIT
"""`aha health` against servers that are well, unwell, and no servers."""

import http.server
import os
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from tests.http.daemon import AHA

PATIENCE_S = 60


def health(*flags, **environment):
    """(exit status, stdout, stderr)"""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith("AHA_")}
    result = subprocess.run([AHA, "health", *flags], capture_output=True,
                            text=True, timeout=PATIENCE_S,
                            env={**clean, **environment})
    return result.returncode, result.stdout, result.stderr


class Stub:
    """Accepts connections and hands each to `talk`; a context manager."""

    def __init__(self, talk, listener):
        self.talk = talk
        self.listener = listener
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.asked = b""
        self.thread.start()

    def _run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                try:
                    self.asked = client.recv(65536)
                    self.talk(client)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(PATIENCE_S)

    @property
    def port(self):
        return self.listener.getsockname()[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


def tcp(talk, host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return Stub(talk, socket.create_server((host, 0), family=family))


def saying(text):
    return lambda client: client.sendall(text)


READY = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nready\n")


class Handler(http.server.BaseHTTPRequestHandler):
    status = 200

    def do_GET(self):
        self.send_response(self.status if self.path == "/readyz" else 404)
        self.end_headers()
        self.wfile.write(b"whatever\n")

    def log_message(self, *_):
        pass


class Health(unittest.TestCase):
    def fails(self, word, *flags, **environment):
        status, output, errors = health(*flags, **environment)
        self.assertEqual((status, output), (1, ""), errors)
        self.assertEqual(errors.count("\n"), 1, errors)
        self.assertIn(word, errors)
        return errors

    def test_ready(self):
        with tcp(READY) as stub:
            self.assertEqual(health("--url", stub.url), (0, "ready\n", ""))
            self.assertTrue(stub.asked.startswith(b"GET /readyz HTTP/1.1\r\n"))
            self.assertIn(b"\r\nHost: 127.0.0.1:%d\r\n" % stub.port,
                          stub.asked)
            self.assertEqual(health("--url", stub.url + "/v2/health/ready")[0],
                             0)
            self.assertIn(b"GET /v2/health/ready ", stub.asked)

    def test_a_whole_http_server(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        try:
            self.assertEqual(health("--url", url), (0, "ready\n", ""))
            Handler.status = 503
            self.fails("status 503: whatever", "--url", url)
        finally:
            Handler.status = 200
            server.shutdown()
            server.server_close()
            thread.join(PATIENCE_S)

    def test_environment(self):
        with tcp(READY) as stub:
            for bind in ("127.0.0.1", "0.0.0.0", "localhost", ""):
                self.assertEqual(health(AHA_ADMIN_BIND=bind,
                                        AHA_ADMIN_PORT=str(stub.port))[0], 0)
            self.assertEqual(health(AHA_ADMIN_PORT=str(stub.port))[0], 0)
        self.fails("http://127.0.0.1:1:", AHA_ADMIN_PORT="1")
        for port in ("0", "x", "70000", ""):
            status, _, errors = health(AHA_ADMIN_PORT=port)
            self.assertEqual(status, 2)
            self.assertIn("AHA_ADMIN_PORT", errors)

    def test_ipv6(self):
        try:
            stub = tcp(READY, "::1")
        except OSError:
            self.skipTest("this machine has no IPv6")
        with stub:
            self.assertEqual(health("--url", f"http://[::1]:{stub.port}")[0], 0)
            for bind in ("::1", "::"):
                self.assertEqual(health(AHA_ADMIN_BIND=bind,
                                        AHA_ADMIN_PORT=str(stub.port))[0], 0)

    def test_unix_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "s")
            self.fails("nothing listens", "--url", "unix:" + path)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen()
            with Stub(READY, listener) as stub:
                self.assertEqual(health("--url", "unix:" + path)[0], 0)
                self.assertIn(b"GET /readyz ", stub.asked)
                self.assertEqual(health(AHA_ADMIN_BIND="unix:" + path)[0], 0)
            self.fails("nothing listens", "--url", "unix:" + path)

    def test_not_ready_says_why(self):
        text = (b'HTTP/1.1 503 Service Unavailable\r\n\r\n{"type":"urn:x",'
                b'"detail":"The service is shutting down.","code":"draining"}')
        with tcp(saying(text)) as stub:
            errors = self.fails("503", "--url", stub.url)
            self.assertTrue(errors.endswith(
                ": The service is shutting down.\n"), errors)
        for body in (b"", b"\r\n\r\n", b"\r\n\r\n\x1b[31mred\n", b"\r\n\r\n" +
                     b"x" * 100000):
            with tcp(saying(b"HTTP/1.0 500 No" + body)) as stub:
                self.assertNotIn("\x1b", self.fails("status 500", "--url",
                                                    stub.url))

    def test_closed(self):
        with tcp(READY) as stub:
            url = stub.url
        self.fails("nothing listens", "--url", url)
        with tcp(lambda client: None) as stub:
            self.fails("closed without", "--url", stub.url)

    def test_hanging(self):
        over = threading.Event()
        with tcp(lambda _: over.wait(PATIENCE_S)) as stub:
            begin = time.monotonic()
            self.fails("in time", "--url", stub.url, "--timeout-ms", "200")
            self.assertGreater(time.monotonic() - begin, 0.2)
            over.set()

    def test_dripping(self):
        over = threading.Event()

        def drip(client):
            while not over.wait(0.05):
                client.sendall(b"H")

        with tcp(drip) as stub:
            self.fails("no HTTP", "--url", stub.url, "--timeout-ms", "300")
            over.set()

    def test_garbage(self):
        for noise in (b"\0" * 5000, b"SSH-2.0-x\r\n", b"HTTP/1.1\r\n\r\n",
                      b"HTTP/1.1 2000 OK\r\n", b"HTTP/2.0 200 OK\r\n",
                      b"HTTP/1.1 20x\r\n", b"HTTP/1.", b"\xff" * 100000):
            with tcp(saying(noise)) as stub:
                self.assertEqual(health("--url", stub.url)[0], 1, noise)

    def test_usage(self):
        for flags in (("--url", "https://127.0.0.1"), ("--url", "127.0.0.1"),
                      ("--url", "http://example.org"), ("--url", "http://"),
                      ("--url", "http://127.0.0.1:0"), ("--url", "unix:x"),
                      ("--url", "http://[::1"), ("--url", "http://[::1]x"),
                      ("--url", "http://127.0.0.1/a b"),
                      ("--url", "http://unix:/run/a"),
                      ("--url", "http://127.0.0.1/" + "a" * 300),
                      ("--timeout-ms", "0"), ("--timeout-ms", "x"),
                      ("--wrong",), ("more",)):
            status, output, errors = health(*flags)
            self.assertEqual((status, output), (2, ""), flags)
            self.assertNotEqual(errors, "")
        status, output, _ = health("--help")
        self.assertEqual(status, 0)
        self.assertIn("$AHA_ADMIN_BIND", output)


if __name__ == "__main__":
    unittest.main()
