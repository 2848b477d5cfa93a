"""Turn a TFLite model into a graph of MODEL.md, section 2.1.

NHWC becomes NCHW, SAME padding becomes explicit, an activation joins the
convolution or addition before it, and DEQUANTIZE and the outputs' RESHAPE
vanish. Weights keep the source's fp16 values bit for bit. (Some are fp16
subnormals; as fp32, which the network computes in, those are normal numbers.)
"""

import json
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from training.aha import safetensors


@dataclass
class Network:
    """A converted model."""

    graph: dict
    tensors: dict = field(default_factory=dict)
    origins: dict = field(default_factory=dict)  # name -> source's tensor


def same_padding(size, kernel, stride):
    """TFLite's SAME: (before, after), the odd pixel after."""
    out = -(-size // stride)
    total = max((out - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Converter:
    """Walks the operators in order, one layer each or a change to one."""

    def __init__(self, model):
        self.model = model
        self.readers = Counter(
            i for operator in model.operators for i in operator.inputs)
        self.constants = {number: number for number in model.constants}
        self.values = {model.inputs[0]: 0}  # source's tensor -> value number
        _, height, width, channels = model.shapes[model.inputs[0]]
        self.layers = []
        self.network = Network({"input": [channels, height, width],
                                "layers": self.layers, "outputs": {}})

    def run(self, outputs):
        """Convert; outputs name the source's outputs in its own order."""
        for operator in self.model.operators:
            getattr(self, operator.name.lower())(operator)
        for name, number in zip(outputs, self.model.outputs):
            self.network.graph["outputs"][name] = self.values[number]
        self._refuse_dead_layers()
        return self.network

    def _refuse_dead_layers(self):
        used = set(self.network.graph["outputs"].values())
        used.update(value for layer in self.layers for value in layer["in"])
        dead = set(range(len(self.layers) + 1)) - used
        if dead:
            raise ValueError(f"nothing reads the values {sorted(dead)}")

    def _constant(self, number):
        return self.model.constants[self.constants[number]]

    def _tensor(self, kind, number, array):
        """Store a weight of the layer about to be added."""
        name = f"layer{len(self.layers):03d}.{kind}"
        self._store(name, number, array)
        return name

    def _store(self, name, number, array):
        if array.dtype != np.float16:
            raise ValueError(f"{name} is {array.dtype}, not float16")
        self.network.tensors[name] = array
        self.network.origins[name] = self.constants[number]

    def _layer(self, operator, op, n_inputs, **keys):
        if operator.options.get("fused"):
            raise ValueError("fused activations are not expected")
        inputs = [self.values[i] for i in operator.inputs[:n_inputs]]
        self.layers.append({"op": op, "in": inputs, **keys})
        self.values[operator.outputs[0]] = len(self.layers)

    def _window(self, operator, kernel_h, kernel_w):
        """(stride, padding) of a window sliding over the first input."""
        options = operator.options
        _, height, width, _ = self.model.shapes[operator.inputs[0]]
        _, out_h, out_w, _ = self.model.shapes[operator.outputs[0]]
        stride = options["stride_h"]
        if options["stride_w"] != stride:
            raise ValueError("strides differ")
        if (out_h, out_w) == (1, 1):
            stride = 1  # a single window: the stride says nothing
        top = left = bottom = right = 0
        if options["padding"] == "SAME":
            top, bottom = same_padding(height, kernel_h, stride)
            left, right = same_padding(width, kernel_w, stride)
        return stride, [top, left, bottom, right]

    def _convolution(self, operator, weight, groups):
        """weight is [O, I/groups, kH, kW]."""
        options = operator.options
        if (options["dilation_h"], options["dilation_w"]) != (1, 1):
            raise ValueError("dilation is not expected")
        _, weight_number, bias_number = operator.inputs
        stride, padding = self._window(operator, *weight.shape[2:])
        self._layer(
            operator, "conv2d", 1,
            weight=self._tensor("weight", weight_number, weight),
            bias=self._tensor("bias", bias_number,
                              self._constant(bias_number)),
            stride=stride, padding=padding, groups=groups, activation="none")

    def conv_2d(self, operator):
        """OHWI -> OIHW."""
        weight = self._constant(operator.inputs[1])
        self._convolution(operator, weight.transpose(0, 3, 1, 2), 1)

    def depthwise_conv_2d(self, operator):
        """1HWC -> C1HW."""
        weight = self._constant(operator.inputs[1])
        channels = weight.shape[3]
        if self.model.shapes[operator.inputs[0]][3] != channels:
            raise ValueError("a depth multiplier is not expected")
        self._convolution(operator, weight.transpose(3, 0, 1, 2), channels)

    def add(self, operator):
        self._layer(operator, "add", 2, activation="none")

    def max_pool_2d(self, operator):
        options = operator.options
        kernel = options["filter_h"]
        if options["filter_w"] != kernel:
            raise ValueError("the pool's window is not square")
        stride, padding = self._window(operator, kernel, kernel)
        self._layer(operator, "max_pool2d", 1, kernel=kernel, stride=stride,
                    padding=padding)

    def pad(self, operator):
        amounts = self._constant(operator.inputs[1])
        channels = int(amounts[3, 1])
        if amounts.sum() != channels:
            raise ValueError("only channels at the end can be padded")
        self._layer(operator, "pad_channels", 1, channels=channels)

    def resize_bilinear(self, operator):
        options = operator.options
        size = self._constant(operator.inputs[1]).tolist()
        _, height, width, _ = self.model.shapes[operator.inputs[0]]
        if (options["align_corners"], options["half_pixel_centers"]) != (0, 1):
            raise ValueError("only half-pixel centres are expected")
        if size != [2 * height, 2 * width]:
            raise ValueError("only doubling is expected")
        self._layer(operator, "upsample_bilinear2d", 1, scale=2,
                    align_corners=False)

    def _activate(self, operator, **keys):
        """Let the layer that made the input apply the activation."""
        number = operator.inputs[0]
        layer = self.layers[self.values[number] - 1]
        if self.readers[number] != 1 or layer.get("activation") != "none":
            raise ValueError("the activation cannot join its layer")
        layer.update(keys)
        self.values[operator.outputs[0]] = self.values[number]

    def relu(self, operator):
        self._activate(operator, activation="relu")

    def prelu(self, operator):
        """[1, 1, C] -> [C]."""
        number, slope_number = operator.inputs
        name = f"layer{self.values[number] - 1:03d}.slope"
        self._store(name, slope_number,
                    self._constant(slope_number).reshape(-1))
        self._activate(operator, activation="prelu", slope=name)

    def dequantize(self, operator):
        """fp16 constants: the reader widens them."""
        number = self.constants[operator.inputs[0]]
        self.constants[operator.outputs[0]] = number

    def reshape(self, operator):
        """Only flattens the outputs."""
        if self.readers[operator.outputs[0]]:
            raise ValueError("RESHAPE inside the net is not expected")
        self.values[operator.outputs[0]] = self.values[operator.inputs[0]]


def convert(model, outputs):
    """The network of a tflite.Model."""
    return Converter(model).run(outputs)


def write(path, network, kind, name, version, source):
    """Write the weight file of MODEL.md, section 2."""
    metadata = {"format": "aha", "format_version": "1", "kind": kind,
                "name": name, "version": version, "license": "Apache-2.0",
                "source": source,
                "config": json.dumps({"graph": network.graph},
                                     separators=(",", ":"))}
    safetensors.write(path, dict(sorted(network.tensors.items())), metadata)
