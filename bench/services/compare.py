#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Photo in, expressions out over HTTP: the daemon and what people use today.

`make bench-services` prepares all that is needed and runs this. Every service
is started on loopback with a process or worker a core, timed until its first
answer, then takes its turn, round after round, in a closed loop of a few
clients. Memory is what its processes hold at the end, shared pages counted
once.
"""

import argparse
import concurrent.futures
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from bench.peers import race, table  # noqa: E402

START_S = 120  # the longest wait for a first answer
TICKS = os.sysconf("SC_CLK_TCK")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--modules", type=Path, default=ROOT / "build/bench")
    parser.add_argument("--network", type=Path,
                        default=ROOT / "build/peers/whole")
    parser.add_argument("--photos", type=Path, nargs="+",
                        default=[ROOT / "tests/data/astronaut.jpg"])
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    race.add_clock(parser)
    table.add_write(parser)
    return parser.parse_args()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def commands(options, port):
    """{service: (command, path of its photo request)}."""
    node = ["node", ROOT / "bench/services/face_api.mjs", port,
            options.workers]
    return {
        table.OURS: ([options.build / "aha", "serve", "--bind", "127.0.0.1",
                      "--port", port, "--admin-port", "0", "--workers",
                      options.workers, "--models", ROOT / "models"],
                     "/v1/analyze"),
        "face-api tiny, Node": ([*node, "tiny", options.modules], "/"),
        "face-api SSD, Node": ([*node, "ssd", options.modules], "/"),
        "OpenCV, FastAPI": ([sys.executable, "-m", "uvicorn", "--port", port,
                             "--workers", options.workers, "--log-level",
                             "error", "bench.services.fastapi_app:app"],
                            "/analyze"),
    }


def family(pid):
    """The process and all that it started."""
    pids = [pid]
    for parent in pids:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            pids += map(int, task.read_text().split())
    return pids


class Service:
    """A running service and its clients."""

    def __init__(self, name, options):
        self.port = free_port()
        command, self.path = commands(options, self.port)[name]
        start = time.monotonic()
        self.process = subprocess.Popen(
            [str(word) for word in command], cwd=ROOT,
            env=dict(race.environment(), NETWORK=str(options.network)),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.photos = [photo.read_bytes() for photo in options.photos]
        self.found = self.first_answer(start + START_S)
        self.start_s = time.monotonic() - start
        self.clients = options.clients
        self.workers = options.workers

    def faces(self, photo):
        """Of one photo, on a connection of its own: whoever is free takes it,
        where a kept connection would belong to one process."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=60)
        connection.request("POST", self.path, photo,
                           {"Content-Type": "image/jpeg"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"{self.path}: {answer.status} {body[:200]}")
        return len(json.loads(body)["faces"])

    def first_answer(self, until):
        while time.monotonic() < until and self.process.poll() is None:
            try:
                return self.faces(self.photos[0])
            except OSError:
                time.sleep(0.01)
        raise SystemExit(f"did not start: {self.process.args}")

    def client(self, until):
        n = 0
        while time.monotonic() < until:
            n += sum(map(self.faces, self.photos))
        return n

    def cpu_s(self):
        ticks = 0
        for pid in family(self.process.pid):
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
            ticks += sum(map(int, words.split()[11:13]))
        return ticks / TICKS

    def rates(self, seconds):
        """Faces a second: by the wall clock, by processor time a worker."""
        cpu, start = self.cpu_s(), time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(self.clients) as pool:
            faces = sum(pool.map(self.client,
                                 [start + seconds] * self.clients))
        return (faces / (time.monotonic() - start),
                faces * self.workers / (self.cpu_s() - cpu))

    def memory_mb(self):
        """Of all its processes; as root, for a sealed one hides its own."""
        kb = 0
        for pid in family(self.process.pid):
            for line in Path(f"/proc/{pid}/smaps_rollup").open():
                if line.startswith("Pss:"):
                    kb += int(line.split()[1])
        return kb / 1024

    def stop(self):
        for pid in reversed(family(self.process.pid)):
            os.kill(pid, 15)
        self.process.wait(30)


def rows(services, rates):
    ours = rates[table.OURS]
    for name, service in services.items():
        theirs = rates[name]
        ratio = statistics.median(a / b for a, b in zip(ours, theirs))
        yield [name, f"{statistics.median(theirs):.1f}", f"{ratio:.2f}",
               f"{service.memory_mb():.0f}", f"{service.start_s:.2f}",
               service.found]


def main():
    options = arguments()
    clock = list(race.CLOCKS).index(options.clock)
    services, rates = {}, {}
    try:
        for name in commands(options, 0):
            services[name] = Service(name, options)
            services[name].rates(1)  # to warm up
            rates[name] = []
        for _ in range(options.rounds):
            for name, service in services.items():
                rates[name].append(service.rates(options.seconds)[clock])
        body = table.markdown(
            ["service", "faces a second", "ours over it", "memory MB",
             "start to first answer, s", "faces found"],
            list(rows(services, rates)))
    finally:
        for service in services.values():
            service.stop()
    about = (f"{table.today()}; "
             f"{', '.join(p.name for p in options.photos)}, "
             f"{options.workers} workers, {options.clients} clients, "
             f"{options.rounds} rounds of turns of {options.seconds} s, "
             f"by "
             f"{race.CLOCKS[options.clock]}.")
    table.publish("bench-services", [about, body], options.write)


if __name__ == "__main__":
    main()
