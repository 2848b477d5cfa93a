"""Cut the faces out of the photographs, as the product finds them.

  make && python3 -m training.photos

lets `aha predict` find the largest face of each photograph of ../shared/data
and writes training/cache/photos.npz: a tile of grey around each face, its
five points in it, its label, whether it is held out; and photos.csv, which
`aha evaluate photos.csv --split validation` judges by. A fifth of the people
is held out, by name: nobody is in both parts.

A tile shows 4/3 of the face frame. Where the frame is larger than 96 px the
photograph is reduced so that it is 96 px, by area averaging, as serving does;
smaller faces stay as they are.
"""

import argparse
import csv
import hashlib
import json
import re
import subprocess
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from training.aha import align, paths
from training.aha.model import LABELS

SIDE, FRAME = 128, 96       # px of a tile, and of the face frame in it
SMALLEST = 100              # px: smaller ones are crops with doubtful labels
HELD_OUT = 5                # one person in so many
SPLITS = ("train", "validation")


def person(name):
    """Who is on `Some_Body_0001.jpg`; press pictures are one group."""
    return re.sub(r"_?\d+k?$", "", Path(name).stem)


def is_held_out(name):
    digest = hashlib.sha256(person(name).encode()).digest()
    return digest[0] % HELD_OUT == 0


def luma(path):
    """Rec. 601 luma of a photograph, float [H, W] in 0..255."""
    rgb = np.asarray(Image.open(path).convert("RGB"), np.float32)
    return rgb @ np.array([.299, .587, .114], np.float32)


def tile(photo, points):
    """(uint8 [SIDE, SIDE], points in it) of a photo [H, W]."""
    a, b = align.similarity(torch.tensor(points)[None])
    frame = 1 / float(a.abs())
    scale = min(1.0, FRAME / frame)
    middle = align.from_frame(torch.tensor([[[.5, .5]]]), a, b)[0, 0].numpy()
    half = SIDE / scale / 2
    low = np.floor(middle - half).astype(int)
    high = np.ceil(middle + half).astype(int)
    height, width = photo.shape
    rows = np.arange(low[1], high[1]).clip(0, height - 1)
    columns = np.arange(low[0], high[0]).clip(0, width - 1)
    part = Image.fromarray(photo[rows][:, columns])
    corner = middle - half - low
    box = (*corner, *(corner + 2 * half))
    small = part.resize((SIDE, SIDE), Image.BOX if scale < 1
                        else Image.BILINEAR, box)
    moved = (np.asarray(points) - (middle - half)) * scale
    grey = np.asarray(small).round().clip(0, 255).astype(np.uint8)
    return grey, moved.astype(np.float32)


def answers(tool, photos):
    """{file name: its largest face or None}, as `aha predict` says."""
    command = [tool, "predict", "--ndjson", "--models", paths.MODELS, *photos]
    found, start = {}, time.time()
    with subprocess.Popen(command, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as process:
        for line in process.stdout:
            told = json.loads(line)
            faces = told.get("faces")
            found[Path(told["file"]).name] = faces[0] if faces else None
            left = (time.time() - start) / len(found) * (
                len(photos) - len(found))
            print(f"\r  {len(found)}/{len(photos)} photographs, "
                  f"{left:.0f} s to go ", end="", flush=True)
    print()
    return found


def cut(folder, rows, found):
    """The arrays of photos.npz."""
    kept = {"tiles": [], "points": [], "labels": [], "held": []}
    for name, label in rows:
        face = found.get(name)
        photo = luma(folder / name) if face else None
        if photo is None or min(photo.shape) < SMALLEST:
            continue
        points = [face["landmarks"][point] for point in align.POINTS]
        grey, moved = tile(photo, points)
        kept["tiles"].append(grey)
        kept["points"].append(moved)
        kept["labels"].append(LABELS.index(label))
        kept["held"].append(is_held_out(name))
    return {k: np.array(v) for k, v in kept.items()} | {"frame": FRAME}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default=paths.DATA, help="data folder")
    parser.add_argument("--tool", default=paths.REPO / "build/release/aha",
                        help="the built product")
    parser.add_argument("--out", default=paths.CACHE, help="scratch folder")
    args = parser.parse_args()
    folder = Path(args.data).resolve() / "photos" / "images"
    with open(folder.parent / "labels.csv", newline="") as file:
        rows = [(r["image"], r["expression"]) for r in csv.DictReader(file)]
    found = answers(args.tool, [folder / name for name, _ in rows])
    arrays = cut(folder, rows, found)
    Path(args.out).mkdir(parents=True, exist_ok=True)
    np.savez(f"{args.out}/photos.npz", **arrays)
    with open(f"{args.out}/photos.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "expression", "split"])
        writer.writerows([folder / name, label, SPLITS[is_held_out(name)]]
                         for name, label in rows)
    print(f"{len(arrays['labels'])} faces, {arrays['held'].sum()} of them "
          "held out")


if __name__ == "__main__":
    main()
