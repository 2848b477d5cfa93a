"""Faces to learn from: FER-2013 and photographs, with points and targets.

People agree with the challenge's labels only two times in three. So a target
of FER-2013 is partly the label itself and partly (`votes`) what the FER+
annotators' ten votes say the label is likely to be: a softmax regression of
the labels on the votes, fitted to the training split. The votes themselves
would not do: where the challenge says fear, four annotators in five say
something else, and they see neutral twice as often.
"""

import numpy as np
import torch
import torch.nn.functional as F

from training.aha import align, augment
from training.aha.model import LABELS, MEAN, STD

VOTES = 0.25
PREPARE = "run python3 -m training.prepare"
CUT = "run python3 -m training.photos"


class Faces:
    """Faces with their points, labels and targets.

    images are uint8 [N, H, W]; `unit` is how many of their pixels are one of
    a 48 px face.
    """

    def __init__(self, images, points, labels, unit=1):
        self.images = torch.tensor(images)
        self.points = torch.tensor(points)
        self.labels = torch.tensor(labels.astype(np.int64))
        self.targets = torch.eye(len(LABELS))[self.labels]
        self.unit = unit

    def __len__(self):
        return len(self.images)

    def crops(self, rows, regions, change=None):
        """Normalised region crops {name: [N, 1, H, W]} of some rows.

        `change` is the strength of the augmentation (None: none).
        """
        images = self.images[rows].float()[:, None] / 255
        points, warp = self.points[rows], None
        if change is not None:
            images, points, warp = augment.faces(images, points, change,
                                                  self.unit)
        images = (images - MEAN) / STD
        return align.crops(images, points, regions, warp)


class Joined:
    """Several Faces as one, their rows end to end."""

    def __init__(self, parts):
        self.parts = parts
        self.labels = torch.cat([part.labels for part in parts])
        self.targets = torch.cat([part.targets for part in parts])

    def __len__(self):
        return len(self.labels)

    def crops(self, rows, regions, change=None):
        first, crops, order = 0, [], []
        for part in self.parts:
            at = ((rows >= first) & (rows < first + len(part))).nonzero()[:, 0]
            if len(at):
                crops.append(part.crops(rows[at] - first, regions, change))
                order.append(at)
            first += len(part)
        back = torch.cat(order).argsort()
        return {r.name: torch.cat([c[r.name] for c in crops])[back]
                for r in regions}


def fer2013(data, cache, split, votes=0.0):
    """A split of FER-2013; `votes` is their share in the targets."""
    rows = np.load(f"{data}/fer2013/{split}.npz")
    points = cached(f"{cache}/points_{split}.npz", PREPARE)["points"]
    if len(points) != len(rows["images"]):
        raise SystemExit(f"points_{split}.npz does not match the data: "
                         f"{PREPARE}")
    faces = Faces(rows["images"], points, rows["labels"])
    if votes > 0:
        likely = label_given_votes(faces.labels, torch.tensor(
            rows["ferplus_votes"].astype(np.float32)))
        faces.targets = (1 - votes) * faces.targets + votes * likely
    return faces


def photographs(cache, held_out):
    """What training/photos.py cut out, its held-out part or the rest."""
    rows = cached(f"{cache}/photos.npz", CUT)
    part = rows["held"] == held_out
    return Faces(rows["tiles"][part], rows["points"][part],
                 rows["labels"][part], float(rows["frame"]) / 48)


def cached(path, remedy):
    """The arrays of a scratch file, or the end with what makes it."""
    try:
        return np.load(path)
    except FileNotFoundError:
        raise SystemExit(f"{path} is not there: {remedy}") from None


def label_given_votes(labels, votes):
    """Probabilities [N, 7] of the label, from the ten FER+ columns alone."""
    total = votes.sum(1, keepdim=True)
    shares = votes / total.clamp(min=1)
    x = torch.cat([shares, shares.sqrt(), (votes > 0).float(),
                   (total == 0).float(), torch.ones_like(total)], 1)
    weight = torch.zeros(x.shape[1], len(LABELS), requires_grad=True)
    optimiser = torch.optim.LBFGS([weight], max_iter=300,
                                  line_search_fn="strong_wolfe")

    def loss():
        optimiser.zero_grad()
        loss = F.cross_entropy(x @ weight, labels) + 1e-5 * (
            weight ** 2).sum()
        loss.backward()
        return loss

    optimiser.step(loss)
    return (x @ weight).softmax(1).detach()
