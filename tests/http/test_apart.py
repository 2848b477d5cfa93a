# SPDX-License-Identifier: MIT
"""Decoders in processes of their own: the same answers, and whatever becomes
of such a process, one photo's affair."""

import contextlib
import glob
import http.client
import json
import os
import re
import resource
import signal
import threading
import time
import unittest

from tests.http.daemon import (DATA, FAST, LONG, PATIENCE_S, Checks, Daemon,
                               photo, wait_for, without_times)
from tests.http.photos import png
from tests.http.process import status

APART = ("--isolate-decoders", "on")
FORMATS = "jpeg,png,webp,gif,tiff,heif,avif"
IS_SEALED = os.environ.get("AHA_SANDBOX") != "off"
DIED = 3  # the exit status without a nursery
LAST_WORK_S = 20  # for a photo under way when the grace period is over


def children(pid):
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="ascii") as stream:
                fields = stream.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(path.split("/")[2]))
    return found


def nursery(daemon):
    (pid,) = children(daemon.process.pid)
    return pid


def exists(pid):
    return os.path.exists(f"/proc/{pid}")


def long_photo(side=5000):
    """Some tenths of a second for a decoder, and small."""
    return png(side, side, [bytes(3 * side)] * side)


class Asking(threading.Thread):
    """A request that is under way."""

    def __init__(self, daemon, body):
        super().__init__()
        self.daemon_, self.body, self.answer = daemon, body, None
        self.start()

    def run(self):
        with contextlib.suppress(http.client.HTTPException, ConnectionError):
            self.answer = self.daemon_.analyze(self.body)


