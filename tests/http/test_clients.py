# SPDX-License-Identifier: MIT
"""Slow, idle, many and vanishing clients: a short flood of each.

`make torture` has the long ones.
"""

import time
import unittest

from tests.http import floods
from tests.http.daemon import LONG, Daemon, photo, wait_for

PER_CONNECTION = 64 * 1024  # bytes of memory, at most
# Until all slow clients are cut, which have 2 s, and the next is answered.
MOST_S = 60


class Clients(unittest.TestCase):
    def start(self, *flags):
        daemon = Daemon(*LONG, "--body-timeout-s", "1", *flags)
        self.addCleanup(daemon.__exit__)
        self.assertEqual(daemon.analyze(photo(), "?min_face_size=80")[0], 200)
        daemon.files = daemon.metrics()["process_open_fds"]
        daemon.bytes = daemon.metrics()["process_resident_memory_bytes"]
        daemon.began_s = time.monotonic()
        return daemon

    def is_as_before(self, daemon):
        now = daemon.metrics()
        return (now["http_server_active_requests"] == 0 and
                now["aha_upload_bytes"] == 0 and
                now["process_open_fds"] <= daemon.files)

    def check(self, daemon):
        """All is as it was before."""
        floods.recovers_s(daemon)
        self.assertLess(time.monotonic() - daemon.began_s, MOST_S)
        self.assertTrue(wait_for(lambda: self.is_as_before(daemon)))
        self.assertEqual(daemon.analyze(photo(), "?min_face_size=80")[0], 200)

    def test_slow_senders(self):
        daemon = self.start()
        floods.dribble(daemon, 3)
        self.check(daemon)
        self.assertTrue(daemon.says("cut"))

    def test_slow_readers(self):
        daemon = self.start()
        floods.sip(daemon, 5)
        self.check(daemon)

    def test_idle(self):
        daemon = self.start("--max-connections", "4000")
        n = floods.idle(daemon, floods.allow_files(2000))
        grown = (daemon.metrics()["process_resident_memory_bytes"] -
                 daemon.bytes)
        self.assertLess(grown, n * PER_CONNECTION + (32 << 20))
        self.check(daemon)

    def test_full(self):
        """Who comes when all places are taken waits until one is free."""
        daemon = self.start("--max-connections", "20")
        clients = [floods.connect(daemon) for _ in range(40)]
        self.assertEqual(daemon.admin("GET", "/livez")[0], 200)
        floods.recovers_s(daemon)
        for client in clients:
            client.close()
        self.check(daemon)

    def test_churn(self):
        daemon = self.start()
        floods.churn(daemon, 400)
        floods.vanish(daemon, 60)
        self.check(daemon)

    def test_half_closed(self):
        daemon = self.start()
        floods.half_close(daemon, 60)
        self.check(daemon)


if __name__ == "__main__":
    unittest.main()
