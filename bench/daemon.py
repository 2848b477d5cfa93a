# SPDX-License-Identifier: MIT
"""What HTTP costs, and what the daemon does under more and more load.

    python3 -m bench.daemon     # `make bench-http`, which prepares all it needs

wrk asks a daemon on loopback as fast as it is answered, over connections that
are kept and over one for each photo, in turn with the bare loop: the same
pipeline on as many threads, without HTTP. What the daemon was found able to
take is then offered in parts and twice, at its time whatever the others do
(`aha bench`), while /readyz and /metrics are asked ten times a second.
"""

import argparse
import json
import statistics
import subprocess
import threading
import time
from pathlib import Path

from bench.peers import race, table
from tests.http.daemon import AHA, MODELS, Daemon

PHOTO = race.ROOT / "tests/data/astronaut.jpg"
BARE, KEPT, CLOSED = ("bare loop", "over HTTP, connections kept",
                      "over HTTP, a connection a photo")
SHARES = (.5, .8, 1, 2)  # of what it can take
DEADLINE_MS = 2000
STARTS = 5
CONNECTIONS = 512  # of the open loop, at most
GOAL_RATIO, GOAL_START_S, GOAL_MB = .95, .3, 150


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path,
                        default=race.ROOT / "build/release")
    parser.add_argument("--photo", type=Path, default=PHOTO)
    parser.add_argument("--workers", type=int, default=2,
                        help="and threads of the bare loop (2)")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=5,
                        help="of a turn (5)")
    parser.add_argument("--load-seconds", type=int, default=10,
                        help="of each load (10)")
    race.add_clock(parser)
    table.add_write(parser)
    return parser.parse_args()


def start(options):
    return Daemon("--workers", str(options.workers))


def start_s(options):
    """Seconds until /readyz says yes."""
    begin = time.monotonic()
    with start(options) as daemon:
        if daemon.admin("GET", "/readyz")[0] != 200:
            raise SystemExit("listens, but is not ready")
        return time.monotonic() - begin


def memory_mb(daemon):
    return daemon.metrics()["process_resident_memory_bytes"] / 1e6


def count(metrics, name):
    """A counter over all its labels."""
    return sum(value for key, value in metrics.items()
               if key.startswith(name))


def counted(daemon):
    """(seconds, photos answered, processor seconds) so far."""
    metrics = daemon.metrics()
    return (time.monotonic(), count(metrics, "aha_images_total"),
            metrics["process_cpu_seconds_total"])


def closed_loop(daemon, options, *flags):
    """Photos a second: by the wall clock, by processor time a worker.

    The daemon's own counts, while wrk is at work: at its end wrk forgets what
    is under way.
    """
    wrk = subprocess.Popen(
        ["wrk", "-t1", f"-c{2 * options.workers}",
         f"-d{options.seconds + 2}s", "--timeout", "60s", *flags, "-s",
         race.ROOT / "bench/wrk/raw.lua", daemon.url, "--", options.photo],
        stdout=subprocess.PIPE, text=True)
    time.sleep(.5)
    before = counted(daemon)
    time.sleep(options.seconds)
    after = counted(daemon)
    said = wrk.communicate()[0]
    if wrk.returncode or "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"not every photo was answered:\n{said}")
    seconds, photos, cpu_s = (b - a for a, b in zip(before, after))
    return photos / seconds, photos * options.workers / cpu_s


def bare_loop(process, options):
    """The same of the pipeline alone."""
    words = process.ask(f"race {options.workers} {options.seconds}").split()
    return float(words[0]), float(words[1])


def take_turns(daemon, options):
    """{way: [photos a second by either clock, one a round]}"""
    bare = race.Process([options.build / "bench/photo", MODELS])
    bare.ask(f"open {options.photo}")
    turns = {
        KEPT: lambda: closed_loop(daemon, options),
        BARE: lambda: bare_loop(bare, options),
        CLOSED: lambda: closed_loop(daemon, options, "-H",
                                    "Connection: close"),
    }
    rates = {way: [] for way in turns}
    for _ in range(options.rounds):
        for way, turn in turns.items():
            rates[way].append(turn())
    bare.stop()
    return rates


