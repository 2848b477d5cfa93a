"""A trained network as a weight file of MODEL.md section 2.2, and back.

Writing folds batch normalisation into the convolutions and lists every
region's net as a graph. Reading needs nothing but the file: `Network` is the
reference of what the C engine computes from it.
"""

import json

import torch
import torch.nn.functional as F

from training.aha import align, graph, mirror, safetensors
from training.aha.model import LABELS, MEAN, STD, ConvNorm

UNCERTAIN_BELOW = 0.5
MOST_BLOCKS = 64


class GraphWriter:
    """Collects layers and tensors of one region's net."""

    def __init__(self, prefix):
        self.prefix, self.layers, self.tensors = prefix, [], {}

    def add(self, op, inputs, **keys):
        """Append a layer; its value number."""
        self.layers.append({"op": op, "in": inputs, **keys})
        return len(self.layers)

    def keep(self, name, tensor):
        name = f"{self.prefix}.{name}"
        self.tensors[name] = tensor.detach().float().contiguous()
        return name

    def conv(self, layer, name, value):
        """A ConvNorm, folded: one convolution with a bias."""
        norm = layer.norm
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        weight = layer.conv.weight * scale[:, None, None, None]
        bias = norm.bias - norm.running_mean * scale
        return self.add(
            "conv2d", [value], weight=self.keep(f"{name}.weight", weight),
            bias=self.keep(f"{name}.bias", bias),
            stride=layer.conv.stride[0], padding=[layer.conv.padding[0]] * 4,
            groups=1, activation="relu" if layer.relu else "none")

    def block(self, block, name, value):
        new = self.conv(block.first, f"{name}.first", value)
        new = self.conv(block.second, f"{name}.second", new)
        if block.stride == 2:
            value = self.add("avg_pool2d", [value], kernel=2, stride=2,
                             padding=0, ceil_mode=True)
        if block.grow:
            value = self.add("pad_channels", [value], channels=block.grow)
        return self.add("add", [new, value], activation="relu")

    def net(self, net, size):
        """The graph of a RegionNet for inputs of `size` (H, W)."""
        value = self.conv(net.stem, "stem", 0)
        if net.pool:
            value = self.add("max_pool2d", [value], kernel=3, stride=2,
                             padding=[1] * 4)
        for i, block in enumerate(net.blocks):
            value = self.block(block, f"blocks.{i}", value)
        outputs = {}
        if net.attention is not None:
            conv = net.attention.conv
            value = self.add(
                "spatial_attention", [value],
                weight=self.keep("attention.weight", conv.weight),
                bias=self.keep("attention.bias", conv.bias))
            outputs["attention"] = value
        outputs["z"] = self.add("adaptive_avg_pool2d", [value])
        return {"input": [1, *size], "layers": self.layers,
                "outputs": outputs}


def fill(model, tensors):
    """Put a file's tensors into an Aha; the regions that were found.

    A folded convolution and its bias become a layer whose normalisation
    does nothing: see face_start.rest_on_statistics.
    """
    tensors = graph.tensors_to_torch(tensors)
    found = [r.name for r in model.regions
             if f"regions.{r.name}.stem.weight" in tensors]
    for region in found:
        net = model.nets[region]
        count = sum(f"regions.{region}.blocks.{i}.first.weight" in tensors
                    for i in range(MOST_BLOCKS))
        for name, layer in net.named_modules():
            prefix = f"regions.{region}.{net.source(name, count)}"
            if isinstance(layer, ConvNorm):
                norm = layer.norm
                layer.conv.weight.data.copy_(tensors[f"{prefix}.weight"])
                norm.running_mean.zero_()
                norm.running_var.fill_(1 - norm.eps)
                norm.weight.data.fill_(1)
                norm.bias.data.copy_(tensors[f"{prefix}.bias"])
        if net.attention is not None:
            conv = net.attention.conv
            prefix = f"regions.{region}.attention"
            conv.weight.data.copy_(tensors[f"{prefix}.weight"])
            conv.bias.data.copy_(tensors[f"{prefix}.bias"])
        copy_if_fits(model.heads[region].weight,
                     tensors[f"regions.{region}.head.weight"])
    for name, lstm in (model.lstms or {}).items():
        bias = tensors[f"fusion.{name}.bias"]
        copy_if_fits(lstm.weight_ih_l0, tensors[f"fusion.{name}.weight_ih"])
        copy_if_fits(lstm.weight_hh_l0, tensors[f"fusion.{name}.weight_hh"])
        copy_if_fits(lstm.bias_ih_l0, bias)
        copy_if_fits(lstm.bias_hh_l0, torch.zeros_like(bias))
    copy_if_fits(model.classifier.weight, tensors["classifier.weight"])
    return found


