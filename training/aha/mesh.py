"""The 468-point face mesh: five alignment points of a grey face crop.

The network is MediaPipe's face_landmark (Apache-2.0). It is run twice: once on
a first guess of where the face is, once on the de-rotated box of the points
so found, which makes the points steady under roll.
"""

import json

import torch
import torch.nn.functional as F

from training.aha import graph, safetensors

SIDE = 192
# Mesh vertices whose mean is each point, in align.POINTS order.
VERTICES = {"left_eye": (362, 263), "right_eye": (33, 133), "nose": (1,),
            "mouth_left": (291,), "mouth_right": (61,)}
BOX_SCALE = 1.5


class Mesh:
    """The landmark network on batches of grey images."""

    def __init__(self, path):
        tensors, metadata = safetensors.read(path)
        self.graph = json.loads(metadata["config"])["graph"]
        self.weights = graph.tensors_to_torch(tensors)
        for name, value in self.weights.items():
            if value.dim() == 4:
                self.weights[name] = value.contiguous(
                    memory_format=torch.channels_last)

    def once(self, images, centre, side, angle):
        """All points [N, 468, 2] in pixels and the face probability [N].

        images [N, 1, H, W] in [0, 1]; the region of interest of each is the
        square of `side` pixels around `centre` [N, 2], turned by `angle`.
        """
        n, _, height, width = images.shape
        step = (torch.arange(SIDE) + 0.5) / SIDE - 0.5
        v, u = torch.meshgrid(step, step, indexing="ij")
        grid = place(torch.stack([u, v], -1).reshape(1, -1, 2).expand(
            n, -1, -1), centre, side, angle)
        grid = grid / torch.tensor([width, height]) * 2 - 1
        crop = F.grid_sample(images, grid.view(n, SIDE, SIDE, 2),
                             mode="bilinear", padding_mode="zeros",
                             align_corners=False)
        crop = crop.expand(-1, 3, -1, -1).contiguous(
            memory_format=torch.channels_last)
        out = graph.run(self.graph, self.weights, crop)
        points = out["points"].reshape(n, 468, 3)[..., :2] / SIDE - 0.5
        flag = torch.sigmoid(out["flag"].reshape(n))
        return place(points, centre, side, angle), flag

    def five(self, images, centre, side, passes=2):
        """Five points [N, 5, 2] (align.POINTS order) and flag [N]."""
        angle = torch.zeros(len(images))
        points, flag = self.once(images, centre, side, angle)
        for _ in range(passes - 1):
            across = (mean_of(points, "left_eye")
                      - mean_of(points, "right_eye"))
            angle = torch.atan2(across[:, 1], across[:, 0])
            turned = turn(points, -angle)
            low, high = turned.amin(1), turned.amax(1)
            centre = turn(((low + high) / 2)[:, None], angle)[:, 0]
            side = BOX_SCALE * (high - low).amax(1)
            points, flag = self.once(images, centre, side, angle)
        return torch.stack([mean_of(points, name) for name in VERTICES],
                           1), flag


def mean_of(points, name):
    return points[:, list(VERTICES[name])].mean(1)


def turn(points, angle):
    """Rotate [N, P, 2] about the origin by angle [N] (x towards y)."""
    cos, sin = angle.cos()[:, None], angle.sin()[:, None]
    x, y = points.unbind(-1)
    return torch.stack([cos * x - sin * y, sin * x + cos * y], -1)


def place(points, centre, side, angle):
    """Region units (-.5 .. .5) to image pixels."""
    return centre[:, None] + turn(points, angle) * side[:, None, None]
