# SPDX-License-Identifier: MIT
"""Floods for minutes: slow, idle, many and vanishing clients, and too many
photos.

After each the daemon has to answer within a second, and to hold no more
descriptors than before. The last are by slowhttptest.

    python3 -m tests.torture.floods --minutes 10
"""

import argparse
import subprocess
import sys
import threading
import time

from tests.http import floods
from tests.http.daemon import LONG, Daemon, photo, wait_for

MAX_RECOVERY_S = 1
MAX_ADMIN_S = 1
MAX_GROWTH = 256 << 20  # bytes of memory
N_IDLE = 2000
OVERLOAD_S = 60
MIN_OVERLOAD = 10       # requests for each one that is answered


def slow_tool(daemon, *flags):
    """slowhttptest against it, for as long as it takes to be cut."""
    n = 500
    subprocess.run(["slowhttptest", *flags, "-c", str(n), "-r", "200", "-i", "1", "-l",
                    "20", "-u", daemon.url + "/v1/analyze"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   timeout=120)
    return n


def overload(daemon):
    """Ten requests and more for each that the workers can take."""
    answered, refused = floods.overload(daemon, 64, OVERLOAD_S)
    if not answered or answered + refused < MIN_OVERLOAD * answered:
        raise AssertionError(f"{answered} answered, {refused} refused")
    return answered + refused


FLOODS = (
    ("slow senders", lambda daemon: floods.dribble(daemon, 40)),
    ("slow readers", lambda daemon: floods.sip(daemon, 100)),
    ("idle", lambda daemon: floods.idle(daemon, floods.allow_files(N_IDLE))),
    ("churn", lambda daemon: floods.churn(daemon, 5000)),
    ("vanishing", lambda daemon: floods.vanish(daemon, 500)),
    ("half-closed", lambda daemon: floods.half_close(daemon, 500)),
    ("overload", overload),
    ("slowhttptest -H", lambda daemon: slow_tool(daemon, "-H")),
    ("slowhttptest -B", lambda daemon: slow_tool(daemon, "-B")),
    ("slowhttptest -X", lambda daemon: slow_tool(
        daemon, "-X", "-w", "1", "-y", "64", "-z", "5", "-k", "3")),
)


class Probe(threading.Thread):
    """Asks the platform's listener all the while; its slowest answer."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.admin = daemon.admin
        self.slowest_s = 0
        self.failed = None
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.wait(0.2):
            begin = time.monotonic()
            try:
                if self.admin("GET", "/livez")[0] != 200:
                    self.failed = "no 200"
            except Exception as error:  # of any kind: it is no answer
                self.failed = repr(error)
            self.slowest_s = max(self.slowest_s, time.monotonic() - begin)

    def end(self):
        self.is_over.set()
        self.join()
        return self.slowest_s


def flood(daemon, name, one, first):
    """What one flood broke, as a list."""
    probe = Probe(daemon)
    probe.start()
    begin = time.monotonic()
    n = one(daemon)
    took_s = time.monotonic() - begin
    slowest_s = probe.end()
    recovery_s = floods.recovers_s(daemon)
    held = wait_for(lambda: daemon.metrics()["process_open_fds"] <=
                    first["process_open_fds"])
    now = daemon.metrics()
    grown = (now["process_resident_memory_bytes"] -
             first["process_resident_memory_bytes"])
    print(f"{name:16} {n:6} clients {took_s:6.1f} s, admin at most "
          f"{slowest_s * 1e3:6.1f} ms, answers after {recovery_s * 1e3:6.1f} "
          f"ms, memory {grown / 2 ** 20:+6.1f} MiB", flush=True)
    return [name + ": " + what for what, is_bad in (
        (f"admin failed: {probe.failed}", probe.failed is not None),
        (f"admin took {slowest_s} s", slowest_s > MAX_ADMIN_S),
        (f"recovered in {recovery_s} s", recovery_s > MAX_RECOVERY_S),
        ("descriptors are held", not held),
        (f"memory grew by {grown}", grown > MAX_GROWTH)) if is_bad]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    minutes = parser.parse_args().minutes
    floods.allow_files(N_IDLE)
    end = time.monotonic() + 60 * minutes
    broken = []
    with Daemon(*LONG, "--body-timeout-s", "2", "--max-connections", "4000",
                "--max-queue-size", "8") as daemon:
        wanted = daemon.analyze(photo(), "?min_face_size=80")[2]["faces"]
        first = daemon.metrics()
        first["process_open_fds"] += 1  # the connection that asked, or not
        while True:
            for name, one in FLOODS:
                broken += flood(daemon, name, one, first)
            if daemon.analyze(photo(), "?min_face_size=80")[2][
                    "faces"] != wanted:
                broken.append("another answer than at first")
            if time.monotonic() > end:
                break
    print("\n".join(broken) or "all held")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
