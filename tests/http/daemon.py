# SPDX-License-Identifier: MIT
"""A real daemon on a free port, and small helpers to talk to it."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading

AHA = os.environ.get("AHA", "build/release/aha")
MODELS = os.environ.get("AHA_MODELS", "models")
DATA = os.environ.get("AHA_TEST_DATA", "tests/data")
PATIENCE_S = 120  # sanitizers on a busy machine are slow


def photo(name="astronaut.jpg"):
    with open(os.path.join(DATA, name), "rb") as stream:
        return stream.read()


class Daemon:
    """`aha serve --port 0` with further flags; a context manager."""

    def __init__(self, *flags):
        command = [AHA, "serve", "--bind", "127.0.0.1", "--port", "0",
                   "--models", MODELS, "--log-format", "json", *flags]
        self.process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True)
        self.lines = []
        self.port = None
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(PATIENCE_S) or self.port is None:
            self.process.kill()
            raise RuntimeError("no start:\n" + "".join(self.lines))

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)
            found = re.search(r"listening on http://[^:]+:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                self._ready.set()
        self._ready.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(PATIENCE_S)
        self.process.stderr.close()

    def stop(self):
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def log(self):
        """The log lines so far, parsed."""
        return [json.loads(line) for line in self.lines if line[0] == "{"]

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port,
                                          timeout=PATIENCE_S)

    def socket(self):
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)

    def ask(self, method, path, body=None, headers=None, **options):
        """One request on its own connection: (status, headers, body)."""
        connection = self.connect()
        try:
            connection.request(method, path, body, headers or {}, **options)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def analyze(self, body, query="", headers=None):
        """POST /v1/analyze: (status, headers, parsed JSON)."""
        status, answer_headers, text = self.ask(
            "POST", "/v1/analyze" + query, body,
            headers or {"Content-Type": "image/jpeg"})
        return status, answer_headers, json.loads(text)


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
