#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Convolution by convolution against oneDNN, each inside its whole network.

Both networks time every convolution, with its bias, sum and activation, while
they answer faces in turn, one thread; those of one shape are added up, whatever
their region. What is not convolved does not count here.
"""

import argparse
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from bench.peers import race, table  # noqa: E402

BATCHES = (1, 8)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--data", type=Path, default=ROOT / "build/peers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1, help="of a turn")
    table.add_write(parser)
    return parser.parse_args()


def parse(text):
    """{shape: microseconds a face} of what a contender printed."""
    found = defaultdict(float)
    for line in text.splitlines():
        word, *shape = line.split()
        if word == "layer":
            time = shape.pop()
            found[tuple(map(int, shape))] += float(time)
    return dict(found)


def take_turn(command, batch, seconds):
    done = subprocess.run(
        [str(word) for word in command], cwd=ROOT, env=race.environment(),
        text=True, input=f"race {batch} 1 {seconds}\n", capture_output=True,
        check=True)
    return parse(done.stdout)


def compare(ours, theirs):
    """{shape: (our time, theirs over ours)}, medians of the rounds.

    The attention's convolution is ours alone: that of the peer is no primitive.
    """
    return {shape: (
        statistics.median(turn[shape] for turn in ours),
        statistics.median(b[shape] / a[shape] for a, b in zip(ours, theirs)))
        for shape in ours[0] if shape in theirs[0]}


def name(shape):
    inputs, outputs, kernel, stride, height, width = shape
    step = f", stride {stride}" if stride > 1 else ""
    return (f"{kernel} x {kernel}, {inputs} to {outputs}{step}, "
            f"{height} x {width}")


def measure(options):
    """{batch: compare()}."""
    commands = race.commands(options, race.WHOLE)
    ours = [options.build / "bench/layers", *commands[table.OURS][1:]]
    theirs = [*commands["oneDNN"], "layers"]
    found = {}
    for batch in BATCHES:
        turns = [], []
        for _ in range(options.rounds):
            for command, into in zip((ours, theirs), turns):
                into.append(take_turn(command, batch, options.seconds))
        found[batch] = compare(*turns)
    return found


def report(found, options):
    rows = [[name(shape)] + [
        word for batch in BATCHES
        for word in (f"{found[batch][shape][0]:.1f}",
                     f"{found[batch][shape][1]:.2f}")]
        for shape in found[BATCHES[0]]]
    ratio, shape, batch = min((found[batch][shape][1], shape, batch)
                              for batch in BATCHES for shape in found[batch])
    head = ["output of the convolution"]
    for batch in BATCHES:
        head += [f"us a face, batch {batch}", "oneDNN's over it"]
    return [f"{table.today()}; {options.rounds} rounds of turns of "
            f"{options.seconds:g} s, one thread. Worst: **{ratio:.2f}** "
            f"({name(shape)}, batch {batch}).", table.markdown(head, rows)]


def main():
    options = arguments()
    options.modules = None
    table.publish("bench-layers", report(measure(options), options),
                  options.write)


if __name__ == "__main__":
    main()
