"""Train the cells of the paper's Tables I and II, each as long as the others.

  python3 -m training.ablate --list
  python3 -m training.ablate --epochs 4 --small 1     all of them
  python3 -m training.ablate --tables                 what there is, as tables
  python3 -m training.ablate --product 200            the cells by `aha` too

A cell is named by its branches (G global, L local, M mixture), `concat` where
the features are concatenated instead of fused in two steps, A for spatial
attention, and after the slash the loss: S softmax, C CosFace. Each is
training/configs/aha.json with parts taken away, started from face recognition,
a run of its own in training/cache/, and can be exported like any other. Cells
that are finished are not trained again.
"""

import copy
import csv
import json
import os
import subprocess

import numpy as np
import torch

from training import export, fer_csv, train
from training.aha import align, checkpoint, paths, safetensors, weight_file
from training.aha.data import fer2013
from training.aha.model import load_config
from training.evaluate import answers

LETTERS = {"G": "global", "L": "local", "M": "mixture"}
BRANCHES = ("G", "G+L", "G+L+M")
# The paper's accuracy on RAF-DB, softmax and CosFace.
TABLE_1 = {"G": (88.01, 88.17), "G+A": (88.17, 88.23),
           "G+L": (88.10, 88.49), "G+L+A": (88.14, 88.53),
           "G+L+M": (88.72, 88.92), "G+L+M+A": (88.85, 88.98)}
# And with CosFace and attention, concatenated and fused in two steps.
TABLE_2 = {"G": (87.84, 88.23), "G+L": (87.91, 88.53),
           "G+L+M": (88.27, 88.98)}
CELLS = [f"{row}/{loss}" for row in TABLE_1 for loss in "SC"] + [
    f"{row}+concat+A/C" for row in TABLE_2]


def name_of(cell):
    return cell.replace("+", "").replace("/", "-").lower()


def derive(whole, cell):
    """The configuration of one cell."""
    config = copy.deepcopy(whole)
    parts, loss = cell.split("/")
    parts = parts.split("+")
    branches = [LETTERS[p] for p in parts if p in LETTERS]
    config["name"] = name_of(cell)
    config["regions"] = [r for r in whole["regions"]
                         if align.REGIONS[r].branch in branches]
    config["attention"] = "A" in parts
    config["fusion"] = "concat" if "concat" in parts else "lstm"
    if loss == "S":
        config["loss"] = {"kind": "softmax"}
    return config


def run_of(cell, seed):
    return name_of(cell) + (f"-{seed}" if seed > 1 else "")


def accuracies(args, cell):
    """PublicTest accuracy after the last epoch, of each seed trained."""
    found = []
    for seed in range(1, args.seeds + 1):
        try:
            path = f"{args.cache}/{run_of(cell, seed)}/log.csv"
            with open(path, newline="") as file:
                found.append(float(list(csv.DictReader(file))[-1]["fused"]))
        except FileNotFoundError:
            pass
    return found


def shown(found):
    """Mean, and how far the seeds lie from it."""
    if not found:
        return "-"
    mean = sum(found) / len(found)
    spread = max(abs(f - mean) for f in found)
    return f"{mean:.2f}" + (f" +-{spread:.2f}" if len(found) > 1 else "")


def print_tables(args):
    def ours(cell):
        return shown(accuracies(args, cell))

    print("| Table I | softmax | CosFace | paper, RAF-DB: softmax | CosFace |"
          "\n|---|---|---|---|---|")
    for row, (softmax, cosface) in TABLE_1.items():
        print(f"| {row} | {ours(row + '/S')} | {ours(row + '/C')} | "
              f"{softmax:.2f} | {cosface:.2f} |")
    print("\n| Table II | concatenated | two steps | paper: concatenated | "
          "two steps |\n|---|---|---|---|---|")
    for row, (concat, steps) in TABLE_2.items():
        print(f"| {row}+A | {ours(row + '+concat+A/C')} | "
              f"{ours(row + '+A/C')} | {concat:.2f} | {steps:.2f} |")


def by_product(args, run):
    """(right by the product, right by torch) of the first faces."""
    folder = f"{args.cache}/{run}/models"
    os.makedirs(folder, exist_ok=True)
    for name in ("detector", "landmarks"):
        link = f"{folder}/{name}.safetensors"
        if not os.path.lexists(link):
            os.symlink(paths.MODELS / f"{name}.safetensors", link)
    test = fer2013(args.data, args.cache, "public_test")
    state = checkpoint.load(args.cache, run)
    tensors, config = export.export(state, test, "f16", mirror=False)
    safetensors.write(f"{folder}/expression.safetensors", tensors,
                      weight_file.metadata(config, name=run, version="1"))
    rows = np.load(f"{args.data}/fer2013/public_test.npz")
    first = {key: rows[key][:args.product] for key in ("images", "labels")}
    with open(f"{folder}/first.csv", "w", encoding="ascii") as stream:
        fer_csv.write(stream, first, "PublicTest")
    subprocess.run([args.tool, "evaluate", f"{folder}/first.csv", "--models",
                    folder, "--json", f"{folder}/first.json"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(f"{folder}/first.json", encoding="utf-8") as file:
        product = round(json.load(file)["accuracy"] * args.product)
    told = answers(weight_file.Network(tensors, config), test,
                   torch.arange(args.product))["logits"].argmax(1)
    return product, int((told == test.labels[:args.product]).sum())


def is_finished(args, run):
    try:
        return checkpoint.load(args.cache, run)["finished"]
    except FileNotFoundError:
        return False


def main():
    parser = train.parser_of(__doc__)
    add = parser.add_argument
    add("cells", nargs="*", help="default: all")
    add("--seeds", type=int, default=1, help="train each so many times")
    add("--list", action="store_true", help="name the cells")
    add("--tables", action="store_true", help="print what is trained")
    add("--product", type=int, metavar="FACES", help="answer so many faces "
        "of PublicTest by torch and\nby the product, with each trained cell")
    add("--tool", default=paths.REPO / "build/release/aha",
        help="the built product")
    args = parser.parse_args()
    unknown = set(args.cells) - set(CELLS)
    if unknown:
        parser.error(f"no such cell: {', '.join(unknown)} (see --list)")
    if args.list:
        print(*CELLS, sep="\n")
        return
    whole, cells = load_config(args.config), args.cells or CELLS
    for seed in range(1, args.seeds + 1):
        for cell in cells:
            args.seed, args.run = seed, run_of(cell, seed)
            done = is_finished(args, args.run)
            if args.product and done:
                print(f"{cell:16} right of {args.product}: product %d, torch "
                      "%d" % by_product(args, args.run), flush=True)
            elif not (args.product or args.tables or done):
                print(f"== {cell}, seed {seed}", flush=True)
                train.start(args, derive(whole, cell))
    print_tables(args)


if __name__ == "__main__":
    main()
