"""The Attentive Hybrid Architecture, by the paper's equations.

A region k of branch b goes through a sub-network of its own, ends in spatial
attention and becomes z^{b_k} by global average pooling. Step one of the
fusion is an LSTM a branch, h^{b_k} = LSTM(z^{b_k}, h^{b_{k-1}}), summed to
h^b; step two concatenates the branches to x, which a cosine (or linear)
classifier reads. Every region also classifies on its own, from z^{b_k}.

Which regions, nets, attention, fusion and loss is said by a configuration
(training/configs/*.json), so that each cell of the paper's Tables I and II is
one file.
"""

import json
import math
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

from training.aha import align, fast
from training.aha.graph import attention_map

LABELS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise",
          "neutral")
# FER-2013's own grey level constants (training split, pixels in [0, 1]).
MEAN, STD = 0.508, 0.255


def load_config(path):
    return json.loads(Path(path).read_text())


class WideConv(torch.autograd.Function):
    """A 3 x 3 convolution of many channels on a small map, padding 1.

    The gradient of its weights is one matrix product over the unfolded
    input: in bfloat16 twice as fast as oneDNN's own.
    """

    @staticmethod
    def forward(ctx, x, weight, stride):
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        return F.conv2d(x, weight, None, stride, 1)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        stride, (outputs, inputs) = ctx.stride, weight.shape[:2]
        grad_x = torch.ops.aten.convolution_backward(
            grad, x, weight, None, [stride] * 2, [1, 1], [1, 1], False,
            [0, 0], 1, [True, False, False])[0]
        around = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
        windows = around.unfold(1, 3, stride).unfold(2, 3, stride)
        windows = windows.permute(0, 1, 2, 4, 5, 3).reshape(-1, 9 * inputs)
        rows = grad.permute(0, 2, 3, 1).reshape(-1, outputs)
        grad_w = rows.t().contiguous() @ windows
        return grad_x, grad_w.view(outputs, 3, 3, inputs).permute(
            0, 3, 1, 2), None


class ConvNorm(nn.Module):
    """Convolution without bias, batch normalisation, maybe a ReLU."""

    def __init__(self, inputs, outputs, kernel, stride=1, relu=True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2,
                              bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.relu = relu
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out",
                                nonlinearity="relu")

    def forward(self, x, shortcut=None):
        """With a shortcut: that is added, and a ReLU follows."""
        conv = self.conv
        if self.training and conv.in_channels >= 128 and fast.is_here(x):
            x = WideConv.apply(x, conv.weight.bfloat16(), conv.stride[0])
        else:
            x = conv(x)
        relu = self.relu or shortcut is not None
        if self.training and fast.serves(x):
            return fast.Norm.apply(x, shortcut, self.norm.weight,
                                   self.norm.bias, self.norm, relu)
        x = self.norm(x)
        if shortcut is not None:
            x = x + shortcut
        return F.relu(x, inplace=True) if relu else x


class Block(nn.Module):
    """Residual block whose shortcut holds no weights.

    A stride averages 2 x 2 (the last odd row or column over what is there),
    more channels are zeros: the form of the face-recognition ResNet-29.
    """

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = ConvNorm(inputs, outputs, 3, stride)
        self.second = ConvNorm(outputs, outputs, 3, relu=False)
        self.stride, self.grow = stride, outputs - inputs

    def forward(self, x):
        y = self.first(x)
        if self.stride == 2:
            x = F.avg_pool2d(x, 2, 2, ceil_mode=True)
        if self.grow:
            x = F.pad(x, (0, 0, 0, 0, 0, self.grow))
        return self.second(y, x)