def copy_if_fits(parameter, value):
    if value is not None and parameter.shape == value.shape:
        parameter.data.copy_(value)


def classifier(head, name, tensors):
    tensors[f"{name}.weight"] = head.weight.detach().float()
    if head.cosine:
        return {"kind": "cosine", "weight": f"{name}.weight",
                "scale": head.scale}
    tensors[f"{name}.bias"] = head.bias.detach().float()
    return {"kind": "linear", "weight": f"{name}.weight",
            "bias": f"{name}.bias"}


def fusion(model, tensors):
    if model.lstms is None:
        return {"kind": "concat"}
    branches = []
    for name, lstm in model.lstms.items():
        entry = {"name": name, "hidden": lstm.hidden_size}
        for key, tensor in (
                ("weight_ih", lstm.weight_ih_l0),
                ("weight_hh", lstm.weight_hh_l0),
                ("bias", lstm.bias_ih_l0 + lstm.bias_hh_l0)):
            entry[key] = f"fusion.{name}.{key}"
            tensors[entry[key]] = tensor.detach().float()
        branches.append(entry)
    return {"kind": "lstm", "branches": branches}


def from_model(model):
    """({name: fp32 tensor}, config) of an Aha in evaluation mode."""
    tensors, regions = {}, []
    for region in model.regions:
        writer = GraphWriter(f"regions.{region.name}")
        layers = writer.net(model.nets[region.name], region.input)
        tensors.update(writer.tensors)
        regions.append({
            "name": region.name, "branch": region.branch,
            "anchor": region.anchor, "offset": list(region.offset),
            "size": list(region.size), "graph": layers,
            "head": classifier(model.heads[region.name],
                               f"regions.{region.name}.head", tensors)})
    config = {
        "labels": list(LABELS),
        "template": {k: list(v) for k, v in align.TEMPLATE.items()},
        "normalization": {"mean": MEAN, "std": STD},
        "regions": regions,
        "fusion": fusion(model, tensors),
        "classifier": classifier(model.classifier, "classifier", tensors),
        "temperature": 1.0, "uncertain_below": UNCERTAIN_BELOW,
    }
    return tensors, config


def arrays(tensors, dtype):
    """Torch tensors as arrays of the file's dtype ("f16" or "f32").

    Convolutions' weights in "f16" are bfloat16 too: where the processor
    multiplies those, they cost two thirds (core/kernel/kernel.h).
    """
    kind = {"f16": "float16", "f32": "float32"}[dtype]
    return {k: (v.bfloat16().float() if dtype == "f16" and v.dim() == 4
                else v).detach().numpy().astype(kind)
            for k, v in tensors.items()}


def metadata(config, **about):
    """The file's __metadata__: name, version, license, source, config."""
    return {"format": "aha", "format_version": "1", "kind": "expression",
            **about, "config": json.dumps(config, separators=(",", ":"))}


