"""Run a TFLite model in numpy, NHWC, as its own operators say (float64)."""

import numpy as np

from .convert import same_padding


def _pad(x, kernel, stride, padding, value=0.0):
    """Pad [H, W, C] for a window, from the size that x has now."""
    if padding == "SAME":
        amounts = [same_padding(size, k, stride)
                   for size, k in zip(x.shape, kernel)]
        x = np.pad(x, [*amounts, (0, 0)], constant_values=value)
    return x


def _taps(x, kernel, stride):
    """Every (row, column) of the window with the pixels that it meets."""
    height = (x.shape[0] - kernel[0]) // stride + 1
    width = (x.shape[1] - kernel[1]) // stride + 1
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            yield row, column, x[row:row + height * stride:stride,
                                 column:column + width * stride:stride]


def _interpolate(x, axis, factor):
    """Bilinear with half-pixel centres along one axis."""
    size = x.shape[axis]
    position = (np.arange(size * factor) + 0.5) / factor - 0.5
    position = np.clip(position, 0, size - 1)
    first = position.astype(int)
    second = np.minimum(first + 1, size - 1)
    shape = [1, 1, 1]
    shape[axis] = -1
    share = (position - first).reshape(shape)
    return x.take(first, axis) * (1 - share) + x.take(second, axis) * share


class SourceNet:
    """The model with an input of any size its outputs' RESHAPE ignores."""

    def __init__(self, model):
        self.model = model

    def run(self, image):
        """[H, W, C] in; the outputs, each [h, w, c], in the model's order."""
        values = {number: array.astype(np.float64)
                  for number, array in self.model.constants.items()}
        values[self.model.inputs[0]] = image
        for operator in self.model.operators:
            inputs = [values[number] for number in operator.inputs]
            apply = getattr(self, operator.name.lower())
            values[operator.outputs[0]] = apply(operator, *inputs)
        return [values[number] for number in self.model.outputs]

    def conv_2d(self, operator, x, weight, bias):
        options = operator.options
        stride, kernel = options["stride_h"], weight.shape[1:3]
        x = _pad(x, kernel, stride, options["padding"])
        return bias + sum(pixels @ weight[:, row, column].T
                          for row, column, pixels in _taps(x, kernel, stride))

    def depthwise_conv_2d(self, operator, x, weight, bias):
        options = operator.options
        stride, kernel = options["stride_h"], weight.shape[1:3]
        x = _pad(x, kernel, stride, options["padding"])
        return bias + sum(pixels * weight[0, row, column]
                          for row, column, pixels in _taps(x, kernel, stride))

    def max_pool_2d(self, operator, x):
        options = operator.options
        stride = options["stride_h"]
        kernel = options["filter_h"], options["filter_w"]
        x = _pad(x, kernel, stride, options["padding"], -np.inf)
        return np.max([pixels for _, _, pixels in _taps(x, kernel, stride)], 0)

    def resize_bilinear(self, operator, x, size):
        nominal = self.model.shapes[operator.inputs[0]][1]
        factor = int(size[0]) // nominal
        return _interpolate(_interpolate(x, 0, factor), 1, factor)

    def add(self, _, x, y):
        return x + y

    def pad(self, _, x, amounts):
        return np.pad(x, amounts[1:].astype(int))

    def relu(self, _, x):
        return np.maximum(x, 0)

    def prelu(self, _, x, slope):
        return np.where(x < 0, slope * x, x)

    def dequantize(self, _, x):
        return x

    def reshape(self, _, x, *shape):
        return x
