"""A weight file as ONNX, for runtimes other than the C engine.

  python3 -m training.export_onnx --out build/peers

writes whole.onnx and, to compare region by region, one model a region: only
that region's net, its branch of the fusion and its part of the classifier,
as NAME.onnx and as NAME.safetensors, which the C engine reads. Inputs are the
normalised crops by region name, [N, 1, H, W] with any N; outputs `logits`
and `probabilities`, [N, classes]. Of a file in bytes there is a model int8.onnx
with QuantizeLinear and DequantizeLinear where bytes are.
"""

import argparse
import json
import warnings
from pathlib import Path

import torch
import torch.nn.functional as F

from training.aha import graph, paths, safetensors, weight_file

OPSET = 10  # the last whose Pad OpenCV 4.6 reads
INT8_OPSET = 13  # the first that has scales a channel


def select(tensors, config, name):
    """(tensors, config) of a network that has only region `name`."""
    region = next(r for r in config["regions"] if r["name"] == name)
    first, kept = 0, None
    for branch in config["fusion"]["branches"]:
        if branch["name"] == region["branch"]:
            kept = branch
            break
        first += branch["hidden"]
    classifier = config["classifier"]
    columns = slice(first, first + kept["hidden"])
    wanted = [v for layer in region["graph"]["layers"]
              for k, v in layer.items() if k in ("weight", "bias", "slope")]
    wanted += [region["head"][k] for k in ("weight", "bias")
               if k in region["head"]]
    wanted += [kept[k] for k in ("weight_ih", "weight_hh", "bias")]
    chosen = {k: tensors[k] for k in wanted}
    chosen[classifier["weight"]] = tensors[classifier["weight"]][:, columns]
    if "bias" in classifier:
        chosen[classifier["bias"]] = tensors[classifier["bias"]]
    return chosen, dict(config, regions=[region],
                        fusion={"kind": "lstm", "branches": [kept]})


def quantize_sums(graph):
    """The graph whose sums take in bytes only, as other runtimes want it.

    What a convolution gives a sum is floats in a file. Here it is bytes too:
    signed, in steps twice as large as the sum's, so that they reach as far
    both ways. A negative step says so.
    """
    layers = [dict(layer) for layer in graph["layers"]]
    for layer in layers:
        if layer["op"] == "pad_channels":
            layer["step"] = layers[layer["in"][0] - 1]["step"]
        if layer["op"] == "add":
            conv, other = [layers[v - 1] for v in layer["in"]]
            conv["step"] = -2 * (layer.get("step") or other["step"])
    return dict(graph, layers=layers)


def to_bytes(x, step):
    """graph.to_steps as a tracer's operation."""
    return torch.fake_quantize_per_tensor_affine(
        x, abs(step), 0 if step > 0 else 128, 0, 255)


