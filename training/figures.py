"""Redraw docs/images, the pictures that README shows.

  python3 -m training.figures

runs `aha evaluate` on FER-2013 PublicTest, whose charts they are, and on the
one portrait of tests/data, whose attention sheet may be shown. All it says
and writes stays in build/figures. Needs Pillow.
"""

import argparse
import shutil
import subprocess

import numpy as np
from PIL import Image

from training import fer_csv
from training.aha import paths

OUT = paths.REPO / "docs" / "images"
WORK = paths.REPO / "build" / "figures"
CHARTS = ("confusion.svg", "reliability.svg", "coverage.svg")
PORTRAIT = paths.GOLDEN / "astronaut.jpg"
SPLIT = "public_test"


def evaluate(aha, data, name):
    subprocess.run([aha, "evaluate", data, "--models", paths.MODELS, "--json",
                    WORK / f"{name}.json", "--out", WORK / name], check=True)


def draw_charts(aha, data):
    faces = WORK / "fer2013.csv"
    with open(faces, "w", encoding="ascii") as stream:
        fer_csv.write(stream, np.load(f"{data}/fer2013/{SPLIT}.npz"),
                      fer_csv.SPLITS[SPLIT])
    evaluate(aha, faces, SPLIT)
    for chart in CHARTS:
        shutil.copy(WORK / SPLIT / chart, OUT)


def draw_attention(aha):
    faces = WORK / "portrait.csv"
    faces.write_text(f"image,expression\n{PORTRAIT},happiness\n")
    evaluate(aha, faces, "portrait")
    sheet = Image.open(WORK / "portrait" / "attention-happiness.png")
    sheet.save(OUT / "attention.webp", quality=85)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--aha", default=paths.REPO / "build/release/aha",
                        help="the program")
    parser.add_argument("--data", default=paths.DATA, help="data folder")
    args = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    OUT.mkdir(parents=True, exist_ok=True)
    draw_attention(args.aha)
    draw_charts(args.aha, args.data)


if __name__ == "__main__":
    main()
