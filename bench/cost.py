# SPDX-License-Identifier: MIT
"""What a photo costs, by stage: more faces, more pixels.

    python3 -m bench.cost       # `make bench`, which prepares all it needs

The photos are made
from one portrait by libvips: sheets of tiles, some of them the portrait and
the others grain, in which nothing is found; the portrait enlarged; and one face
that stays small while the sheet grows, for which all of it must be decoded. One
thread analyses them in turn, round after round, without HTTP; a figure is the
median over rounds.
"""

import argparse
import itertools
import statistics
import subprocess
import tempfile
from pathlib import Path

from bench.peers import race, table

STAGES = ("decode", "detect", "align", "infer", "total")
PORTRAIT = (75, 0, 300, 300)  # left, top, width, height, px, of the photo
GRAIN = 10  # standard deviation of a grey 128
FACES = (1, 4, 16)
SHEET = (5, 4.2)  # tiles a side, megapixels
MEGAPIXELS = (.3, 2, 12, 48)
AROUND = {2: 3, 12: 6, 48: 12}  # tiles a side of so many, one with a face
NOISE = 1.1  # growth beyond the work's that may be chance


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=race.ROOT / "build/release")
    parser.add_argument("--models", type=Path, default=race.ROOT / "models")
    parser.add_argument("--rounds", type=int, default=15)
    table.add_write(parser)
    return parser.parse_args()


def side_of(megapixels):
    return round((megapixels * 1e6) ** .5)


class Studio:
    """Makes the photos in a folder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.vips("crop", race.ROOT / "tests/data/astronaut.jpg", "face.v",
                  *PORTRAIT)
        self.vips("gaussnoise", "noise.v", *PORTRAIT[2:], "--mean", 128,
                  "--sigma", GRAIN, "--seed", 1)
        self.vips("cast", "noise.v", "grey.v", "uchar")
        self.vips("bandjoin", "grey.v grey.v grey.v", "bands.v")
        self.vips("copy", "bands.v", "grain.v", "--interpretation", "srgb")

    def vips(self, *words):
        subprocess.run(["vips", *map(str, words)], cwd=self.folder, check=True)

    def enlarge(self, name, to, side):
        self.vips("resize", name, to, side / PORTRAIT[2])

    def sheet(self, name, across, megapixels, n_faces):
        """`across` x `across` tiles, faces in the last ones."""
        tiles = ["grain"] * (across * across - n_faces) + ["face"] * n_faces
        for tile in set(tiles):
            self.enlarge(f"{tile}.v", f"{tile}-sized.v",
                         side_of(megapixels) // across)
        self.vips("arrayjoin", " ".join(f"{t}-sized.v" for t in tiles),
                  f"{name}.jpg[Q=90]", "--across", across)
        return self.folder / f"{name}.jpg"

    def portrait(self, name, megapixels):
        self.enlarge("face.v", f"{name}.jpg[Q=90]", side_of(megapixels))
        return self.folder / f"{name}.jpg"

    def series(self):
        """{what grows: {work: photo}}"""
        return {
            "sheet": {n: self.sheet(f"sheet {n}", *SHEET, n) for n in FACES},
            "portrait": {mp: self.portrait(f"portrait {mp}", mp)
                         for mp in MEGAPIXELS},
            "small face": {mp: self.sheet(f"small {mp}", across, mp, 1)
                           for mp, across in AROUND.items()},
        }


def size_of(photo):
    """In megapixels."""
    sides = [int(subprocess.run(["vipsheader", "-f", side, photo], check=True,
                                capture_output=True, text=True).stdout)
             for side in ("width", "height")]
    return sides[0] * sides[1] / 1e6


def measure(process, photos, rounds):
    """{photo: (faces found, {stage: median ms})}"""
    found, runs = {}, {photo: [] for photo in photos}
    for i in range(rounds + 1):
        for photo in photos:
            process.ask(f"open {photo}")
            words = process.ask("stages").split()
            found[photo] = int(words[0])
            if i > 0:  # the first to warm up
                runs[photo].append([float(word) for word in words[1:]])
    return {photo: (found[photo], dict(zip(STAGES, map(statistics.median,
                                                       zip(*rows)))))
            for photo, rows in runs.items()}


def rows(series, costs):
    for name, photos in series.items():
        for photo in photos.values():
            faces, ms = costs[photo]
            size = size_of(photo)
            yield [name, f"{size:.1f}", faces,
                   *(f"{ms[stage]:.1f}" for stage in STAGES),
                   f"{ms['total'] / faces:.1f}" if faces else "",
                   f"{ms['total'] / size:.1f}"]


def growths(series, costs):
    """{(series, stage, work before, work after): growth of its time over that
    of the work}"""
    return {(name, stage, a, b):
            costs[photos[b]][1][stage] / costs[photos[a]][1][stage] / (b / a)
            for name, photos in series.items()
            for a, b in itertools.pairwise(photos) for stage in STAGES}


def verdict(growth):
    """A sentence on the steepest step of whole photos, one on that of stages."""
    steps = [max((item for item in growth.items()
                  if (item[0][1] == "total") == is_whole),
                 key=lambda item: item[1]) for is_whole in (True, False)]
    (name, _, a, b), most = steps[0]
    says = "no faster than" if most <= NOISE else "FASTER than"
    text = (f"A photo's cost grows {says} the work: from one row to the next "
            f"by at most **{most:.2f}** of the growth in faces or pixels "
            f"({name} {a:g} to {b:g}).")
    (name, stage, a, b), most = steps[1]
    return (f"{text} The steepest stage: {stage}, {most:.2f} ({name} {a:g} to "
            f"{b:g}).")


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        series = Studio(folder).series()
        photos = [p for group in series.values() for p in group.values()]
        process = race.Process([options.build / "bench/photo",
                                options.models.resolve()])
        costs = measure(process, photos, options.rounds)
        process.stop()
        body = table.markdown(
            ["photo", "megapixels", "faces", *(f"{s} ms" for s in STAGES),
             "ms a face", "ms a megapixel"], list(rows(series, costs)))
    about = (f"{table.today()}; kernels and OpenBLAS {process.version}; "
             f"median of {options.rounds} rounds, one thread, by wall clock.")
    table.publish("bench", [about, body, verdict(growths(series, costs))],
                  options.write)


if __name__ == "__main__":
    main()
