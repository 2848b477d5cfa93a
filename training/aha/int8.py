"""A region's graph in bytes: MODEL.md section 2.3.

Every dense convolution but those of the input becomes one of bytes: unsigned
activations with a step a value, signed weights with a scale an output. The
layers keep their order; where floats become bytes there is a `quantize`.
"""

import numpy as np
import torch

from training.aha import graph

BINS = 2048
CLIPS = 64      # candidates for the largest value that is kept
LEAST_CLIP = 16  # of CLIPS
WEIGHT_CLIPS = torch.linspace(0.6, 1, 21)
MOST_BIAS = 1 << 28  # units of a sum


def convolutions(layers):
    """Numbers of the layers that become convolutions of bytes."""
    return {i for i, layer in enumerate(layers)
            if layer["op"] == "conv2d" and layer["in"] != [0]
            and layer.get("groups", 1) == 1}


def sums(layers, chosen):
    """{add layer: the chosen convolution that it takes in}."""
    found = {}
    for i, layer in enumerate(layers):
        if layer["op"] == "add":
            for value in layer["in"]:
                if value - 1 in chosen and layers[value - 1].get(
                        "activation", "none") == "none":
                    found[i] = value - 1
    return found


def byte_values(layers, chosen):
    """The values that are read as bytes, and so have a step."""
    taken = sums(layers, chosen)
    wanted = {layers[i]["in"][0] for i in chosen}
    for i, conv in taken.items():
        wanted |= set(layers[i]["in"]) - {conv + 1}
    for i in reversed(range(len(layers))):
        if i + 1 in wanted and layers[i]["op"] in ("avg_pool2d",
                                                    "pad_channels"):
            wanted.add(layers[i]["in"][0])
    return wanted


class Histograms:
    """How often each value of a graph takes which size."""

    def __init__(self, values):
        self.most = {v: 0.0 for v in values}
        self.counts = {v: torch.zeros(BINS) for v in values}

    def widen(self, found):
        for v in self.most:
            self.most[v] = max(self.most[v], float(found[str(v)].max()))

    def add(self, found):
        for v, counts in self.counts.items():
            counts += torch.histc(found[str(v)], BINS, 0,
                                  max(self.most[v], 1e-3))

    def step(self, value):
        """The step that leaves the least squared error."""
        most = max(self.most[value], 1e-3)
        at = (torch.arange(BINS) + 0.5) * most / BINS
        counts = self.counts[value].clone()
        counts[0] = 0  # zeros are exact
        best = None
        for k in range(LEAST_CLIP, CLIPS + 1):
            clip = most * k / CLIPS
            step = clip / 255
            error = torch.where(at < clip, torch.tensor(step ** 2 / 12),
                                (at - clip) ** 2)
            total = float((error * counts).sum())
            if best is None or total < best[0]:
                best = total, step
        return float(np.float32(best[1]))


def calibrate(net, weights, crops, values, batch=64):
    """{value: step} from the crops of some faces."""
    probe = dict(net, outputs={str(v): v for v in values})
    histograms = Histograms(values)
    for take in (histograms.widen, histograms.add):
        for part in crops.split(batch):
            take(graph.run(probe, weights, part))
    return {v: histograms.step(v) for v in values}


def weight_bytes(weight):
    """(int8, scales [O]) of weights [O, I, H, W] with the least error."""
    flat = weight.flatten(1)
    most = flat.abs().max(1)[0].clamp(min=1e-8)
    best = torch.full_like(most, float("inf"))
    scales = most / 127
    for clip in WEIGHT_CLIPS:
        scale = most * clip / 127
        error = flat - (flat / scale[:, None]).round().clamp(
            -127, 127) * scale[:, None]
        error = (error ** 2).sum(1)
        scales = torch.where(error < best, scale, scales)
        best = torch.minimum(error, best)
    codes = (flat / scales[:, None]).round().clamp(-127, 127)
    return codes.view_as(weight).to(torch.int8), scales


def put_conv(layer, weights, x_step, tensors):
    """A convolution's tensors as bytes; its bias in whole units of a sum."""
    weight, bias = weights[layer["weight"]], weights[layer["bias"]]
    codes, scales = weight_bytes(weight)
    least = bias.abs() / (x_step * MOST_BIAS)
    if bool((scales < least).any()):  # next to no weights: drop them
        codes[scales < least] = 0
        scales = torch.maximum(scales, least)
    unit = scales.double() * x_step
    tensors[layer["weight"]] = codes.numpy()
    tensors[layer["weight"] + ".scale"] = scales.numpy()
    tensors[layer["bias"]] = ((bias.double() / unit).round() * unit
                              ).float().numpy()


def convert(net, weights, steps, tensors):
    """The graph in bytes; puts its changed tensors into `tensors`."""
    layers = net["layers"]
    chosen = convolutions(layers)
    taken = sums(layers, chosen)
    out, floats, as_bytes = [], {0: 0}, {}  # value: its number in `out`
    for i, layer in enumerate(layers):
        value, op = i + 1, layer["op"]
        passes = value in steps and op in ("avg_pool2d", "pad_channels")
        inputs = [
            as_bytes[v] if i in chosen or passes
            or (i in taken and v != taken[i] + 1) else floats[v]
            for v in layer["in"]]
        out.append(dict(layer, **{"in": inputs}))
        floats[value] = len(out)
        if i in chosen:
            put_conv(layer, weights, steps[layer["in"][0]], tensors)
        if value not in steps:
            continue
        if i not in chosen and i not in taken and not passes:
            out.append({"op": "quantize", "in": [len(out)]})
        if op != "pad_channels":
            out[-1]["step"] = steps[value]
        as_bytes[value] = len(out)
    return dict(net, layers=out, outputs={
        name: floats[value] for name, value in net["outputs"].items()})
