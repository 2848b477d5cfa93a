"""Build hard cases for a face detector from easy photographs.

  python3 -m training.compare.cases --photos DIR --out build/cases

Takes photographs on which YuNet sees one clear face, makes each worse in a
known way and carries YuNet's box along: out/cases.json holds, by file name,
{"case": name, "faces": [[x, y, w, h], ...]}. The same photographs always give
the same files. YuNet finds all upright faces by construction.
"""

import argparse
import importlib.util
import json
import math
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from . import yunet

N_PHOTOS = 100
CLEAR_SCORE = 0.85
CLEAR_HEIGHT = 80
ANGLES = (-45, -30, 30, 45)  # degrees, positive turns counter-clockwise
HEIGHTS = (60, 40, 24)  # of the face, pixels
CANVAS = (640, 480)
ROW_HEIGHT = 350
GREY = (128, 128, 128)
DARK, DARK_NOISE = 0.08, 2.0  # factor; standard deviation, of 255
COVER_MARGIN = 0.25  # how far past the box a cover reaches, of its size


def is_clear(photo, faces):
    """One face, sure, large and wholly inside the photograph."""
    if len(faces) != 1 or faces[0]["score"] < CLEAR_SCORE:
        return False
    x, y, width, height = faces[0]["box"]
    return (height >= CLEAR_HEIGHT and x >= 0 and y >= 0
            and x + width <= photo.width and y + height <= photo.height)


def astronaut():
    """scikit-image's NASA portrait, where that package is installed."""
    package = importlib.util.find_spec("skimage")
    if not package:
        return []
    path = Path(package.origin).parent / "data" / "astronaut.png"
    return [path] if path.exists() else []


def choose(folder, net):
    """[(name, photo, box)]: of the clear ones, those that show the most
    around the face, since a face that fills its photo is no everyday case."""
    clear = []
    for path in yunet.photographs(folder):
        photo = yunet.open_photo(path)
        faces, _ = net.detect(photo)
        if is_clear(photo, faces):
            box = faces[0]["box"]
            share = box[2] * box[3] / (photo.width * photo.height)
            clear.append((share, path, box))
    chosen = [(path, box) for _, path, box in sorted(clear)[:N_PHOTOS]]
    for path in astronaut():
        faces, _ = net.detect(yunet.open_photo(path))
        chosen.insert(0, (path, faces[0]["box"]))
    return [(path.stem, yunet.open_photo(path), box) for path, box in chosen]


def rotate(photo, box, degrees):
    """Turned about its middle, enlarged to lose nothing.

    The box becomes that of the turned ellipse the old box circumscribes: a
    head is closer to that than to a turned rectangle.
    """
    turned = photo.rotate(degrees, Image.BICUBIC, expand=True, fillcolor=GREY)
    cosine = math.cos(math.radians(degrees))
    sine = math.sin(math.radians(degrees))
    x = box[0] + box[2] / 2 - photo.width / 2
    y = box[1] + box[3] / 2 - photo.height / 2
    width = math.hypot(box[2] * cosine, box[3] * sine)
    height = math.hypot(box[2] * sine, box[3] * cosine)
    return turned, [x * cosine + y * sine + turned.width / 2 - width / 2,
                    y * cosine - x * sine + turned.height / 2 - height / 2,
                    width, height]


def shrink(photo, box, height, random):
    """Scaled until the face has this height, somewhere on a grey canvas."""
    scale = height / box[3]
    small = photo.resize((round(photo.width * scale),
                          round(photo.height * scale)),
                         Image.BICUBIC, reducing_gap=3)
    canvas = Image.new("RGB", CANVAS, GREY)
    left = int(random.integers(0, max(1, CANVAS[0] - small.width)))
    top = int(random.integers(0, max(1, CANVAS[1] - small.height)))
    canvas.paste(small, (left, top))
    return canvas, [left + box[0] * scale, top + box[1] * scale,
                    box[2] * scale, box[3] * scale]


def darken(photo, random):
    """Little light and a sensor's noise."""
    pixels = np.asarray(photo) * DARK
    pixels = pixels + random.normal(0, DARK_NOISE, pixels.shape)
    return Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))


def cover(photo, box, side):
    """A grey patch over one half of the face."""
    x, y, width, height = box
    left, right = x - COVER_MARGIN * width, x + (1 + COVER_MARGIN) * width
    top, bottom = y - COVER_MARGIN * height, y + (1 + COVER_MARGIN) * height
    if side == "upper":
        bottom = y + height / 2
    elif side == "lower":
        top = y + height / 2
    elif side == "left":
        right = x + width / 2
    else:
        left = x + width / 2
    covered = photo.copy()
    covered.paste(GREY, tuple(round(v) for v in (left, top, right, bottom)))
    return covered


def in_a_row(group):
    """Photographs side by side, brought to one height."""
    photos, faces, left = [], [], 0
    for _, photo, box in group:
        scale = ROW_HEIGHT / photo.height
        photo = photo.resize((round(photo.width * scale), ROW_HEIGHT),
                             Image.BICUBIC)
        faces.append([left + box[0] * scale, *(v * scale for v in box[1:])])
        photos.append((photo, left))
        left += photo.width
    row = Image.new("RGB", (left, ROW_HEIGHT))
    for photo, left in photos:
        row.paste(photo, (left, 0))
    return row, faces


def variants(name, photo, box):
    """(case, photo, faces) of every case made from one photograph."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    yield "upright", photo, [box]
    for degrees in ANGLES:
        turned, turned_box = rotate(photo, box, degrees)
        yield f"rotated {degrees:+d}", turned, [turned_box]
    for height in HEIGHTS:
        small, small_box = shrink(photo, box, height, random)
        yield f"{height} px", small, [small_box]
    yield "dark", darken(photo, random), [box]
    yield "grey", photo.convert("L").convert("RGB"), [box]
    for side in ("upper", "lower", "left", "right"):
        yield f"{side} half covered", cover(photo, box, side), [box]


def groups(chosen, size):
    """Disjoint groups: no face in two of one kind."""
    count = len(chosen) // size
    return [chosen[i::count][:size] for i in range(count)]


class Folder:
    """The folder of finished files."""

    def __init__(self, path):
        self.path, self.cases = path, {}
        path.mkdir(parents=True, exist_ok=True)

    def save(self, case, name, photo, faces):
        # JPEG would smooth the dark case's noise away.
        suffix = "png" if case == "dark" else "jpg"
        file = f"{case}-{name}.{suffix}".replace(" ", "_")
        photo.save(self.path / file, quality=92)
        self.cases[file] = {"case": case, "faces": [
            [round(v, 2) for v in box] for box in faces]}

    def finish(self):
        text = ",\n".join(f"{json.dumps(file)}: {json.dumps(entry)}"
                          for file, entry in self.cases.items())
        (self.path / "cases.json").write_text(f"{{\n{text}\n}}\n")


def main():
    parser = argparse.ArgumentParser(
        prog="python3 -m training.compare.cases",
        description="Build hard cases for a face detector.")
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    arguments = parser.parse_args()

    chosen = choose(arguments.photos, yunet.load())
    folder = Folder(arguments.out)
    for name, photo, box in chosen:
        for case, made, faces in variants(name, photo, box):
            folder.save(case, name, made, faces)
    for size, case in ((2, "two in a row"), (4, "four in a row")):
        for group in groups(chosen, size):
            folder.save(case, group[0][0], *in_a_row(group))
    folder.finish()
    print(f"{len(folder.cases)} files from {len(chosen)} photographs")


if __name__ == "__main__":
    main()
