# SPDX-License-Identifier: MIT
"""A real daemon on free ports, and small helpers to talk to it."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import unittest

AHA = os.environ.get("AHA", "build/release/aha")
MODELS = os.environ.get("AHA_MODELS", "models")
DATA = os.environ.get("AHA_TEST_DATA", "tests/data")
PATIENCE_S = 120  # sanitizers on a busy machine are slow
LONG = ("--request-timeout-ms", "600000")
FAST = "?min_face_size=80"  # finds the astronaut in a fifth of the time
LABELS = ["anger", "disgust", "fear", "happiness", "sadness", "surprise",
          "neutral"]


def photo(name="astronaut.jpg"):
    with open(os.path.join(DATA, name), "rb") as stream:
        return stream.read()


def wait_for(condition):
    """Until it is true; False when that takes too long."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(self.path)


def connect(url, context=None):
    """A connection to http://HOST:PORT, https://HOST:PORT or unix:/PATH."""
    if url.startswith("unix:"):
        return UnixConnection(url[len("unix:"):])
    scheme, host, port = re.fullmatch(r"(https?)://\[?(.*?)\]?:(\d+)",
                                      url).groups()
    if scheme == "https":
        return http.client.HTTPSConnection(host, int(port), context=context,
                                           timeout=PATIENCE_S)
    return http.client.HTTPConnection(host, int(port), timeout=PATIENCE_S)


def ask(url, method, path, body=None, headers=None, context=None, **options):
    """One request on its own connection: (status, headers, body)."""
    connection = connect(url, context)
    try:
        connection.request(method, path, body, headers or {}, **options)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


class Daemon:
    """`aha serve` on free ports with further flags; a context manager."""

    def __init__(self, *flags, bind="127.0.0.1", admin_bind="127.0.0.1",
                 models=MODELS, context=None, preexec_fn=None,
                 **environment):
        command = [AHA, "serve", "--bind", bind, "--port", "0", "--admin-bind",
                   admin_bind, "--admin-port", "0", "--models", models,
                   "--log-format", "json", *flags]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, preexec_fn=preexec_fn,
            env={**os.environ, **environment})
        self.context = context
        self.lines = []
        self.url = None
        self.admin_url = None
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(PATIENCE_S) or self.url is None:
            self.process.kill()
            self._end()
            raise RuntimeError("no start:\n" + "".join(self.lines))

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)
            found = re.search(r'(admin|listening) on ([^\s"]+)', line)
            if found and found.group(1) == "admin":
                self.admin_url = found.group(2)
            elif found:
                self.url = found.group(2)
                self._ready.set()
        self._ready.set()

    def __enter__(self):
        return self

    def _end(self):
        """The exit status, once the whole log is read."""
        status = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        self.process.stderr.close()
        return status

    def __exit__(self, failure=None, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self._end()
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self._end()
        # A sanitizer tells of leaks and races at the end.
        if status != 0 and failure is None:
            raise AssertionError(f"exit status {status}:\n" +
                                 "".join(self.lines[-60:]))

    def stop(self):
        """SIGTERM, and the exit status once the whole log is read."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return status

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    def log(self):
        """The log lines so far, parsed."""
        return [json.loads(line) for line in self.lines if line[0] == "{"]

    def says(self, text):
        """Wait for a log message that holds a text."""
        return wait_for(lambda: any(text in line.get("message", "")
                                    for line in self.log()))

    def connect(self):
        return connect(self.url, self.context)

    def socket(self):
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)

    def ask(self, method, path, body=None, headers=None, **options):
        return ask(self.url, method, path, body, headers, self.context,
                   **options)

    def admin(self, method, path):
        return ask(self.admin_url, method, path)

    def send(self, path, body, headers=None):
        """POST: (status, headers, parsed JSON)."""
        status, answer_headers, text = self.ask("POST", path, body, headers)
        return status, answer_headers, json.loads(text)

    def analyze(self, body, query="", headers=None):
        """POST /v1/analyze: (status, headers, parsed JSON)."""
        return self.send("/v1/analyze" + query, body,
                         headers or {"Content-Type": "image/jpeg"})

    def metrics(self):
        """Every sample of /metrics: {name{labels}: number}."""
        text = self.admin("GET", "/metrics")[2].decode()
        rows = (row.rsplit(" ", 1) for row in text.splitlines()
                if not row.startswith("#"))
        return {name: float(value) for name, value in rows}

    def reaches(self, metric, value):
        """Wait until a metric has a value."""
        return wait_for(lambda: self.metrics()[metric] == value)


class Checks(unittest.TestCase):
    """What several files look at in answers."""

    def problem(self, answer, status, code):
        """An answer with this problem; its body."""
        got, headers, body = answer
        if isinstance(body, bytes):
            body = json.loads(body)
        self.assertEqual((got, body.get("code")), (status, code), body)
        self.assertEqual(headers["Content-Type"], "application/problem+json")
        self.assertEqual(body["status"], status)
        self.assertEqual(body["type"], "urn:aha:problem:" + code)
        self.assertEqual(body["request_id"], headers["X-Request-ID"])
        self.assertTrue(body["detail"].endswith("."), body["detail"])
        return body


# What differs from one answer to the next of the same request.
CHANGING = ("request_id", "timing_ms", "batch")


def without_times(answer):
    """An answer without what differs from one request to the next."""
    return {key: value for key, value in answer.items()
            if key not in CHANGING}


def multipart(parts, boundary="bOuNdArY"):
    """[(name, filename or None, bytes)] as a body and its content type."""
    body = b""
    for name, filename, content in parts:
        disposition = f'form-data; name="{name}"'
        if filename is not None:
            disposition += f'; filename="{filename}"'
        body += (f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\n"
                 ).encode() + content + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"
