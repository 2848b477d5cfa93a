# SPDX-License-Identifier: MIT
"""Mixed traffic with reloads: memory and descriptors stay flat, every answer
is the expected bytes.

    python3 -m tests.torture.soak --minutes 60
"""

import argparse
import json
import random
import statistics
import sys
import threading
import time

from tests.http.daemon import (CHANGING, FAST, LONG, Daemon, multipart,
                               photo)

WARM_UP = 0.2          # share of the time, before memory is looked at
MAX_SLOPE = 1 << 20    # bytes an hour, from an hour on
MEMORY = "process_resident_memory_bytes"
LOOK_S = 1
RELOAD_S = 20
CLIENTS = 3


def fixed(value):
    """JSON without what changes."""
    if isinstance(value, dict):
        return {k: fixed(v) for k, v in value.items() if k not in CHANGING}
    if isinstance(value, list):
        return [fixed(v) for v in value]
    return value


def stable(answer):
    """What of an answer must be the same every time."""
    status, headers, body = answer
    kind = headers["Content-Type"]
    if "json" not in kind:
        return status, kind, body
    lines = [fixed(json.loads(line)) for line in body.splitlines()]
    # A stream's lines come as they finish.
    return status, kind, sorted(lines, key=json.dumps)


def requests():
    """{name: (method, path, body, headers)}"""
    jpeg = {"Content-Type": "image/jpeg"}
    portrait, small = photo(), photo("rgb.png")
    form, kind = multipart([("file", "a.jpg", portrait),
                            ("file", "b.png", small),
                            ("file", "c.jpg", portrait[:5000])])
    form_type = {"Content-Type": kind}
    tensor = json.dumps({"inputs": [
        {"name": "face", "datatype": "FP32", "shape": [2, 1, 48, 48],
         "data": [i % 48 / 48 for i in range(2 * 48 * 48)]}]})
    return {
        "analyze": ("POST", "/v1/analyze" + FAST, portrait, jpeg),
        "picture": ("POST", "/v1/analyze" + FAST, portrait,
                    {**jpeg, "Accept": "image/png"}),
        "detect": ("POST", "/v1/detect" + FAST, portrait, jpeg),
        "no face": ("POST", "/v1/analyze", small, {}),
        "broken": ("POST", "/v1/analyze", portrait[:9000], jpeg),
        "bad option": ("POST", "/v1/analyze?top_k=x", small, {}),
        "batch": ("POST", "/v1/batch" + FAST, form, form_type),
        "stream": ("POST", "/v1/batch" + FAST, form,
                   {**form_type, "Accept": "application/x-ndjson"}),
        "infer": ("POST", "/v2/models/AHA/infer", tensor, {}),
        "info": ("GET", "/v1/info", None, {}),
        "page": ("GET", "/", None, {}),
        "missing": ("GET", "/nothing", None, {}),
    }


class Traffic:
    """Clients that ask at random and compare."""

    def __init__(self, daemon, until):
        self.daemon, self.until = daemon, until
        self.requests = requests()
        self.expected = {name: stable(daemon.ask(*request))
                         for name, request in self.requests.items()}
        self.n_answers, self.wrong = 0, []
        self.may_ask = threading.Event()
        self.may_ask.set()
        self.lock = threading.Lock()

    def run(self, seed):
        draw = random.Random(seed)
        names = list(self.requests)
        while time.monotonic() < self.until and not self.wrong:
            name = draw.choice(names)
            self.may_ask.wait()
            try:
                got = stable(self.daemon.ask(*self.requests[name]))
            except Exception as error:  # of any kind: it is no answer
                got = repr(error)
            with self.lock:
                self.n_answers += 1
                if got != self.expected[name]:
                    self.wrong.append((name, str(got)[:400]))

    def pause(self):
        """The metrics once nothing is under way: what is kept, not what is
        in use."""
        self.may_ask.clear()
        if not self.daemon.reaches("http_server_active_requests", 0):
            self.wrong.append(("pause", "requests that do not end"))
        now = self.daemon.metrics()
        self.may_ask.set()
        return now


def slope(samples):
    """Bytes an hour of [(seconds, bytes), ...], by least squares."""
    if len(samples) < 2:
        return 0.0
    seconds, memory = zip(*samples)
    return 3600 * statistics.linear_regression(seconds, memory).slope


def soak(minutes):
    seconds = minutes * 60
    with Daemon(*LONG, "--workers", "2") as daemon:
        began = time.monotonic()
        traffic = Traffic(daemon, began + seconds)
        clients = [threading.Thread(target=traffic.run, args=(seed,))
                   for seed in range(CLIENTS)]
        for client in clients:
            client.start()
        samples, n_reloads, most = [], 0, 0
        while any(client.is_alive() for client in clients):
            time.sleep(LOOK_S)
            passed = time.monotonic() - began
            most = max(most, daemon.metrics()[MEMORY])
            if passed / RELOAD_S < n_reloads + 1:
                continue
            now = traffic.pause()
            samples.append((passed, now[MEMORY], now["process_open_fds"]))
            status, _, body = daemon.admin("POST", "/admin/reload")
            if status != 200:
                traffic.wrong.append(("reload", body))
            n_reloads += 1
            if n_reloads % 3 == 0:
                print(f"{passed / 60:5.1f} min: {traffic.n_answers} answers, "
                      f"{now[MEMORY] / 1e6:.2f} MB at rest, "
                      f"{most / 1e6:.1f} at most, {samples[-1][2]:.0f} files",
                      flush=True)
    warm = [one for one in samples if one[0] > WARM_UP * seconds]
    by_hour = slope([one[:2] for one in warm])
    files = [one[2] for one in warm] or [0]
    for name, got in traffic.wrong[:3]:
        print(f"wrong: {name}: {got}", file=sys.stderr)
    print(f"soak: {traffic.n_answers} answers, {n_reloads} reloads, "
          f"{len(traffic.wrong)} wrong; at rest {by_hour / 1e6:+.2f} MB an "
          f"hour, files {min(files):.0f} to {max(files):.0f}")
    # Over minutes a slope says little: the noise of pages, once.
    grown = by_hour * min(1, minutes / 60)
    limit = MAX_SLOPE if minutes >= 60 else 4 * MAX_SLOPE
    return not traffic.wrong and grown < limit and \
        max(files) - min(files) <= CLIENTS


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=60)
    sys.exit(0 if soak(parser.parse_args().minutes) else 1)


if __name__ == "__main__":
    main()
