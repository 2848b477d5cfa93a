# SPDX-License-Identifier: MIT
"""What it costs to decode every photo in a process of its own.

    python3 -m bench.isolation  # `make bench-isolation`, which prepares it

wrk asks two daemons in turn, as fast as they answer, one with
`--isolate-decoders on`, the other without, for portraits of more and more
megapixels. A ratio is the median over rounds.
"""

import argparse
import copy
import statistics
import tempfile

from bench import cost, daemon
from bench.peers import table
from tests.http.daemon import Daemon

MEGAPIXELS = (.3, 2, 12)
APART, HERE = "on", "off"


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of a turn (5)")
    table.add_write(parser)
    return parser.parse_args()


def race_of(daemons, photo, options):
    """{way: [photos a second, one a round]}"""
    asked = copy.copy(options)
    asked.photo = photo
    rates = {way: [] for way in daemons}
    for _ in range(options.rounds):
        for way, asked_of in daemons.items():
            rates[way].append(daemon.closed_loop(asked_of, asked)[0])
    return rates


def row(megapixels, rates):
    return [megapixels,
            *(f"{statistics.median(rates[way]):.1f}" for way in (HERE, APART)),
            f"{daemon.share_of(rates, APART, HERE):.3f}"]


def start(way, options):
    return Daemon("--workers", str(options.workers), "--request-timeout-ms",
                  "60000", "--max-source-bytes", "104857600",
                  "--isolate-decoders", way)


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder, \
            start(HERE, options) as here, start(APART, options) as apart:
        studio = cost.Studio(folder)
        rows = [row(size, race_of({HERE: here, APART: apart},
                                  studio.portrait(f"{size}", size), options))
                for size in MEGAPIXELS]
    table.publish("bench-isolation", [
        f"{table.today()}; portraits, {options.workers} workers; "
        f"{options.rounds} rounds of turns of {options.seconds} s.",
        table.markdown(["megapixels", "photos a second", "isolated", "share"],
                       rows)], options.write)


if __name__ == "__main__":
    main()