class Probes:
    """/readyz and /metrics, ten times a second each; a context manager."""

    def __init__(self, daemon):
        self.daemon, self.ms = daemon, []
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(path,))
                        for path in ("/readyz", "/metrics")]

    def run(self, path):
        while not self.ended.wait(0.1):
            begin = time.monotonic()
            if self.daemon.admin("GET", path)[0] == 200:
                self.ms.append((time.monotonic() - begin) * 1e3)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def p99_ms(self):
        return statistics.quantiles(self.ms, n=100,
                                    method="inclusive")[-1]


def open_loop(daemon, options, rate):
    """({outcome: its figures}, p99 of the probes in ms)"""
    with Probes(daemon) as probes:
        said = subprocess.run(
            [AHA, "bench", "--json", "--rate", f"{rate:.3f}", "--duration",
             str(options.load_seconds), "--connections", str(CONNECTIONS),
             "--header", f"X-Timeout-Ms: {DEADLINE_MS}", daemon.url,
             options.photo],
            capture_output=True, text=True, check=True).stdout
    return json.loads(said)["outcomes"], probes.p99_ms()


def load_row(share, rate, outcomes, probes_ms):
    fine, refused, late = (outcomes.get(name, {"n": 0})
                           for name in ("200", "503", "504"))
    if set(outcomes) - {"200", "503", "504"}:
        raise SystemExit(f"an answer of another kind: {outcomes}")
    return [f"{share:.0%}", f"{rate:.1f}", fine["n"], refused["n"], late["n"],
            *(f"{kind[q]:.0f}" if kind["n"] else ""
              for kind, q in ((fine, "p50_ms"), (fine, "p99_ms"),
                              (refused, "p99_ms"))),
            f"{probes_ms:.0f}"]


def share_of(rates, way, other):
    """The median of the ratios of each round."""
    return statistics.median(a / b for a, b in zip(rates[way], rates[other]))


def share_of_bare(rates, way):
    return share_of(rates, way, BARE)


def goal_rows(ratio, start, memory):
    for what, value, goal, holds in (
            ("photos a second, of the bare loop's", f"{ratio:.3f}",
             f">= {GOAL_RATIO}", ratio >= GOAL_RATIO),
            ("start to ready, s", f"{start:.2f}", f"<= {GOAL_START_S}",
             start <= GOAL_START_S),
            ("resident MB: ready, warm, at the end",
             ", ".join(f"{mb:.0f}" for mb in memory), f"<= {GOAL_MB}",
             max(memory) <= GOAL_MB)):
        yield [what, value, goal, "yes" if holds else "**no**"]


def main():
    options = arguments()
    starts = [start_s(options) for _ in range(STARTS)]
    with start(options) as daemon:
        memory = [memory_mb(daemon)]
        closed_loop(daemon, options)  # to warm up
        memory.append(memory_mb(daemon))
        rates = take_turns(daemon, options)
        capacity = statistics.median(wall for wall, _ in rates[KEPT])
        loads = {share: open_loop(daemon, options, share * capacity)
                 for share in SHARES}
        memory.append(memory_mb(daemon))
    clock = list(race.CLOCKS).index(options.clock)
    rates = {way: [pair[clock] for pair in pairs]
             for way, pairs in rates.items()}
    about = (f"{table.today()}; {options.photo.name}, {options.workers} "
             f"workers; {options.rounds} rounds of turns of {options.seconds} "
             f"s, by {race.CLOCKS[options.clock]}; loads of "
             f"{options.load_seconds} s, deadline {DEADLINE_MS} ms.")
    table.publish("bench-http", [
        about,
        table.markdown(
            ["", "photos a second", "of the bare loop's"],
            [[way, f"{statistics.median(theirs):.1f}",
              f"{share_of_bare(rates, way):.3f}"]
             for way, theirs in rates.items()]),
        table.markdown(
            ["offered", "a second", "answered", "refused", "late", "p50 ms",
             "p99 ms", "p99 ms of a refusal", "/readyz, /metrics p99 ms"],
            [load_row(share, share * capacity, *load)
             for share, load in loads.items()]),
        table.markdown(
            ["goal", "measured", "wanted", "held"],
            list(goal_rows(share_of_bare(rates, KEPT),
                           statistics.median(starts), memory))),
    ], options.write)


if __name__ == "__main__":
    main()