class Apart(Checks):
    def test_answers(self):
        names = sorted(name for name in os.listdir(DATA) if re.search(
            r"\.(jpg|png|webp|gif|tiff|heic|avif)$", name))
        flags = (*LONG, "--formats", FORMATS)
        with Daemon(*flags) as usual, Daemon(*flags, *APART) as apart:
            for name in names:
                answers = [daemon.send("/v1/analyze" + FAST, photo(name))
                           for daemon in (usual, apart)]
                self.assertEqual(answers[0][0], answers[1][0], name)
                self.assertEqual(*(without_times(body)
                                   for _, _, body in answers), name)
            for kind in ("image/png", "image/webp"):
                self.assertEqual(*(daemon.ask(
                    "POST", "/v1/analyze" + FAST, photo(), {"Accept": kind})[2]
                    for daemon in (usual, apart)))

    def test_told(self):
        for flags, held in ((APART, True),
                            (("--isolate-decoders", "off"), False)):
            with Daemon(*flags) as daemon:
                info = json.loads(daemon.ask("GET", "/v1/info")[2])
                self.assertEqual(info["seals"]["decoders"], held)
                self.assertTrue(daemon.says(
                    "decoders; not sealed" if held else "not sealed: "))
                self.assertEqual(len(children(daemon.process.pid)), held)

    @unittest.skipUnless(IS_SEALED, "a sanitizer's daemon")
    def test_sealed(self):
        """The nursery's seals, which decoders inherit; the unit suite `seal`
        tries them."""
        with Daemon(*APART) as daemon:
            pid = nursery(daemon)
            self.assertTrue(wait_for(lambda: os.path.basename(
                os.readlink(f"/proc/{pid}/fd/0")) == "null"))
            self.assertEqual(daemon.analyze(photo(), FAST)[0], 200)
            said = status(pid)
            self.assertEqual((said["Name"], said["NoNewPrivs"],
                              said["Seccomp"], said["Threads"]),
                             ("aha-nursery", "1", "2", "1"))
            self.assertEqual(resource.prlimit(pid, resource.RLIMIT_CORE),
                             (0, 0))
            self.assertLess(resource.prlimit(pid, resource.RLIMIT_DATA)[1],
                            3 << 30)
            open_files = [os.readlink(f"/proc/{pid}/fd/{fd}")
                          for fd in range(4)]
            self.assertEqual(open_files[:3], ["/dev/null"] * 3)
            self.assertTrue(open_files[3].startswith("socket:"))
            self.assertEqual(len(os.listdir(f"/proc/{pid}/fd")), 4)

    def test_a_killed_decoder(self):
        """Its photo is refused, the others are answered right."""
        body = long_photo()
        with Daemon(*APART, *LONG, "--workers", "2") as daemon:
            right = without_times(daemon.analyze(photo(), FAST)[2])
            pid = nursery(daemon)
            asking = Asking(daemon, body)
            while asking.is_alive():
                for child in children(pid):
                    os.kill(child, signal.SIGSEGV)
                time.sleep(0.001)
            asking.join()
            problem = self.problem(asking.answer, 422, "image_decode_failed")
            self.assertEqual(problem["detail"],
                             "The image of format png broke its decoder.")
            self.assertTrue(daemon.says(
                f"request {problem['request_id']}: {problem['detail']}"))
            self.assertEqual(nursery(daemon), pid)
            for _ in range(3):
                self.assertEqual(
                    without_times(daemon.analyze(photo(), FAST)[2]), right)

    def test_too_long(self):
        """A decoder is ended at the deadline, as no thread could be."""
        with Daemon(*APART, "--request-timeout-ms", "100") as daemon:
            body = long_photo()
            # On a busy machine it may have waited as long for a worker.
            self.assertTrue(wait_for(lambda: self.problem(
                daemon.analyze(body), 504, "deadline_exceeded")["detail"] ==
                "The image takes longer to decode than 100 ms."))
            self.assertTrue(wait_for(lambda: not children(nursery(daemon))))

    def test_a_lost_nursery(self):
        """The daemon ends, to be started anew."""
        daemon = Daemon(*APART)
        self.addCleanup(daemon.__exit__, "it ended itself")
        os.kill(nursery(daemon), signal.SIGKILL)
        self.assertEqual(daemon._end(), DIED)
        self.assertIn("the process that starts decoders has ended",
                      [line["message"] for line in daemon.log()])

    def test_a_stop_of_all(self):
        """Service managers tell every process; what is under way is answered,
        and nobody is left."""
        with Daemon(*APART, *LONG) as daemon:
            pid = nursery(daemon)
            asking = Asking(daemon, photo())
            self.assertTrue(daemon.reaches("http_server_active_requests", 1))
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGINT)
            self.assertEqual(daemon.stop(), 0)
            asking.join()
            self.assertEqual(asking.answer[0], 200)
            self.assertTrue(wait_for(lambda: not exists(pid)))

    def test_a_stuck_photo(self):
        """No photo holds up a stop for longer than is said."""
        # Its threads are left where they are, a sanitizer would say.
        options = os.environ.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0"
        with Daemon(*APART, *LONG, "--grace-period-s", "1",
                    TSAN_OPTIONS=options) as daemon:
            pid = nursery(daemon)
            os.kill(pid, signal.SIGSTOP)
            asking = Asking(daemon, photo())
            self.assertTrue(daemon.reaches("aha_workers_busy", 1))
            begin = time.monotonic()
            daemon.process.send_signal(signal.SIGTERM)
            ended = daemon.process.wait(PATIENCE_S)
            took_s = time.monotonic() - begin
            os.kill(pid, signal.SIGKILL)  # it may hold the log open
            asking.join()
            self.assertEqual(ended, 0, "".join(daemon.lines[-60:]))
            self.assertTrue(daemon.says("stopped in the middle of a photo"))
            self.assertGreater(took_s, LAST_WORK_S)
            self.assertLess(took_s, 3 * LAST_WORK_S)

    def test_a_killed_daemon(self):
        """Takes its nursery with it."""
        daemon = Daemon(*APART)
        self.addCleanup(daemon.__exit__, "it was killed")
        pid = nursery(daemon)
        daemon.process.kill()
        self.assertTrue(wait_for(lambda: not exists(pid)))
