# SPDX-License-Identifier: MIT
"""The page that arms tests/faults/fault.c, which is preloaded into a daemon."""

import contextlib
import mmap
import os
import struct
import tempfile
import unittest

from tests.http.daemon import AHA

LIBRARY = os.path.join(os.path.dirname(os.path.abspath(AHA)), "fault.so")
KINDS = {"memory": 1, "file": 2, "net": 4, "thread": 8, "intruder": 16}
NEEDED = unittest.skipUnless(
    AHA.startswith("build/release") and os.path.exists(LIBRARY),
    "a sanitizer has its own allocator")


class Faults:
    """That page, and what a daemon's environment needs."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile()
        self.file.truncate(mmap.PAGESIZE)
        self.page = mmap.mmap(self.file.fileno(), mmap.PAGESIZE)
        self.environment = {"LD_PRELOAD": LIBRARY,
                            "AHA_FAULTS": self.file.name}

    def arm(self, kind, n):
        """Let the n-th call from now fail."""
        self.page[:16] = struct.pack("4I", 0, n, 0, 0)
        self.page[:4] = struct.pack("I", KINDS[kind])

    def disarm(self):
        """Whether it has failed."""
        self.page[:4] = struct.pack("I", 0)
        return self.intrusions()[0] > 0

    def intrusions(self):
        """Threads that tried, and bits of what they were not denied."""
        return struct.unpack("2I", self.page[8:16])

    def close(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.file.name + ".made")
        self.page.close()
        self.file.close()
