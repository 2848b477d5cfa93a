"""Small graphs, one for each operation of MODEL.md section 2.1 and its cases.

Each case is (name, input shape, layers, tensors); its output "y" is the last
layer's value. Numbers are drawn from a generator seeded by the case's name.
"""

import zlib

import torch


class Case:
    """A graph under construction."""

    def __init__(self, name, *shape):
        self.name, self.shape = name, list(shape)
        self.layers, self.tensors = [], {}
        self.random = torch.Generator().manual_seed(zlib.crc32(name.encode()))

    def draw(self, *shape, scale=1.0):
        return torch.randn(shape, generator=self.random) * scale

    def keep(self, name, *shape, scale=1.0):
        self.tensors[name] = self.draw(*shape, scale=scale)
        return name

    def add(self, op, inputs, **keys):
        self.layers.append({"op": op, "in": inputs, **keys})
        return self

    def conv(self, source, inputs, outputs, kernel, stride=1, padding=None,
             groups=1, activation="none"):
        """A convolution; padding is [top, left, bottom, right]."""
        at = f"layer{len(self.layers):03d}"
        if padding is None:
            padding = [kernel // 2] * 4
        each = inputs // groups
        scale = (each * kernel * kernel) ** -0.5
        keys = {"weight": self.keep(f"{at}.weight", outputs, each, kernel,
                                    kernel, scale=scale),
                "bias": self.keep(f"{at}.bias", outputs, scale=0.3)}
        if activation == "prelu":
            keys["slope"] = self.keep(f"{at}.slope", outputs, scale=0.3)
        return self.add("conv2d", [source], stride=stride, padding=padding,
                        groups=groups, activation=activation, **keys)

    def depthwise(self, source, channels, kernel, stride=1, padding=None,
                  activation="none"):
        return self.conv(source, channels, channels, kernel, stride, padding,
                         channels, activation)

    def attention(self, source):
        at = f"layer{len(self.layers):03d}"
        return self.add(
            "spatial_attention", [source],
            weight=self.keep(f"{at}.weight", 1, 2, 7, 7, scale=0.2),
            bias=self.keep(f"{at}.bias", 1))


def convolutions():
    same = [0, 0, 1, 1]  # TFLite's SAME, 3 x 3 stride 2 of an even side
    yield Case("conv2d_1x1", 8, 9, 7).conv(0, 8, 12, 1)
    yield Case("conv2d_1x1_s2", 8, 9, 8).conv(0, 8, 6, 1, stride=2)
    yield Case("conv2d_3x3", 5, 9, 11).conv(0, 5, 18, 3)
    yield Case("conv2d_3x3_valid", 6, 3, 3).conv(0, 6, 21, 3, padding=[0] * 4)
    yield Case("conv2d_3x3_s2", 7, 11, 9).conv(0, 7, 9, 3, stride=2)
    yield Case("conv2d_3x3_s2_same", 3, 12, 10).conv(
        0, 3, 16, 3, stride=2, padding=same)
    yield Case("conv2d_3x3_wide", 16, 6, 40).conv(
        0, 16, 16, 3, activation="relu")
    yield Case("conv2d_5x5", 4, 8, 10).conv(0, 4, 6, 5)
    yield Case("conv2d_5x5_s2_same", 4, 8, 12).conv(
        0, 4, 6, 5, stride=2, padding=[1, 1, 2, 2])
    yield Case("conv2d_7x7_s2", 1, 20, 16).conv(0, 1, 10, 7, stride=2)
    yield Case("depthwise_3x3", 9, 8, 10).depthwise(0, 9, 3)
    yield Case("depthwise_3x3_s2", 9, 9, 11).depthwise(0, 9, 3, stride=2)
    yield Case("depthwise_3x3_s2_same", 9, 10, 8).depthwise(
        0, 9, 3, stride=2, padding=same)
    yield Case("depthwise_5x5", 6, 9, 12).depthwise(
        0, 6, 5, activation="relu")
    yield Case("depthwise_5x5_s2_same", 6, 12, 8).depthwise(
        0, 6, 5, stride=2, padding=[1, 1, 2, 2])


def others():
    yield Case("relu_conv2d", 4, 5, 6).conv(0, 4, 4, 1, activation="relu")
    yield Case("prelu_conv2d", 4, 5, 6).conv(0, 4, 8, 3, activation="prelu")
    yield Case("prelu_depthwise", 5, 6, 7).depthwise(
        0, 5, 3, activation="prelu")
    yield Case("add", 4, 5, 7).conv(0, 4, 4, 3).add("add", [0, 1])
    yield Case("add_relu", 4, 5, 7).conv(0, 4, 4, 3).add(
        "add", [1, 0], activation="relu")
    prelu = Case("add_prelu", 4, 5, 7).conv(0, 4, 4, 3)
    prelu.keep("layer001.slope", 4, scale=0.3)
    yield prelu.add("add", [0, 1], activation="prelu", slope="layer001.slope")
    yield Case("max_pool2d_2x2", 3, 8, 10).add(
        "max_pool2d", [0], kernel=2, stride=2, padding=[0] * 4)
    yield Case("max_pool2d_2x2_odd", 3, 9, 7).add(
        "max_pool2d", [0], kernel=2, stride=2, padding=[0] * 4)
    yield Case("max_pool2d_3x3", 3, 12, 10).add(
        "max_pool2d", [0], kernel=3, stride=2, padding=[1] * 4)
    yield Case("avg_pool2d", 3, 8, 6).add(
        "avg_pool2d", [0], kernel=2, stride=2, padding=0, ceil_mode=True)
    yield Case("avg_pool2d_odd", 3, 7, 9).add(
        "avg_pool2d", [0], kernel=2, stride=2, padding=0, ceil_mode=True)
    yield Case("pad_channels", 3, 4, 5).add("pad_channels", [0], channels=4)
    yield Case("upsample_bilinear2d", 3, 5, 7).add(
        "upsample_bilinear2d", [0], scale=2, align_corners=False)
    yield Case("spatial_attention", 6, 9, 12).attention(0)
    yield Case("spatial_attention_small", 5, 3, 4).attention(0)
    yield Case("adaptive_avg_pool2d", 7, 5, 6).add("adaptive_avg_pool2d", [0])
    yield residual()


def down(case, few, many):
    """A stem and a down-sampling residual block."""
    case.conv(0, 1, few, 3, activation="relu")
    case.conv(1, few, many, 3, stride=2, activation="relu")
    case.conv(2, many, many, 3)
    case.add("avg_pool2d", [1], kernel=2, stride=2, padding=0, ceil_mode=True)
    case.add("pad_channels", [4], channels=many - few)
    return case.add("add", [3, 5], activation="relu")


def residual():
    """A residual block and attention, as a region's net."""
    case = down(Case("net", 1, 13, 18), 4, 6)
    return case.attention(6).add("adaptive_avg_pool2d", [7])


def int8_residual():
    """Two blocks wide enough to be bytes; still floats here."""
    case = down(Case("int8_net", 1, 13, 18), 20, 40)
    case.conv(6, 40, 40, 3, activation="relu").conv(7, 40, 40, 3)
    case.add("add", [6, 8], activation="relu")
    return case.attention(9).add("adaptive_avg_pool2d", [10])


def cases():
    yield from convolutions()
    yield from others()
