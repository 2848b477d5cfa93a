# SPDX-License-Identifier: MIT
"""HTTP by the byte: requests no library would write, answers read strictly."""

import json
import re
import socket

from tests.http.daemon import PATIENCE_S

HOST = b"Host: a\r\n"
STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3}) [ -~]*$")


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # names in lower case
        self.body = body

    @property
    def code(self):
        """Of a problem; None of anything else, as what the library says."""
        if self.headers.get("content-type") != "application/problem+json":
            return None
        return json.loads(self.body)["code"]

    @property
    def is_last(self):
        return self.headers.get("connection") == "close"


class Wire:
    """One connection. Only what was sent is sent, only whole answers count."""

    def __init__(self, daemon, patience_s=PATIENCE_S):
        self.socket = socket.create_connection(("127.0.0.1", daemon.port),
                                               patience_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise EOFError(self.rest[:200])
        self.rest += piece

    def _until(self, end):
        while end not in self.rest:
            self._more()
        part, self.rest = self.rest.split(end, 1)
        return part

    def _exactly(self, n):
        while len(self.rest) < n:
            self._more()
        part, self.rest = self.rest[:n], self.rest[n:]
        return part

    def _chunks(self):
        body = b""
        while True:
            n = int(self._until(b"\r\n"), 16)
            body += self._exactly(n)
            if self._exactly(2) != b"\r\n":
                raise ValueError("a chunk of another size")
            if n == 0:
                return body

    def answer(self, method="GET"):
        """The next one; EOFError when the connection ends before it."""
        line, *fields = self._until(b"\r\n\r\n").split(b"\r\n")
        match = STATUS_LINE.match(line)
        if match is None:
            raise ValueError(f"no status line: {line[:80]!r}")
        headers = {}
        for field in fields:
            name, value = field.decode("latin-1").split(": ", 1)
            headers[name.lower()] = value
        status = int(match.group(1))
        if method == "HEAD" or status in (100, 204, 304):
            body = b""
        elif headers.get("transfer-encoding") == "chunked":
            body = self._chunks()
        else:
            body = self._exactly(int(headers["content-length"]))
        return Answer(status, headers, body)

    def ask(self, data, method="GET"):
        self.send(data)
        return self.answer(method)

    def is_ended(self):
        """Wait for the end, with nothing before it."""
        try:
            return self.rest == b"" and self.socket.recv(1) == b""
        except ConnectionError:
            return True


def request(method, target, *fields, body=None, host=HOST,
            version=b"HTTP/1.1"):
    """Bytes of a request; a body brings its Content-Length."""
    head = b" ".join((method, target, version)) + b"\r\n" + host
    for field in fields:
        head += field + b"\r\n"
    if body is not None:
        head += b"Content-Length: %d\r\n" % len(body)
    return head + b"\r\n" + (body or b"")


def chunked(*pieces, last=b"0\r\n\r\n"):
    """A body in chunks."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece)
                    for piece in pieces) + last
