# SPDX-License-Identifier: MIT
"""How services are compared: what their processes are and what is said."""

import os
import subprocess
import sys
import unittest

from bench.peers import table
from bench.services import compare

WAITS = "import subprocess, sys; subprocess.run(['sleep', '60'])"


class Fake:
    """A service that was measured."""

    def __init__(self, memory, start_s):
        self.memory, self.start_s, self.found = memory, start_s, 1

    def memory_mb(self):
        return self.memory


class Compare(unittest.TestCase):
    def test_family_holds_children(self):
        with subprocess.Popen([sys.executable, "-c", WAITS]) as process:
            try:
                while len(compare.family(process.pid)) < 2:
                    self.assertIsNone(process.poll())
                self.assertEqual(compare.family(process.pid)[0], process.pid)
                self.assertIn(process.pid, compare.family(os.getpid()))
            finally:
                for pid in reversed(compare.family(process.pid)):
                    os.kill(pid, 9)

    def test_rows_have_the_median_of_ratios_by_round(self):
        services = {table.OURS: Fake(100.4, .2), "other": Fake(300, 2)}
        rates = {table.OURS: [10, 20, 30], "other": [5, 40, 15]}
        self.assertEqual(list(compare.rows(services, rates)), [
            [table.OURS, "20.0", "1.00", "100", "0.20", 1],
            ["other", "15.0", "2.00", "300", "2.00", 1]])


if __name__ == "__main__":
    unittest.main()