class SpatialAttention(nn.Module):
    """CBAM's spatial half: x times a map in (0, 1) of where to look."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3)
        nn.init.normal_(self.conv.weight, std=0.02)
        nn.init.ones_(self.conv.bias)

    def forward(self, x):
        return x * attention_map(x, self.conv.weight, self.conv.bias)


class RegionNet(nn.Module):
    """One region [N, 1, H, W] to z [N, C].

    `spec` is {"stem": [channels, kernel, stride], "pool": bool,
    "blocks": [[channels, stride], ...]}; "take" says which blocks of the net
    that it starts from its own are, where that has more.
    """

    def __init__(self, spec, attention):
        super().__init__()
        width, kernel, stride = spec["stem"]
        self.stem = ConvNorm(1, width, kernel, stride)
        self.pool = spec.get("pool", False)
        blocks = []
        for outputs, stride in spec["blocks"]:
            blocks.append(Block(width, outputs, stride))
            width = outputs
        self.blocks = nn.Sequential(*blocks)
        self.take = spec.get("take", range(len(blocks)))
        self.attention = SpatialAttention() if attention else None
        self.width = width

    def source(self, name, blocks):
        """What `name` of this net is called in one of so many blocks."""
        parts = name.split(".")
        if parts[0] == "blocks" and len(parts) > 1 \
                and blocks != len(self.blocks):
            parts[1] = str(self.take[int(parts[1])])
        return ".".join(parts)

    def forward(self, x):
        x = self.stem(x)
        if self.pool:
            x = F.max_pool2d(x, 3, 2, 1)
        x = self.blocks(x).float()
        if self.attention is not None:
            with torch.autocast(x.device.type, enabled=False):
                x = self.attention(x)
        return x.mean((2, 3))


class Head(nn.Module):
    """Classifier: the cosines of x and each class, or plain logits."""

    def __init__(self, width, loss):
        super().__init__()
        self.cosine = loss["kind"] == "cosface"
        self.scale = float(loss.get("scale", 1.0))
        self.weight = nn.Parameter(torch.empty(len(LABELS), width))
        nn.init.xavier_uniform_(self.weight)
        self.bias = (None if self.cosine
                     else nn.Parameter(torch.zeros(len(LABELS))))

    def forward(self, x):
        """Logits without margin."""
        if self.cosine:
            return self.scale * F.linear(F.normalize(x),
                                         F.normalize(self.weight))
        return F.linear(x, self.weight, self.bias)


def branches_of(config):
    """Names of the branches, in the order of their first regions."""
    return list(dict.fromkeys(align.REGIONS[name].branch
                              for name in config["regions"]))


class Aha(nn.Module):
    """{region name: crops [N, 1, H, W]} to logits and features."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.regions = align.named(config["regions"],
                                   config.get("inputs", {}))
        self.branches = branches_of(config)
        attention, loss = config["attention"], config["loss"]
        self.nets = nn.ModuleDict({
            r.name: RegionNet(config["nets"][r.branch], attention)
            for r in self.regions})
        self.heads = nn.ModuleDict({
            r.name: Head(self.nets[r.name].width, loss)
            for r in self.regions})
        if config["fusion"] == "lstm":
            hidden = config["hidden"]
            self.lstms = nn.ModuleDict({
                b: nn.LSTM(self.members(b)[0][1], hidden, batch_first=True)
                for b in self.branches})
            width = hidden * len(self.branches)
        else:
            self.lstms = None
            width = sum(net.width for net in self.nets.values())
        self.dropout = config.get("dropout", 0.0)
        self.classifier = Head(width, loss)

    def members(self, branch):
        """[(region name, width of z)] of a branch, in fusion order."""
        return [(r.name, self.nets[r.name].width) for r in self.regions
                if r.branch == branch]

    def take_columns(self, state, share=1.0):
        """Take from a run's classifier what meets the branches of both.

        Both fuse in two steps, to features of the same length.
        """
        width, mine = self.config["hidden"], self.classifier.weight.data
        columns = state["average"]["classifier.weight"].split(width, 1)
        for branch, part in zip(branches_of(state["config"]), columns):
            if branch in self.branches:
                at = self.branches.index(branch) * width
                mine[:, at:at + width] = share * part

    def features(self, crops, bf16=False):
        """{region: z}; bf16 convolves in bfloat16, the rest stays fp32."""
        device = self.classifier.weight.device.type
        with torch.autocast(device, torch.bfloat16, enabled=bf16):
            return {r.name: self.nets[r.name](crops[r.name])
                    for r in self.regions}

    def drop(self, x):
        return F.dropout(x, self.dropout, self.training)

    def steps(self, z):
        """What each region adds to x: {name: h^{b_k} [N, D]}, by branch."""
        added = {}
        for branch in self.branches:
            names = [name for name, _ in self.members(branch)]
            states, _ = self.lstms[branch](
                torch.stack([self.drop(z[n]) for n in names], 1))
            added.update(zip(names, states.unbind(1)))
        return added

    def fuse(self, z):
        if self.lstms is None:
            return torch.cat([z[r.name] for r in self.regions], 1)
        added = self.steps(z)
        return torch.cat([sum(added[name] for name, _ in self.members(b))
                          for b in self.branches], 1)

    def forward(self, crops, bf16=False):
        """(fused logits, {region: its own logits})."""
        z = self.features(crops, bf16)
        own = {name: self.heads[name](self.drop(z[name])) for name in z}
        return self.classifier(self.drop(self.fuse(z))), own


def loss_one(logits, target, loss):
    """Cross entropy with soft targets; CosFace's margin shrinks with t."""
    if loss["kind"] == "cosface":
        logits = logits - loss["scale"] * loss["margin"] * target
    return -(target * logits.log_softmax(1)).sum(1).mean()


def loss_all(fused, own, target, loss):
    """The paper's L: the fused feature plus every region on its own."""
    return loss_one(fused, target, loss) + sum(
        loss_one(logits, target, loss) for logits in own.values())


def conv_macs(spec, size):
    """Multiply-adds of one RegionNet without its attention."""
    height, width = size
    channels, kernel, stride = spec["stem"]

    def shrink(n, by):
        return math.ceil(n / by)

    height, width = shrink(height, stride), shrink(width, stride)
    macs = kernel ** 2 * channels * height * width
    if spec.get("pool"):
        height, width = shrink(height, 2), shrink(width, 2)
    for outputs, stride in spec["blocks"]:
        height, width = shrink(height, stride), shrink(width, stride)
        macs += 9 * (channels + outputs) * outputs * height * width
        channels = outputs
    return macs + (2 * 49 * height * width)


def summary(model):
    """Multiply-adds and parameters of a model, as lines of text."""
    lines, total = [], 0
    for region in model.regions:
        spec = model.config["nets"][region.branch]
        macs = conv_macs(spec, region.input)
        params = sum(p.numel() for p in model.nets[region.name].parameters())
        total += macs
        lines.append(f"{region.name:12} {macs / 1e6:7.1f} M multiply-adds "
                     f"{params / 1e6:6.3f} M parameters")
    rest = 0
    if model.lstms is not None:
        for branch, lstm in model.lstms.items():
            rest += (lstm.input_size + lstm.hidden_size) * 4 \
                * lstm.hidden_size * len(model.members(branch))
    rest += sum(h.weight.numel() for h in
                [model.classifier, *model.heads.values()])
    params = sum(p.numel() for p in model.parameters())
    lines.append(f"{'fusion':12} {rest / 1e6:7.1f} M multiply-adds")
    lines.append(f"{'all':12} {(total + rest) / 1e6:7.1f} M multiply-adds "
                 f"{params / 1e6:6.3f} M parameters")
    return "\n".join(lines)
