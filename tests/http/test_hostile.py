# SPDX-License-Identifier: MIT
"""Every request of tests/http/hostile.py, and good ones in between."""

import json
import os
import re
import time
import unittest

from tests.http import hostile
from tests.http.daemon import LONG, MODELS, Daemon, photo, without_times
from tests.http.process import is_sanitized, memory
from tests.http.wire import Wire, request

GOOD_EVERY = 50    # cases
PORTRAIT_EVERY = 20  # good requests that are a whole photo, not one plane
MAX_GROWTH = 200 << 20  # bytes of memory, at most held at once
LONGEST_S = 20     # for any case; a few milliseconds are usual
SLACK_S = 5        # a good request may take ten times what it did, and this
# What a library or the kernel says, and what the machine is like.
FOREIGN = re.compile(
    "(?i)vips|libjpeg|spng|libpng|libwebp|jansson|gnutls|seccomp|\\.so\\b|errno"
    "|No such file|Invalid argument|Cannot allocate|Bad file|Input/output"
    "|/(usr|lib|tmp|proc|home|root|var)/|" + re.escape(os.path.abspath(MODELS)))
ID = b"X-Request-ID: good"
PLANE = json.dumps({"id": "good", "inputs": [{
    "name": "face", "datatype": "UINT8", "shape": [1, 1, 16, 16],
    "data": list(range(256))}]}).encode()


class Hostile(unittest.TestCase):
    def good(self, n):
        """A good request, on a connection that bad ones were on or not."""
        if n % PORTRAIT_EVERY == 0:
            data = request(b"POST", b"/v1/analyze?min_face_size=80", ID,
                           body=photo())
        else:
            data = request(b"POST", b"/v2/models/AHA/infer", ID, body=PLANE)
        begin = time.monotonic()
        answer = self.wire.ask(data)
        took_s = time.monotonic() - begin
        self.assertEqual(answer.status, 200, answer.body)
        body = answer.body if n % PORTRAIT_EVERY else without_times(
            json.loads(answer.body))
        return body, took_s

    def reconnect(self):
        self.wire.socket.close()
        self.wire = Wire(self.daemon)

    def bad(self, case):
        """What went wrong with a case, or None."""
        begin = time.monotonic()
        try:
            self.wire.send(case.data)
        except ConnectionError:
            pass  # the answer may be there all the same
        try:
            answer = self.wire.answer()
        except (EOFError, OSError, ValueError) as error:
            self.reconnect()
            return f"{case.name}: {type(error).__name__} {error}"
        if time.monotonic() - begin > LONGEST_S:
            return f"{case.name}: {time.monotonic() - begin:.1f} s"
        got = (answer.status, answer.code)
        if answer.is_last:
            self.reconnect()
        if got not in case.allowed:
            return f"{case.name}: {got}, not {case.allowed}"
        if answer.code is not None:
            problem = json.loads(answer.body)
            if (problem["status"], problem["request_id"]) != (
                    answer.status, answer.headers["x-request-id"]):
                return f"{case.name}: {problem}"
            if FOREIGN.search(problem["title"] + problem["detail"]):
                return f"{case.name}: says {problem['detail']}"
        return None

    def check(self, cases, least, *flags):
        with Daemon(*LONG, "--body-timeout-s", "120", *flags) as self.daemon:
            self.wire = Wire(self.daemon)
            self.addCleanup(lambda: self.wire.socket.close())
            wanted = [self.good(n) for n in range(2)]
            first = memory(self.daemon, "VmRSS")
            wrong, late, n = [], 0, 0
            for n, case in enumerate(cases):
                wrong.append(self.bad(case))
                if n % GOOD_EVERY == 0:
                    k = n // GOOD_EVERY
                    body, took_s = self.good(k)
                    expected, usual_s = wanted[0 if k % PORTRAIT_EVERY == 0
                                               else 1]
                    self.assertEqual(body, expected, case.name)
                    late += took_s > 10 * usual_s + SLACK_S
            wrong = [text for text in wrong if text]
            self.assertEqual(wrong, [], f"{len(wrong)} of {n + 1}")
            self.assertGreaterEqual(n + 1, least)
            self.assertEqual(late, 0)
            if not is_sanitized(self.daemon):
                self.assertLess(memory(self.daemon, "VmHWM") - first,
                                MAX_GROWTH)
            self.wire.socket.close()
            self.assertEqual(self.daemon.admin("GET", "/livez")[0], 200)
            self.assertTrue(self.daemon.reaches("aha_upload_bytes", 0))
            self.assertTrue(self.daemon.reaches("http_server_active_requests",
                                                0))
            self.assertEqual(self.daemon.stop(), 0,
                             "".join(self.daemon.lines[-60:]))
            log = self.daemon.log()
        self.assertEqual({line["level"] for line in log}, {"info"})
        self.assertNotIn("internal", {line.get("code") for line in log})
        self.assertNotIn(0, {line.get("status") for line in log})

    def test_usual(self):
        self.check(hostile.usual_cases(), 9000)

    def test_other_formats(self):
        self.check(hostile.other_cases(), 4000, "--formats",
                   "jpeg,png,webp,gif,tiff,heif,avif")


if __name__ == "__main__":
    unittest.main()
