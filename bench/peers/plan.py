#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Weight files as onednn.cpp reads them: plan.py FILE.safetensors ...

Writes FILE.plan, words in the order in which a program builds the network,
and FILE.f32, its weights in the same order. A sum goes into the convolution
before it, as every library would have it: `conv` names the value it is added
to, or -1. Value 0 of a region is its crop; each line makes the next one. Of a
file in bytes, values say the step that a byte of them is worth, 0 for floats.
"""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from training.aha import safetensors  # noqa: E402


class Plan:
    def __init__(self, tensors):
        self.tensors, self.lines, self.values = tensors, [], []

    def say(self, *words):
        self.lines.append(" ".join(map(str, words)))

    def keep(self, *names):
        for name in names:
            self.values.append(self.tensors[name].astype("<f4").ravel())


def fused(layers):
    """[(layer, value added to it or None)] and {old value: new value}.

    A convolution whose result only an add reads is that add as well; it is
    listed where the add was, when all it needs is there.
    """
    readers = {}
    for i, layer in enumerate(layers):
        for value in layer["in"]:
            readers.setdefault(value, []).append(i)
    place, listed = {0: 0}, []
    for i, layer in enumerate(layers):
        only = readers.get(i + 1, [])
        if layer["op"] == "conv2d" and len(only) == 1 \
                and layers[only[0]]["op"] == "add" \
                and layers[only[0]]["in"][0] == i + 1:
            continue
        added = None
        if layer["op"] == "add":
            conv, added = layer["in"]
            assert readers[added][-1] == i  # it may be overwritten
            layer = dict(layers[conv - 1], step=layer.get("step", 0),
                         activation=layer.get("activation", "none"))
        listed.append((layer, added))
        place[i + 1] = len(listed)
    return listed, place


def write_region(plan, region):
    layers, place = fused(region["graph"]["layers"])
    assert any(k["op"] == "spatial_attention" for k, _ in layers)
    plan.say("region", *region["graph"]["input"], len(layers))
    for layer, added in layers:
        op, at = layer["op"], place[layer["in"][0]]
        if op == "conv2d":
            shape = plan.tensors[layer["weight"]].shape
            assert layer.get("groups", 1) == 1 and shape[2] == shape[3]
            assert len(set(layer["padding"])) == 1
            scale = f"{layer['weight']}.scale"
            in_bytes = scale in plan.tensors
            plan.say("conv8" if in_bytes else "conv", at,
                     -1 if added is None else place[added],
                     *shape[:3], layer["stride"], layer["padding"][0],
                     int(layer["activation"] == "relu"),
                     *[layer.get("step", 0)] * in_bytes)
            plan.keep(layer["weight"], layer["bias"], *[scale] * in_bytes)
        elif op in ("max_pool2d", "avg_pool2d"):
            padding = layer["padding"] if op == "max_pool2d" else [0]
            plan.say(op, at, layer["kernel"], layer["stride"], padding[0])
        elif op == "pad_channels":
            plan.say(op, at, layer["channels"])
        elif op == "quantize":
            plan.say(op, at, layer["step"])
        elif op == "spatial_attention":
            plan.say(op, at)
            plan.keep(layer["weight"], layer["bias"])
        elif op == "adaptive_avg_pool2d":
            plan.say(op, at)
        else:
            raise SystemExit(f"no such operation here: {op}")


def write(path):
    tensors, about = safetensors.read(path)
    config, plan = json.loads(about["config"]), Plan(tensors)
    head = config["classifier"]
    assert config["fusion"]["kind"] == "lstm" and head["kind"] == "cosine"
    plan.say(len(config["regions"]))
    for region in config["regions"]:
        write_region(plan, region)
    plan.say(len(config["fusion"]["branches"]))
    for branch in config["fusion"]["branches"]:
        members = [i for i, r in enumerate(config["regions"])
                   if r["branch"] == branch["name"]]
        inputs = tensors[branch["weight_ih"]].shape[1]
        plan.say(inputs, branch["hidden"], len(members), *members)
        plan.keep(branch["weight_ih"], branch["weight_hh"], branch["bias"])
    rows = tensors[head["weight"]].astype("<f4")
    rows *= head["scale"] / np.linalg.norm(rows, axis=1, keepdims=True)
    plan.say(*rows.shape, config["temperature"])
    plan.values.append(rows.ravel())
    path.with_suffix(".plan").write_text("\n".join(plan.lines) + "\n")
    np.concatenate(plan.values).tofile(path.with_suffix(".f32"))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        write(Path(name))
