"""Train the cells of the paper's Tables I and II.

  python3 -m training.ablate --list
  python3 -m training.ablate G+L+M+A/C G+L+M+concat+A/C --epochs 6

A cell is named by its branches (G global, L local, M mixture), `concat` where
the features are concatenated instead of fused in two steps, A for spatial
attention, and after the slash the loss: S softmax, C CosFace. Each is
training/configs/aha.json with parts taken away, a run of its own in
training/cache/, and can be exported like any other.
"""

import copy
import csv

from training import train
from training.aha import align
from training.aha.model import load_config

LETTERS = {"G": "global", "L": "local", "M": "mixture"}
BRANCHES = ("G", "G+L", "G+L+M")
TABLE_1 = [f"{branches}{attention}/{loss}" for branches in BRANCHES
           for attention in ("", "+A") for loss in "SC"]
TABLE_2 = [f"{branches}+concat+A/C" for branches in BRANCHES]


def derive(whole, cell):
    """The configuration of one cell."""
    config = copy.deepcopy(whole)
    parts, loss = cell.split("/")
    parts = parts.split("+")
    branches = [LETTERS[p] for p in parts if p in LETTERS]
    config["name"] = cell.replace("+", "").replace("/", "-").lower()
    config["regions"] = [r for r in whole["regions"]
                         if align.REGIONS[r].branch in branches]
    config["attention"] = "A" in parts
    config["fusion"] = "concat" if "concat" in parts else "lstm"
    if loss == "S":
        config["loss"] = {"kind": "softmax"}
    return config


def result(args, name):
    """PublicTest accuracy after the last epoch, as a person reads it."""
    try:
        with open(f"{args.cache}/{name}/log.csv", newline="") as file:
            return list(csv.DictReader(file))[-1]["fused"] + " %"
    except FileNotFoundError:
        return "stopped before its first epoch's end"


def main():
    parser = train.parser_of(__doc__)
    parser.add_argument("cells", nargs="*", help="default: all")
    parser.add_argument("--list", action="store_true", help="name the cells")
    args = parser.parse_args()
    known = TABLE_1 + TABLE_2
    unknown = set(args.cells) - set(known)
    if unknown:
        parser.error(f"no such cell: {', '.join(unknown)} (see --list)")
    if args.list:
        print("Table I: ", *TABLE_1)
        print("Table II:", *TABLE_2, "(and G+A/C, G+L+A/C, G+L+M+A/C)")
        return
    whole, results = load_config(args.config), {}
    for cell in args.cells or known:
        config = derive(whole, cell)
        args.run = config["name"]
        train.start(args, config)
        results[cell] = result(args, args.run)
    for cell, accuracy in results.items():
        print(f"{cell:16} {accuracy}")


if __name__ == "__main__":
    main()
