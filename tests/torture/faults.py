# SPDX-License-Identifier: MIT
"""Every n-th allocation and system call fails, not only some of them.

    python3 -m tests.torture.faults

It takes as long as it takes; --minutes is what the other scripts heed.
"""

import argparse
import os
import sys
import unittest


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--minutes", type=float)
    parser.parse_args()
    os.environ["AHA_FAULT_EVERY"] = "1"
    from tests.http import test_faults
    suite = unittest.defaultTestLoader.loadTestsFromModule(test_faults)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    sys.exit(0 if result.wasSuccessful() and not result.skipped else 1)


if __name__ == "__main__":
    main()
