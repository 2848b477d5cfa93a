"""Run a graph of MODEL.md section 2.1 in torch.

This is the reference the C engine is compared with, and how the programs here
run the landmark network and judge an exported file: from the file itself.
"""

import torch
import torch.nn.functional as F


def tensors_to_torch(tensors):
    """Arrays of a weight file as fp32 torch tensors, bytes times scales."""
    found = {name: torch.tensor(array.astype("float32"))
             for name, array in tensors.items()}
    for name in [name for name in found if f"{name}.scale" in found]:
        found[name] *= found.pop(f"{name}.scale")[:, None, None, None]
    return found


def to_steps(x, step):
    """What is left of x in unsigned bytes worth `step` each."""
    return (x / step).round().clamp(0, 255) * step


def pad_edges(x, padding, value=0.0):
    """(x, padding left to do): MODEL.md's [top, left, bottom, right].

    What is the same on both sides is left to the operation itself.
    """
    top, left, bottom, right = padding
    if top == bottom and left == right:
        return x, (top, left)
    return F.pad(x, (left, right, top, bottom), value=value), (0, 0)


def activate(x, layer, weights):
    kind = layer.get("activation", "none")
    if kind == "relu":
        return F.relu(x)
    if kind == "prelu":
        return F.prelu(x, weights[layer["slope"]])
    return x


def attention_map(x, weight, bias):
    """CBAM's spatial attention map, [N, 1, H, W] in (0, 1)."""
    both = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
    return torch.sigmoid(F.conv2d(both, weight, bias, padding=3))


def conv2d(x, layer, weights):
    x, padding = pad_edges(x, layer["padding"])
    x = F.conv2d(x, weights[layer["weight"]], weights[layer["bias"]],
                 stride=layer["stride"], padding=padding,
                 groups=layer.get("groups", 1))
    return activate(x, layer, weights)


def avg_pool2d(x, layer):
    return F.avg_pool2d(x, layer["kernel"], layer["stride"], ceil_mode=True)


def max_pool2d(x, layer):
    x, padding = pad_edges(x, layer.get("padding", [0] * 4),
                           value=float("-inf"))
    return F.max_pool2d(x, layer["kernel"], layer["stride"], padding)


def run(graph, weights, x, maps=None, rounded=to_steps):
    """Run `graph` on x [N, C, H, W] and return {output name: value}.

    `weights` maps tensor names to torch tensors. When `maps` is a dict, the
    attention map of layer value v is kept in it under the key v. `rounded` is
    what bytes leave of a value.
    """
    values = [x]
    for layer in graph["layers"]:
        inputs = [values[i] for i in layer["in"]]
        x, op = inputs[0], layer["op"]
        if op == "conv2d":
            y = conv2d(x, layer, weights)
        elif op == "add":
            y = activate(inputs[0] + inputs[1], layer, weights)
        elif op == "max_pool2d":
            y = max_pool2d(x, layer)
        elif op == "avg_pool2d":
            y = avg_pool2d(x, layer)
        elif op == "pad_channels":
            y = F.pad(x, (0, 0, 0, 0, 0, layer["channels"]))
        elif op == "upsample_bilinear2d":
            y = F.interpolate(x, scale_factor=layer["scale"],
                              mode="bilinear", align_corners=False)
        elif op == "spatial_attention":
            heat = attention_map(x, weights[layer["weight"]],
                                 weights[layer["bias"]])
            if maps is not None:
                maps[len(values)] = heat
            y = x * heat
        elif op == "adaptive_avg_pool2d":
            y = x.mean((2, 3), keepdim=True)
        elif op == "quantize":
            y = x
        else:
            raise ValueError(f"unknown op {op!r}")
        if "step" in layer:
            y = rounded(y, layer["step"])
        values.append(y)
    return {name: values[i] for name, i in graph["outputs"].items()}


def cost(graph, weights):
    """(multiply-adds, parameters) of one run at the nominal input size."""
    shapes = [tuple(graph["input"])]
    macs = params = 0
    x = torch.zeros(1, *graph["input"])
    probe = dict(graph, outputs={str(i + 1): i + 1
                                 for i in range(len(graph["layers"]))})
    with torch.no_grad():
        values = run(probe, weights, x)
    for i, layer in enumerate(graph["layers"]):
        shapes.append(tuple(values[str(i + 1)].shape[1:]))
        for key in ("weight", "bias", "slope"):
            if key in layer:
                params += weights[layer[key]].numel()
        _, height, width = shapes[-1]
        if layer["op"] in ("conv2d", "spatial_attention"):
            macs += weights[layer["weight"]].numel() * height * width
    return macs, params
