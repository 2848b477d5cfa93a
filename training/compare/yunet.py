"""Run YuNet on a folder of photographs.

  python3 -m training.compare.yunet --images DIR --out build/yunet.jsonl

Prints one JSON line a photograph: {"image": name, "ms": t, "faces":
[{"box": [x, y, w, h], "score": s, "points": [[x, y] x 5]}]}. The points are
the subject's right eye, left eye, nose tip, right and left mouth corner. ms is
the time of the network and its decoding on one thread, without reading the
photograph. YuNet's weights (yunet_n.safetensors and yunet_n.graph.json, from
ShiqiYu/libfacedetection.train) are a yardstick only and not part of the
project.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch.nn import functional

from training.aha import paths, safetensors

from .boxes import overlap

LONGER_SIDE = 640  # larger photographs are shrunk to it
STRIDES = (8, 16, 32)
NMS_OVERLAP = 0.3
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


class YuNet:
    """The net of a graph of ONNX operators."""

    def __init__(self, folder):
        graph = json.loads((folder / "yunet_n.graph.json").read_text())
        self.input, self.nodes = graph["inputs"][0][0], graph["nodes"]
        tensors, _ = safetensors.read(folder / "yunet_n.safetensors")
        self.tensors = {name: torch.from_numpy(array.copy())
                        for name, array in tensors.items()}

    def forward(self, image):
        """[1, 3, H, W] in; {head_stride: [1, C, H / stride, W / stride]}."""
        values = {**self.tensors, self.input: image}
        for node in self.nodes:
            x, attributes = values[node["i"][0]], node["a"]
            if node["op"] == "Conv":
                _, weight, bias = node["i"]
                x = functional.conv2d(
                    x, values[weight], values[bias],
                    stride=attributes["strides"],
                    padding=attributes["pads"][:2],
                    groups=attributes["group"])
            elif node["op"] == "Relu":
                x = functional.relu(x)
            elif node["op"] == "MaxPool":
                x = functional.max_pool2d(x, 2)
            elif node["op"] == "Resize":
                x = functional.interpolate(x, scale_factor=2, mode="nearest")
            elif node["op"] == "Add":
                x = x + values[node["i"][1]]
            elif node["op"] == "Sigmoid":
                x = torch.sigmoid(x)
            elif node["op"] not in ("Transpose", "Reshape"):  # layout only
                raise ValueError(f"unknown operator {node['op']}")
            values[node["o"][0]] = x
        return {f"{head}_{stride}": values[f"{head}_{stride}"][0].numpy()
                for head in ("cls", "obj", "bbox", "kps")
                for stride in STRIDES}

    def detect(self, photo, threshold=0.6):
        """(faces, milliseconds) of a PIL photograph, best face first."""
        scale = min(1, LONGER_SIDE / max(photo.size))
        width, height = (max(1, round(side * scale)) for side in photo.size)
        if scale < 1:
            photo = photo.resize((width, height), Image.BILINEAR)
        image = np.zeros((3, -(-height // 32) * 32, -(-width // 32) * 32),
                         np.float32)
        image[:, :height, :width] = np.asarray(
            photo.convert("RGB"))[:, :, ::-1].transpose(2, 0, 1)  # BGR
        start = time.perf_counter()
        with torch.no_grad():
            values = self.forward(torch.from_numpy(image)[None])
        faces = suppress([face for stride in STRIDES
                          for face in decode(values, stride, threshold)])
        milliseconds = (time.perf_counter() - start) * 1000
        for face in faces:
            face["box"] = [round(v / scale, 2) for v in face["box"]]
            face["points"] = [[round(v / scale, 2) for v in point]
                              for point in face["points"]]
        return faces, round(milliseconds, 2)


def decode(values, stride, threshold):
    """The faces of one level, in pixels of the network's input."""
    score = np.sqrt(values[f"cls_{stride}"][0] * values[f"obj_{stride}"][0])
    faces = []
    for row, column in zip(*np.nonzero(score > threshold)):
        cell = np.array([column, row])
        box = values[f"bbox_{stride}"][:, row, column]
        points = values[f"kps_{stride}"][:, row, column].reshape(5, 2)
        centre, size = (cell + box[:2]) * stride, np.exp(box[2:]) * stride
        faces.append({"box": [*(centre - size / 2).tolist(), *size.tolist()],
                      "score": round(float(score[row, column]), 4),
                      "points": ((cell + points) * stride).tolist()})
    return faces


def suppress(faces):
    """Greedy non-maximum suppression."""
    kept = []
    for face in sorted(faces, key=lambda face: -face["score"]):
        if all(overlap(face["box"], other["box"]) <= NMS_OVERLAP
               for other in kept):
            kept.append(face)
    return kept


def photographs(folder):
    """The photographs of a folder, in order."""
    return [path for path in sorted(Path(folder).iterdir())
            if path.suffix.lower() in SUFFIXES]


def open_photo(path):
    """The upright photograph."""
    with Image.open(path) as photo:
        return ImageOps.exif_transpose(photo).convert("RGB")


def load(folder=paths.WEIGHTS):
    """The net, set to run on one thread."""
    torch.set_num_threads(1)
    return YuNet(folder)


def main():
    parser = argparse.ArgumentParser(
        prog="python3 -m training.compare.yunet",
        description="Run YuNet on a folder of photographs.")
    parser.add_argument("--images", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, metavar="FILE",
                        help="default: standard output")
    parser.add_argument("--weights", type=Path, default=paths.WEIGHTS,
                        metavar="DIR", help="where yunet_n.* lie; default: "
                                            "%(default)s")
    parser.add_argument("--threshold", type=float, default=0.6)
    arguments = parser.parse_args()

    net = load(arguments.weights)
    out = arguments.out.open("w") if arguments.out else sys.stdout
    with out:
        for path in photographs(arguments.images):
            faces, milliseconds = net.detect(open_photo(path),
                                             arguments.threshold)
            print(json.dumps({"image": path.name, "ms": milliseconds,
                              "faces": faces}), file=out, flush=True)


if __name__ == "__main__":
    main()
