# SPDX-License-Identifier: MIT
"""What is left of a photo in the daemon's memory once it is answered."""

import contextlib
import os
import re
import struct
import unittest

from tests.http.daemon import (FAST, LONG, Daemon, multipart, photo, wait_for)
from tests.http.photos import png

SIDE = 512
RUN = 24  # repetitions that are no accident


def stored(colour):
    """A photo of one colour, stored so that its bytes are this colour too."""
    return png(SIDE, SIDE, [colour * SIDE] * SIDE, level=0)


def jpeg(word):
    """The portrait with comments of this word."""
    text = word * (60000 // len(word))
    comment = b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text
    return photo()[:2] + comment * 4 + photo()[2:]


def memory(pid):
    """All of the process's memory that can be written, a part at a time."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as bytes_of:
        for line in maps:
            begin, end, kinds = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if kinds.startswith("rw"):
                bytes_of.seek(int(begin, 16))
                try:
                    yield bytes_of.read(int(end, 16) - int(begin, 16))
                except OSError:  # the kernel's own
                    pass


def pieces(daemon, pattern):
    """How many runs of this pattern are left."""
    return sum(part.count(pattern * RUN)
               for part in memory(daemon.process.pid))


@unittest.skipIf(os.environ.get("AHA_SANDBOX") == "off",
                 "a sanitizer's allocator keeps what is freed")
class Wiped(unittest.TestCase):
    flags = ()

    def setUp(self):
        self.daemon = Daemon(*LONG, "--sandbox", "off", "--workers", "2",
                             *self.flags)
        self.addCleanup(self.daemon.__exit__)
        self.idle = self.sockets()

    def ask(self, path, body, headers=None, status=200):
        answer = self.daemon.ask("POST", path, body, headers or {})
        self.assertEqual(answer[0], status, answer[2])
        self.assertTrue(self.daemon.reaches(
            "http_server_active_requests", 0))
        self.assertTrue(wait_for(lambda: self.sockets() == self.idle))

    def sockets(self):
        folder = f"/proc/{self.daemon.process.pid}/fd"
        sockets = 0
        for name in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):  # just closed
                sockets += os.readlink(f"{folder}/{name}").startswith(
                    "socket:")
        return sockets

    def test_the_search_finds(self):
        """What is kept is found: an upload that waits for its end."""
        word = b"\x0e\xa5\x93\x17\xe2\x6b"
        body = jpeg(word)
        with self.daemon.socket() as client:
            client.sendall(b"POST /v1/analyze HTTP/1.1\r\nHost: a\r\n"
                           b"Content-Type: image/jpeg\r\nContent-Length: "
                           b"%d\r\n\r\n" % len(body) + body[:-1])
            self.assertTrue(wait_for(lambda: pieces(self.daemon, word) > 1000))

    def test_uploads(self):
        word = b"\x0e\xa5\x93\x17\xe2\x6a"
        for _ in range(3):
            self.ask("/v1/analyze" + FAST, jpeg(word))
            self.ask("/v1/analyze", word * 50000, status=415)
            body, kind = multipart([("file", "a.jpg", jpeg(word))] * 3)
            self.ask("/v1/batch" + FAST, body, {"Content-Type": kind})
        self.assertEqual(pieces(self.daemon, word), 0)

    def test_pixels(self):
        colour = b"\x93\x17\xe2"
        for _ in range(3):
            self.ask("/v1/analyze", stored(colour))
            self.ask("/v1/detect", stored(colour))
        self.assertEqual(pieces(self.daemon, colour), 0)


class WipedApart(Wiped):
    """By what comes from decoders in processes of their own."""

    flags = ("--isolate-decoders", "on")


if __name__ == "__main__":
    unittest.main()