class Exported(torch.nn.Module):
    """weight_file.Network for a tracer: the answer alone, nothing twice."""

    def __init__(self, tensors, config):
        super().__init__()
        net = weight_file.Network(tensors, config)
        self.config, self.names = config, net.names
        self.scales = {}  # of weights in bytes
        for name, tensor in tensors.items():
            if name.endswith(".scale"):
                self.scales[name.removesuffix(".scale")] = torch.from_numpy(
                    tensor.astype("float32"))
        self.graphs = [quantize_sums(r["graph"]) if self.scales else r["graph"]
                       for r in config["regions"]]
        self.at = {}  # tensor name -> buffer name, which has no dots
        for name, tensor in net.weights.items():
            self.at[name] = name.replace(".", "_")
            self.register_buffer(self.at[name], tensor)
        head = config["classifier"]
        if head["kind"] == "cosine":
            rows = F.normalize(net.weights[head["weight"]])
            self.register_buffer("rows", rows * head["scale"])

    def tensor(self, name):
        value = getattr(self, self.at[name])
        if name in self.scales:
            scale = self.scales[name]
            zero = torch.zeros(len(scale), dtype=torch.int32)
            return torch.fake_quantize_per_channel_affine(
                value, scale, zero, 0, -128, 127)
        return value

    def classify(self, x):
        head = self.config["classifier"]
        if head["kind"] == "cosine":
            return F.linear(F.normalize(x), self.rows)
        return F.linear(x, self.tensor(head["weight"]),
                        self.tensor(head["bias"]))

    def branch(self, branch, z):
        """The sum of h^{b_k}; the state before the first region is zero."""
        w_ih, w_hh, bias = (self.tensor(branch[k]) for k in
                            ("weight_ih", "weight_hh", "bias"))
        h = c = total = None
        for region in self.config["regions"]:
            if region["branch"] != branch["name"]:
                continue
            gates = F.linear(z[region["name"]], w_ih, bias)
            if h is not None:
                gates = gates + F.linear(h, w_hh)
            size = branch["hidden"]
            i, f, g, o = (gates[:, k * size:(k + 1) * size]
                          for k in range(4))
            new = torch.sigmoid(i) * torch.tanh(g)
            c = new if c is None else torch.sigmoid(f) * c + new
            h = torch.sigmoid(o) * torch.tanh(c)
            total = h if total is None else total + h
        return total

    def forward(self, *crops):
        weights = {name: self.tensor(name) for name in self.at}
        z = {region["name"]:
             graph.run(net, weights, x, rounded=to_bytes)["z"].flatten(1)
             for region, net, x in zip(self.config["regions"], self.graphs,
                                       crops)}
        fusion = self.config["fusion"]
        if fusion["kind"] == "concat":
            parts = [z[name] for name in self.names]
        else:
            parts = [self.branch(b, z) for b in fusion["branches"]]
        logits = self.classify(torch.cat(parts, 1))
        return logits, (logits / self.config["temperature"]).softmax(1)


def example(config, n=2):
    """Crops of n faces as forward() takes them, random."""
    return tuple(torch.randn(n, *r["graph"]["input"])
                 for r in config["regions"])


def write(path, tensors, config, n=None):
    """An ONNX file for n faces a call, or any number."""
    crops = example(config, n or 2)
    model = Exported(tensors, config).eval()
    in_bytes = bool(model.scales)
    names = model.names + ["logits", "probabilities"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(model, crops)
        if not in_bytes:  # equal tensors become copies, which OpenCV refuses
            traced = torch.jit.freeze(traced)
        torch.onnx.export(
            traced, crops, str(path),
            opset_version=INT8_OPSET if in_bytes else OPSET,
            do_constant_folding=not in_bytes, input_names=model.names,
            output_names=names[len(model.names):],
            dynamic_axes=None if n else {name: {0: "n"} for name in names})


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path,
                        default=paths.MODELS / "expression.safetensors")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--fixed", type=int, nargs="*", default=[],
                        metavar="N", help="also NAME.N.onnx, for N faces a "
                        "call: OpenCV asks for that")
    options = parser.parse_args()
    tensors, about = safetensors.read(options.file)
    config = json.loads(about["config"])
    config.pop("mirror", None)  # one view: what runtimes are compared by
    options.out.mkdir(parents=True, exist_ok=True)
    networks = {"whole": (tensors, config)}
    if any(name.endswith(".scale") for name in tensors):
        networks = {"int8": (tensors, config)}
    elif config["fusion"]["kind"] == "lstm":
        networks.update({r["name"]: select(tensors, config, r["name"])
                         for r in config["regions"]})
    for name, (chosen, part) in networks.items():
        write(options.out / f"{name}.onnx", chosen, part)
        for n in options.fixed:
            write(options.out / f"{name}.{n}.onnx", chosen, part, n)
        safetensors.write(
            options.out / f"{name}.safetensors", chosen,
            dict(about, config=json.dumps(part, separators=(",", ":"))))
        print(paths.shown(options.out / f"{name}.onnx"))


if __name__ == "__main__":
    main()
