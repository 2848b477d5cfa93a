#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The expression network against other runtimes, on the same weights.

`make bench-peers` prepares all that is needed and runs this. Every contender
is a process that first has to give the answers of the C engine, within 1e-3.
The network in bytes (int8) races those that have a form of it, and the fastest
of the others in floats.
Then they take turns, round after round: a short time each, in a fixed order,
so that whatever else the machine does meets all alike. A result is the median
over rounds of our faces a second over the peer's in the same round.

Two threads of ours are two sessions with half of the batch each, as in the
daemon. Peers use two threads in both ways there are, within a call and as two
processes beside each other with half of the batch each; the better one counts.
"""

import argparse
import array
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from bench.peers import table  # noqa: E402

WHOLE, INT8 = "whole", "int8"
NETS = (WHOLE, "face", "left_eye", "right_eye", "nose", "mouth",
        "upper_face", "lower_face", INT8)
CELLS = [(batch, threads) for threads in (1, 2) for batch in (1, 8, 32)]
TOLERANCE = 1e-3
INT8_TOLERANCE = 1  # logits: each rounds where it finds it best
OURS = (table.OURS, "")
CLOCKS = {"wall": "wall clock", "cpu": "processor time of each thread"}


def add_clock(parser):
    parser.add_argument("--clock", choices=CLOCKS, default="wall",
                        help="cpu where other work runs on the machine")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--data", type=Path, default=ROOT / "build/peers",
                        help="what training.export_onnx wrote")
    parser.add_argument("--modules", type=Path, default=ROOT / "build/bench",
                        help="folder with node_modules")
    parser.add_argument("--nets", nargs="+", default=NETS, choices=NETS)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3,
                        help="of a turn, at least (0.3)")
    add_clock(parser)
    table.add_write(parser)
    return parser.parse_args()


class Process:
    """One contender, obeying a line at a time."""

    def __init__(self, command):
        self.command = [str(word) for word in command]
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, text=True, env=environment(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.version = self.answer().partition("ready ")[2]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"ended too soon: {' '.join(self.command)}")
        return line.strip()

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, line):
        self.say(line)
        return self.answer()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(120)


def environment():
    """Each peer at its best: libraries that do not know a new processor."""
    env = dict(os.environ)
    flags = Path("/proc/cpuinfo").read_text().split()
    if "avx512vl" in flags:
        env.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
        env.setdefault("ATEN_CPU_CAPABILITY", "avx512")
    # A thread that spins where another process runs only burns time.
    env.setdefault("GOMP_SPINCOUNT", "1000")
    return env


def commands(options, net):
    """{contender: command}; ours first, since it writes the crops."""
    path, here = options.data / net, ROOT / "bench/peers"
    crops = f"{path}.crops"
    found = {
        table.OURS: [options.build / "bench/network", ROOT / "models",
                     f"{path}.safetensors", ROOT / "tests/data/astronaut.jpg",
                     crops],
        "ONNX Runtime": ["node", here / "ort_peer.mjs", path, crops,
                         options.modules],
        "oneDNN": [options.build / "bench/onednn", path, crops],
    }
    if net == INT8:
        return dict(found, **{"oneDNN in floats": [
            options.build / "bench/onednn", options.data / WHOLE, crops]})
    return dict(found, **{
        "PyTorch": [sys.executable, here / "torch_peer.py", path, crops],
        "OpenCV": [sys.executable, here / "opencv_peer.py", path, crops],
    })


def read_answers(process, path):
    process.ask(f"check {path}")
    answers = array.array("f")
    answers.frombytes(Path(path).read_bytes())
    return answers


def check(processes, path, tolerance):
    """The largest difference from ours; refuses to go on above `tolerance`."""
    ours, most = read_answers(processes[table.OURS][0], path), 0
    for name, (process, *_) in processes.items():
        theirs = read_answers(process, path)
        apart = max(abs(a - b) for a, b in zip(ours, theirs))
        if len(ours) != len(theirs) or not apart <= tolerance:
            raise SystemExit(f"{name} does not answer as AHA does: {apart}")
        most = max(most, apart)
    return most


def ways(processes, batch, threads, clock):
    """{contender and way: [(process, line to say, less the seconds)]}.

    Processor time cannot tell how well threads share a call, since those that
    wait take none: by it, peers run beside each other only.
    """
    turns = {OURS: [(processes[table.OURS][0], f"race {batch} {threads}")]}
    for name, pair in processes.items():
        if name == table.OURS:
            continue
        if threads == 1 or clock == "wall":
            turns[name, "within"] = [(pair[0], f"race {batch} {threads}")]
        if threads == 2:
            line = f"race {max(batch // 2, 1)} 1"
            turns[name, "beside"] = [(process, line) for process in pair]
    return turns


def take_turn(turn, seconds, clock):
    """Faces a second of all processes of one turn, at once."""
    for process, line in turn:
        process.say(f"{line} {seconds}")
    return sum(float(process.answer().split()[clock])
               for process, _ in turn)


def race_cell(processes, batch, threads, options):
    """{contender and way: [faces a second, one a round]}."""
    turns = ways(processes, batch, threads, options.clock)
    clock = list(CLOCKS).index(options.clock)
    for turn in turns.values():
        take_turn(turn, 0, clock)  # to warm up
    rates = {who: [] for who in turns}
    for _ in range(options.rounds):
        for who, turn in turns.items():
            rates[who].append(take_turn(turn, options.seconds, clock))
    return rates


def race_net(net, options):
    """({(net, batch, threads): rates}, versions)."""
    processes, cells = {}, {}
    try:
        for name, command in commands(options, net).items():
            n = 1 if name == table.OURS else 2
            processes[name] = [Process(command) for _ in range(n)]
        apart = check(processes, options.data / "answers",
                      INT8_TOLERANCE if net == INT8 else TOLERANCE)
        print(f"{net}: the same answers, within {apart:.0e}", flush=True)
        for batch, threads in CELLS:
            rates = race_cell(processes, batch, threads, options)
            cells[net, batch, threads] = rates
            peer, ratio = table.fastest(table.ratios(rates))
            print(f"  batch {batch:2}, {threads} thread(s): {ratio:.2f} x "
                  f"{peer}", flush=True)
        versions = {k: v[0].version for k, v in processes.items()}
    finally:
        for pair in processes.values():
            for process in pair:
                process.stop()
    return cells, versions


def peer_table(cells):
    """One row a cell of one network: our ratio to every peer."""
    rows = []
    peers = list(table.ratios(next(iter(cells.values()))))
    for (_, batch, threads), rates in cells.items():
        ratio = table.ratios(rates)
        hardest, _ = table.fastest(ratio)
        ms = 1e3 * threads / statistics.median(rates[OURS])
        rows.append([batch, threads, f"{ms:.1f}"] + [
            f"**{ratio[p]:.2f}**" if p == hardest else f"{ratio[p]:.2f}"
            for p in peers])
    return table.markdown(
        ["batch", "threads", "AHA, ms a face and thread", *peers], rows)


def region_table(cells):
    """One row a network: our ratio to the fastest peer of each cell."""
    nets = list(dict.fromkeys(net for net, _, _ in cells))
    rows = []
    for net in nets:
        best = [table.fastest(table.ratios(cells[net, b, t]))
                for b, t in CELLS]
        rows.append([net] + [f"{ratio:.2f} {peer}" for peer, ratio in best])
    return table.markdown(
        ["network"] + [f"{b} x {t} thread{'s' * (t > 1)}" for b, t in CELLS],
        rows)


def report(cells, versions, options):
    """The section of SPEED.md."""
    of = {net: {k: v for k, v in cells.items() if k[0] == net}
          for net in options.nets}
    floats = {k: v for k, v in cells.items() if k[0] != INT8} or cells
    (net, batch, threads), peer, ratio = table.worst(
        {k: table.ratios(v) for k, v in floats.items()})
    peers = ", ".join(f"{k} {v}" for k, v in versions.items()
                      if k != table.OURS)
    tables = [region_table(floats)]
    if WHOLE in of:
        tables.insert(0, peer_table(of[WHOLE]))
    if INT8 in of:
        tables += ["In bytes, the whole network:", peer_table(of[INT8])]
    return [
        f"{table.today()}; kernels and OpenBLAS "
        f"{versions[table.OURS]}; {peers}; {options.rounds} rounds of turns of "
        f"{options.seconds} s, by {CLOCKS[options.clock]}. Worst cell: "
        f"**{ratio:.2f}** ({net}, batch {batch}, {threads} thread"
        f"{'s' * (threads > 1)}, {peer}).", *tables]


def main():
    options = arguments()
    cells, versions = {}, {}
    for net in options.nets:
        some, versions = race_net(net, options)
        cells.update(some)
    table.publish("bench-peers", report(cells, versions, options),
                  options.write)


if __name__ == "__main__":
    main()
