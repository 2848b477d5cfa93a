"""FER-2013 with its alignment points and soft labels.

A target is mostly the challenge's label and partly (`votes`) the FER+
annotators' votes over the same seven classes (all of it the label where
nobody voted for one of them): people agree with the challenge's labels only
two times in three.
"""

from dataclasses import replace

import numpy as np
import torch

from training.aha import align, augment
from training.aha.model import LABELS, MEAN, STD

# FER+ columns of LABELS: anger, disgust, fear, happiness, sadness, surprise,
# neutral.
VOTE_COLUMNS = [4, 5, 6, 1, 3, 2, 0]
VOTES = 0.25
PREPARE = "run python3 -m training.prepare"


class Faces:
    """One split: images uint8 [N, 48, 48], points, labels and targets."""

    def __init__(self, data, cache, split, votes=VOTES, change=1):
        self.change = change
        rows = np.load(f"{data}/fer2013/{split}.npz")
        self.images = torch.from_numpy(rows["images"])
        self.labels = torch.from_numpy(rows["labels"].astype(np.int64))
        self.targets = soft_targets(rows, votes)
        points = load_points(f"{cache}/points_{split}.npz")
        if len(points) != len(self.images):
            raise SystemExit(f"points_{split}.npz does not match the data: "
                             f"{PREPARE}")
        self.points = torch.from_numpy(points)

    def __len__(self):
        return len(self.images)

    def crops(self, rows, names, train, scale=1):
        """Normalised region crops {name: [N, 1, H, W]} of some rows.

        `scale` other than 1 makes them smaller or larger than serving does.
        """
        images = self.images[rows].float()[:, None] / 255
        points, warp = self.points[rows], None
        if train:
            images, points, warp = augment.faces(images, points,
                                                  self.change)
        images = (images - MEAN) / STD
        return align.regions(images, points, names, warp,
                             scaled(names, scale))


def load_points(path):
    try:
        return np.load(path)["points"]
    except FileNotFoundError:
        raise SystemExit(f"{path} is not there: {PREPARE}") from None


def scaled(names, by):
    """Table of regions whose inputs are `by` times as large."""
    regions = [align.REGIONS[name] for name in names]
    return {r.name: replace(r, input=tuple(round(by * n) for n in r.input))
            for r in regions}


def soft_targets(rows, share):
    hard = torch.eye(len(LABELS))[rows["labels"].astype(np.int64)]
    votes = torch.from_numpy(
        rows["ferplus_votes"][:, VOTE_COLUMNS].astype(np.float32))
    total = votes.sum(1, keepdim=True)
    soft = torch.where(total > 0, votes / total.clamp(min=1), hard)
    return (1 - share) * hard + share * soft