class Network:
    """An expression network, computed from the contents of its file."""

    def __init__(self, tensors, config):
        self.weights = graph.tensors_to_torch(tensors)
        self.config = config
        self.names = [r["name"] for r in config["regions"]]
        self.regions = [align.Region(
            r["name"], r["branch"], r["anchor"], tuple(r["offset"]),
            tuple(r["size"]), tuple(r["graph"]["input"][1:]))
            for r in config["regions"]]

    @classmethod
    def open(cls, path):
        tensors, about = safetensors.read(path)
        return cls(tensors, json.loads(about["config"]))

    def cost(self):
        """(multiply-adds, parameters), all counted in."""
        macs = sum(graph.cost(r["graph"], self.weights)[0]
                   for r in self.config["regions"])
        branch_of = [r["branch"] for r in self.config["regions"]]
        for branch in self.config["fusion"].get("branches", []):
            size = sum(self.weights[branch[k]].numel()
                       for k in ("weight_ih", "weight_hh"))
            macs += size * branch_of.count(branch["name"])
        for head in self.heads():
            macs += self.weights[head["weight"]].numel()
        return macs, sum(w.numel() for k, w in self.weights.items()
                         if not k.startswith("golden."))

    def heads(self):
        return [r["head"] for r in self.config["regions"]] + [
            self.config["classifier"]]

    def classify(self, head, x):
        """(logits, rows of W, divisor): logit = <W_c, x> / divisor + b_c."""
        weight = self.weights[head["weight"]]
        if head["kind"] == "cosine":
            weight = F.normalize(weight)
            divisor = x.norm(dim=1, keepdim=True) / head["scale"]
            return x @ weight.T / divisor, weight, divisor
        divisor = torch.ones(len(x), 1)
        return x @ weight.T + self.weights[head["bias"]], weight, divisor

    def parts(self, z):
        """What each region adds to x: [N, regions, width of x].

        x is their sum: each part is zero outside its branch (two-step
        fusion) or outside its own slice (concatenation).
        """
        layout, at = [], 0
        if self.config["fusion"]["kind"] == "concat":
            for name in self.names:
                layout.append((at, z[name]))
                at += z[name].shape[1]
        else:
            for branch in self.config["fusion"]["branches"]:
                for h in self.lstm(branch, z):
                    layout.append((at, h))
                at += branch["hidden"]
        return torch.stack([F.pad(part, (first, at - first - part.shape[1]))
                            for first, part in layout], 1)

    def lstm(self, branch, z):
        """h^{b_k} of each region of a branch, step by step."""
        w_ih, w_hh, bias = (self.weights[branch[k]] for k in
                            ("weight_ih", "weight_hh", "bias"))
        h = c = torch.zeros(1, branch["hidden"])
        steps = []
        for region in self.config["regions"]:
            if region["branch"] != branch["name"]:
                continue
            gates = z[region["name"]] @ w_ih.T + h @ w_hh.T + bias
            i, f, g, o = gates.chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            steps.append(h)
        return steps

    @torch.no_grad()
    def __call__(self, crops):
        """All that is said of faces: crops {name: [N, 1, H, W]}.

        x [N, D]; logits, probabilities [N, C]; weight [N, K] (sums to 1),
        evidence [N, K, C] (sums to the logits), region_probabilities
        [N, K, C]; attention {name: [N, 1, h, w]}. With `mirror` all is the
        mean of the faces' and their mirror images', but for x.
        """
        told = self.look(crops)
        if self.config.get("mirror"):
            twins = mirror.twins(self.config["regions"])
            other = self.look({
                name: crops[self.names[twins[k]]].flip(3)
                for k, name in enumerate(self.names)})
            told = mirror.merge(told, other, twins, self.names)
            told["probabilities"] = (
                told["logits"] / self.config["temperature"]).softmax(1)
        return told

    def look(self, crops):
        """The same of one view."""
        temperature = self.config["temperature"]
        z, attention, own = {}, {}, []
        for region in self.config["regions"]:
            name, maps = region["name"], {}
            out = graph.run(region["graph"], self.weights, crops[name], maps)
            z[name] = out["z"].flatten(1)
            attention.update({name: heat for heat in maps.values()})
            own.append(self.classify(region["head"], z[name])[0])
        parts = self.parts(z)
        x = parts.sum(1)
        head = self.config["classifier"]
        logits, rows, divisor = self.classify(head, x)
        evidence = parts @ rows.T / divisor[:, None]
        if "bias" in head:  # each region carries an equal share of it
            evidence = evidence + self.weights[head["bias"]] / len(self.names)
        return {
            "x": x, "logits": logits,
            "probabilities": (logits / temperature).softmax(1),
            "weight": (parts @ x[:, :, None])[..., 0]
            / (x * x).sum(1, keepdim=True),
            "evidence": evidence,
            "region_probabilities":
                (torch.stack(own, 1) / temperature).softmax(2),
            "attention": attention,
        }
