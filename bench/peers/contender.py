# SPDX-License-Identifier: MIT
"""What the contenders written in Python share: faces in, commands, a clock.

A contender is a process that obeys lines on standard input, as
bench/network.c describes: `check FILE` and `race BATCH THREADS SECONDS`.
"""

import sys
import time

import numpy as np

N_FACES = 32


def read_crops(path, config):
    """{region: [N_FACES, 1, H, W]} of a file of bench/network.c."""
    rows = np.fromfile(path, "<f4").reshape(N_FACES, -1)
    crops, at = {}, 0
    for region in config["regions"]:
        _, height, width = region["graph"]["input"]
        size = height * width
        crops[region["name"]] = np.ascontiguousarray(
            rows[:, at:at + size].reshape(N_FACES, 1, height, width))
        at += size
    assert at == rows.shape[1]
    return crops


def race(call, batch, threads, seconds):
    """Faces a second, by wall clock and by processor time of each thread.

    `call` answers `batch` faces.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    end = wall + seconds
    calls, now = 0, wall
    while not calls or now < end:
        call()
        calls += 1
        now = time.perf_counter()
    faces = calls * batch
    return (faces / (now - wall),
            faces * threads / (time.process_time() - cpu))


def serve(version, prepare):
    """Obey until standard input ends.

    `prepare(batch, threads)` is a function that answers the first `batch`
    faces by so many threads: (logits, probabilities), arrays.
    """
    print("ready", version, flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "check":
            answers = np.concatenate(prepare(N_FACES, 1)(), 1)
            answers.astype("<f4").tofile(words[1])
            print("ok", flush=True)
        else:
            batch, threads = int(words[1]), int(words[2])
            call = prepare(batch, threads)
            print(*race(call, batch, threads, float(words[3])), flush=True)
