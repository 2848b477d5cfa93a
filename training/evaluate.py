"""Judge an exported file on FER-2013 PublicTest.

  python3 -m training.evaluate models/expression.safetensors

reads nothing but the file and the data, and prints accuracy, the confusion
matrix (rows: truth), recall a class, the expected calibration error (15
bins), each region's own accuracy and its mean weight in the decision.
"""

import argparse

import torch

from training.aha import paths, weight_file
from training.aha.data import fer2013

BINS = 15
BATCH = 256


def answers(net, faces, rows=None):
    """What the network says of (those) faces, without attention maps."""
    told = []
    every = torch.arange(len(faces)) if rows is None else rows
    for rows in every.split(BATCH):
        answer = net(faces.crops(rows, net.regions))
        answer.pop("attention")
        told.append(answer)
    return {k: torch.cat([t[k] for t in told]) for k in told[0]}


def accuracy(scores, labels):
    """In %."""
    return 100 * float((scores.argmax(1) == labels).float().mean())


def best_temperature(logits, labels):
    """The T at which answers are as sure, on the mean, as they are right.

    The least cross entropy would be swayed by the few that are sure and
    wrong, here as often as not by a wrong label.
    """
    candidates = torch.arange(0.2, 5.0, 0.005)
    right = accuracy(logits, labels) / 100
    gaps = [abs(float((logits / t).softmax(1).max(1)[0].mean()) - right)
            for t in candidates]
    return round(float(candidates[gaps.index(min(gaps))]), 3)


def calibration_error(probabilities, labels):
    """Mean gap of confidence and accuracy over BINS equal bins."""
    confidence, guess = probabilities.max(1)
    right = (guess == labels).float()
    bins = (confidence * BINS).long().clamp(max=BINS - 1)
    gaps = [abs(float((right[bins == b] - confidence[bins == b]).sum()))
            for b in range(BINS)]
    return sum(gaps) / len(labels)


def confusion(guess, labels, n):
    return torch.bincount(labels * n + guess, minlength=n * n).view(n, n)


def report(net, faces):
    told, labels = answers(net, faces), faces.labels
    names = net.config["labels"]
    table = confusion(told["probabilities"].argmax(1), labels, len(names))
    print(f"accuracy {accuracy(told['logits'], labels):.2f} %, calibration "
          f"error {calibration_error(told['probabilities'], labels):.4f}")
    print(f"{'':10}" + "".join(f"{n[:9]:>10}" for n in names) + "    recall")
    for name, row in zip(names, table):
        recall = 100 * float(row[names.index(name)])
        print(f"{name:10}" + "".join(f"{int(c):10d}" for c in row)
              + f"{recall / max(int(row.sum()), 1):8.1f} %")
    print("region: own accuracy, mean weight")
    for k, name in enumerate(net.names):
        own = accuracy(told["region_probabilities"][:, k], labels)
        print(f"  {name:12} {own:6.2f} %  {told['weight'][:, k].mean():.3f}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", nargs="?",
                        default=paths.MODELS / "expression.safetensors")
    parser.add_argument("--data", default=paths.DATA, help="data folder")
    parser.add_argument("--cache", default=paths.CACHE, help="scratch folder")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    net = weight_file.Network.open(args.file)
    macs, params = net.cost()
    print(f"{paths.shown(args.file)}: {macs / 1e6:.1f} M multiply-adds, "
          f"{params / 1e6:.3f} M parameters")
    report(net, fer2013(args.data, args.cache, "public_test"))


if __name__ == "__main__":
    main()
