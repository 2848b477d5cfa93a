"""Write a split of FER-2013 as the challenge's own csv.

  python3 -m training.fer_csv fer2013.csv

makes a file of emotion,pixels,Usage rows from the arrays that training reads,
for `aha evaluate`.
"""

import argparse

import numpy as np

from training.aha import paths

SPLITS = {"train": "Training", "public_test": "PublicTest"}


def write(stream, rows, usage):
    stream.write("emotion,pixels,Usage\n")
    for image, label in zip(rows["images"], rows["labels"]):
        pixels = " ".join(map(str, image.ravel().tolist()))
        stream.write(f"{label},{pixels},{usage}\n")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", help="the csv file to write")
    parser.add_argument("--data", default=paths.DATA, help="data folder")
    parser.add_argument("--split", default="public_test", choices=SPLITS)
    args = parser.parse_args()
    with open(args.out, "w", encoding="ascii") as stream:
        write(stream, np.load(f"{args.data}/fer2013/{args.split}.npz"),
              SPLITS[args.split])


if __name__ == "__main__":
    main()
